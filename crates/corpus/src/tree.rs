//! Penn Treebank (PTB) trees in bracket notation, as in the Stanford Sentiment Treebank: the parser.
//!
//! `(3 (2 It) (4 (4 works) (2 .)))`: a label 0 to 4 on every node, a token in every innermost one. `-LRB-`, `-RRB-`, `\/` and
//! `\*` stand for `(`, `)`, `/` and `*`. Only the ASCII space separates: three sentences of the treebank have U+00A0
//! inside a token. The parser keeps its own stack, so that no depth of nesting can exhaust the thread's.

use std::ops::Range;

/// Far deeper than any sentence; without it the texts of all nodes could grow with the square of a line.
const MAX_DEPTH: usize = 1000;

/// A sentence and all its constituents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    /// The tokens, without escapes.
    pub tokens: Vec<String>,
    /// The nodes in the order of their opening brackets: the root is first.
    pub nodes: Vec<Node>,
}

/// A constituent: its label and the tokens it covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Sentiment from 0, very negative, to 4, very positive.
    pub label: i32,
    /// The edges between the root and it.
    pub depth: i32,
    /// The indices of its tokens; never empty.
    pub tokens: Range<usize>,
}

impl Tree {
    /// The tokens of `node`, joined with spaces.
    pub fn text(&self, node: &Node) -> String {
        self.tokens.get(node.tokens.clone()).unwrap_or_default().join(" ")
    }
}

/// Why a line is not a tree, with the column of the offending character, counted in characters from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// Something else stands where a node must begin.
    #[error("column {column}: expected an opening bracket")]
    ExpectedOpen {
        /// Where.
        column: usize,
    },
    /// A node's label is not one of the five.
    #[error("column {column}: expected a label from 0 to 4, found `{found}`")]
    Label {
        /// Where.
        column: usize,
        /// What stands there.
        found: String,
    },
    /// A node holds neither a token nor other nodes.
    #[error("column {column}: expected a token or a node inside the brackets")]
    EmptyNode {
        /// Where.
        column: usize,
    },
    /// A token stands beside other tokens or nodes.
    #[error("column {column}: `{found}` stands beside other parts of its node; a token has a node of its own")]
    StrayToken {
        /// Where.
        column: usize,
        /// The token.
        found: String,
    },
    /// The line ends inside a tree.
    #[error("column {column}: the line ends with {open} unclosed brackets")]
    Unclosed {
        /// The end of the line.
        column: usize,
        /// How many are open.
        open: usize,
    },
    /// Something follows the tree.
    #[error("column {column}: the tree is closed, but the line goes on")]
    Trailing {
        /// Where.
        column: usize,
    },
    /// The nesting is beyond any sentence.
    #[error("column {column}: more than {MAX_DEPTH} nested brackets")]
    TooDeep {
        /// Where.
        column: usize,
    },
}

/// Parses one line.
///
/// # Errors
/// Fails on anything that is not exactly one tree; spaces around it are allowed.
///
/// ```
/// let tree = corpus::tree::parse("(3 (2 It) (4 (4 works) (2 .)))")?;
/// assert_eq!(tree.tokens, ["It", "works", "."]);
/// assert_eq!(tree.nodes[2].label, 4);
/// assert_eq!(tree.text(&tree.nodes[2]), "works .");
/// # Ok::<(), corpus::tree::TreeError>(())
/// ```
pub fn parse(line: &str) -> Result<Tree, TreeError> {
    let mut tree = Tree { tokens: Vec::new(), nodes: Vec::new() };
    let mut open: Vec<usize> = Vec::new();
    let mut lexer = Lexer { line, position: 0 };
    while let Some((start, word)) = lexer.next() {
        let column = || column(line, start);
        match (word, open.last().copied()) {
            ("(", None) if !tree.nodes.is_empty() => return Err(TreeError::Trailing { column: column() }),
            ("(", parent) => {
                let n_tokens = tree.tokens.len();
                if parent.is_some_and(|parent| holds_a_token(&tree, parent)) {
                    return Err(TreeError::StrayToken { column: column(), found: "(".to_owned() });
                }
                if open.len() == MAX_DEPTH {
                    return Err(TreeError::TooDeep { column: column() });
                }
                // At most MAX_DEPTH.
                let depth = open.len() as i32;
                open.push(tree.nodes.len());
                tree.nodes.push(Node { label: label(line, &mut lexer)?, depth, tokens: n_tokens..n_tokens });
            }
            (")", Some(node)) => {
                let n_tokens = tree.tokens.len();
                if tree.nodes[node].tokens.start == n_tokens {
                    return Err(TreeError::EmptyNode { column: column() });
                }
                tree.nodes[node].tokens.end = n_tokens;
                open.pop();
            }
            (token, Some(node)) => {
                if tree.nodes[node].tokens.start != tree.tokens.len() {
                    return Err(TreeError::StrayToken { column: column(), found: token.to_owned() });
                }
                tree.tokens.push(unescape(token));
            }
            (_, None) if tree.nodes.is_empty() => return Err(TreeError::ExpectedOpen { column: column() }),
            (_, None) => return Err(TreeError::Trailing { column: column() }),
        }
    }
    let end = column(line, line.len());
    match (open.len(), tree.nodes.is_empty()) {
        (0, false) => Ok(tree),
        (0, true) => Err(TreeError::ExpectedOpen { column: end }),
        (open, _) => Err(TreeError::Unclosed { column: end, open }),
    }
}

