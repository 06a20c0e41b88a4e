//! Parent pointers (`STree.txt`): the tree of a sentence as the number of each node's parent, tokens first.
//!
//! `5|4|4|5|0` over three tokens: node 1, the first token, and node 4, the other two, are the children of node 5, whose parent is
//! 0: the root. Nodes come out as PTB trees have them: in the order of their opening brackets.

use std::ops::Range;

/// Far deeper than any sentence, as of PTB trees.
const MAX_DEPTH: usize = 1000;

/// A constituent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The indices of its tokens; never empty.
    pub tokens: Range<usize>,
    /// The edges between the root and it.
    pub depth: i32,
}

/// Parses the tree over `n_tokens` tokens.
///
/// # Errors
/// Fails, in words, on anything that is no tree whose nodes cover tokens that follow each other.
///
/// ```
/// let nodes = corpus::parent_pointers::parse("5|4|4|5|0", 3)?;
/// assert_eq!((nodes[2].tokens.clone(), nodes[2].depth), (1..3, 1));
/// # Ok::<(), String>(())
/// ```
pub fn parse(line: &str, n_tokens: usize) -> Result<Vec<Node>, String> {
    let number = |text: &str| text.trim().parse::<usize>().map_err(|_| format!("`{text}` is no number of a node"));
    let parents: Vec<usize> = line.split('|').map(number).collect::<Result<_, _>>()?;
    let n_nodes = parents.len();
    if n_nodes < n_tokens {
        return Err(format!("the tree has {n_nodes} nodes, but the sentence {n_tokens} tokens"));
    }
    if let Some(beyond) = parents.iter().find(|&&parent| parent > n_nodes || (1..=n_tokens).contains(&parent)) {
        return Err(format!(
            "node {beyond} is no parent: the tree has the nodes {} to {n_nodes} above tokens",
            n_tokens + 1
        ));
    }
    let spans = spans(&parents, n_tokens)?;
    let mut children = vec![Vec::new(); n_nodes + 1];
    for (node, &parent) in parents.iter().enumerate() {
        children[parent].push(node + 1);
    }
    let [root] = children[0][..] else {
        return Err(format!("the tree has {} roots; expected one node whose parent is 0", children[0].len()));
    };
    for siblings in &mut children {
        siblings.sort_by_key(|&node| std::cmp::Reverse(spans[node - 1].start));
    }
    let mut nodes = Vec::with_capacity(n_nodes);
    let mut next = vec![(root, 0)];
    while let Some((node, depth)) = next.pop() {
        nodes.push(Node { tokens: spans[node - 1].clone(), depth });
        next.extend(children[node].iter().map(|&child| (child, depth + 1)));
    }
    Ok(nodes)
}

/// The tokens below each node.
fn spans(parents: &[usize], n_tokens: usize) -> Result<Vec<Range<usize>>, String> {
    let mut spans: Vec<Range<usize>> = vec![Range { start: usize::MAX, end: 0 }; parents.len()];
    let mut n_below = vec![0; parents.len()];
    for token in 0..n_tokens {
        let (mut node, mut depth) = (token + 1, 0);
        while node != 0 {
            let span = &mut spans[node - 1];
            *span = span.start.min(token)..span.end.max(token + 1);
            n_below[node - 1] += 1;
            node = parents[node - 1];
            depth += 1;
            if depth > MAX_DEPTH {
                return Err(format!("token {} is in a circle, or in more than {MAX_DEPTH} nodes", token + 1));
            }
        }
    }
    match (0..spans.len()).find(|&node| n_below[node] == 0 || spans[node].len() != n_below[node]) {
        Some(node) if n_below[node] == 0 => Err(format!("node {} has no tokens", node + 1)),
        Some(node) => Err(format!("the tokens of node {} do not follow each other", node + 1)),
        None => Ok(spans),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str, n_tokens: usize) -> Result<String, String> {
        let show = |node: &Node| format!("{}..{}@{}", node.tokens.start, node.tokens.end, node.depth);
        Ok(parse(line, n_tokens)?.iter().map(show).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn nodes_are_in_the_order_of_their_brackets() {
        assert_eq!(shown("5|4|4|5|0", 3).unwrap(), "0..3@0 0..1@1 1..3@1 1..2@2 2..3@2");
        assert_eq!(shown("4|4|5|5|0", 3).unwrap(), "0..3@0 0..2@1 0..1@2 1..2@2 2..3@1");
        assert_eq!(shown("0", 1).unwrap(), "0..1@0");
        assert_eq!(shown("2|0", 1).unwrap(), "0..1@0 0..1@1");
    }

    #[test]
    fn what_is_no_tree_is_told() {
        for (line, n_tokens, problem) in [
            ("", 1, "`` is no number of a node"),
            ("3|3|x", 2, "`x` is no number of a node"),
            ("3|3|-1", 2, "`-1` is no number of a node"),
            ("0", 2, "the tree has 1 nodes, but the sentence 2 tokens"),
            ("9|3|0", 2, "node 9 is no parent: the tree has the nodes 3 to 3 above tokens"),
            ("2|0", 2, "node 2 is no parent"),
            ("3|0|0", 2, "the tree has 2 roots"),
            ("3|3|3", 2, "token 1 is in a circle"),
            ("3|3|0|3", 2, "node 4 has no tokens"),
            ("4|5|4|5|0", 3, "the tokens of node 4 do not follow each other"),
        ] {
            let found = shown(line, n_tokens).unwrap_err();
            assert!(found.contains(problem), "{line}: expected `{problem}`, found `{found}`");
        }
    }
}
