//! A line of PTB brackets: no panic, and a tree that is written reads as the same tree.
#![no_main]

use corpus::tree::{Tree, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|line: &str| {
    let Ok(tree) = parse(line) else { return };
    for node in &tree.nodes {
        assert!((0..5).contains(&node.label) && !node.tokens.is_empty() && node.tokens.end <= tree.tokens.len());
    }
    assert_eq!(parse(&text(&tree)).as_ref(), Ok(&tree), "{}", text(&tree));
});

fn text(tree: &Tree) -> String {
    let mut text = String::new();
    let mut depth = 0;
    for (index, node) in tree.nodes.iter().enumerate() {
        let deeper = node.depth + 1;
        if index > 0 {
            (deeper..=depth).for_each(|_| text.push(')'));
            text.push(' ');
        }
        depth = deeper;
        text += &format!("({}", node.label);
        let is_innermost = tree.nodes.get(index + 1).is_none_or(|next| next.depth <= node.depth);
        text += &if is_innermost { format!(" {}", escaped(&tree.tokens[node.tokens.start])) } else { " ".to_owned() };
    }
    (0..depth).for_each(|_| text.push(')'));
    text
}

fn escaped(token: &str) -> String {
    token.replace('(', "-LRB-").replace(')', "-RRB-").replace('/', "\\/").replace('*', "\\*")
}