/// Whether an open node already holds a token of its own: then it is the last node, for its children come after it.
fn holds_a_token(tree: &Tree, node: usize) -> bool {
    node + 1 == tree.nodes.len() && tree.nodes[node].tokens.start != tree.tokens.len()
}

fn label(line: &str, lexer: &mut Lexer) -> Result<i32, TreeError> {
    let (start, word) = lexer.next().unwrap_or((line.len(), ""));
    match word.as_bytes() {
        [digit @ b'0'..=b'4'] => Ok(i32::from(digit - b'0')),
        _ => Err(TreeError::Label { column: column(line, start), found: word.to_owned() }),
    }
}

fn column(line: &str, byte: usize) -> usize {
    line[..byte].chars().count() + 1
}

/// A token without the escapes of the treebank.
///
/// ```
/// assert_eq!(corpus::tree::unescape("-LRB-and\\/or"), "(and/or");
/// ```
pub fn unescape(token: &str) -> String {
    token.replace("-LRB-", "(").replace("-RRB-", ")").replace("\\/", "/").replace("\\*", "*")
}

/// Brackets and the words between them, each with its byte offset.
struct Lexer<'a> {
    line: &'a str,
    position: usize,
}

impl<'a> Lexer<'a> {
    fn next(&mut self) -> Option<(usize, &'a str)> {
        let rest = &self.line[self.position..];
        let word = rest.trim_start_matches(' ');
        let start = self.line.len() - word.len();
        let length = match word.bytes().next()? {
            b'(' | b')' => 1,
            _ => word.find(['(', ')', ' ']).unwrap_or(word.len()),
        };
        self.position = start + length;
        Some((start, &word[..length]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str) -> Vec<(i32, String)> {
        let tree = parse(line).unwrap();
        tree.nodes.iter().map(|node| (node.label, tree.text(node))).collect()
    }

    #[test]
    fn every_node_has_a_label_and_a_text() {
        let expected = [(3, "It works ."), (2, "It"), (4, "works ."), (4, "works"), (2, ".")];
        assert_eq!(texts("(3 (2 It) (4 (4 works) (2 .)))"), expected.map(|(label, text)| (label, text.to_owned())));
        assert_eq!(texts("  (0 alone) "), [(0, "alone".to_owned())]);
    }

    #[test]
    fn escapes_are_undone_and_only_the_ascii_space_separates() {
        assert_eq!(texts("(2 (2 -LRB-) (2 (2 and\\/or) (2 (2 \\*\\*) (2 -RRB-))))")[0].1, "( and/or ** )");
        let tree = parse("(2 (2 2\u{a0}1\\/2) (2 hours))").unwrap();
        assert_eq!(tree.tokens, ["2\u{a0}1/2", "hours"]);
    }

    #[test]
    fn each_fault_is_named_with_its_column() {
        let faults = [
            ("", "column 1: expected an opening bracket"),
            ("word", "column 1: expected an opening bracket"),
            (") ", "column 1: expected an opening bracket"),
            ("(5 a)", "column 2: expected a label from 0 to 4, found `5`"),
            ("(é a)", "column 2: expected a label from 0 to 4, found `é`"),
            ("(", "column 2: expected a label from 0 to 4, found ``"),
            ("(3)", "column 3: expected a token or a node inside the brackets"),
            ("(3 a b)", "column 6: `b` stands beside other parts of its node; a token has a node of its own"),
            ("(3 a (2 b))", "column 6: `(` stands beside other parts of its node; a token has a node of its own"),
            ("(3 (2 a) b)", "column 10: `b` stands beside other parts of its node; a token has a node of its own"),
            ("(3 (2 a) (2 b)", "column 15: the line ends with 1 unclosed brackets"),
            ("(3 (2 é)) x", "column 11: the tree is closed, but the line goes on"),
            ("(3 a))", "column 6: the tree is closed, but the line goes on"),
            ("(3 a) (2 b)", "column 7: the tree is closed, but the line goes on"),
        ];
        for (line, message) in faults {
            assert_eq!(parse(line).unwrap_err().to_string(), message, "{line}");
        }
    }

    #[test]
    fn hostile_nesting_is_refused() {
        let line = "(2 ".repeat(1_000_000);
        assert_eq!(parse(&line), Err(TreeError::TooDeep { column: 3001 }));
    }

    #[test]
    fn no_mutation_of_a_tree_panics() {
        let line = "(3 (2 It\u{a0}) (4 (4 works) (2 -RRB-)))";
        for end in (0..line.len()).filter(|&end| line.is_char_boundary(end)) {
            assert!(parse(&line[..end]).is_err());
        }
        for index in (0..line.len()).filter(|&index| line.is_char_boundary(index)) {
            for insertion in ["(", ")", " ", "x", "\u{a0}", "0"] {
                let _ = parse(&format!("{}{insertion}{}", &line[..index], &line[index..]));
            }
        }
    }
}
