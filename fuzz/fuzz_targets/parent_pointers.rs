//! Parent pointers: no panic, and nodes that cover their tokens in the order of opening brackets.
#![no_main]

use corpus::parent_pointers::parse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &str)| {
    let (n_tokens, line) = (usize::from(input.0 % 16), input.1);
    let Ok(nodes) = parse(line, n_tokens) else { return };
    assert_eq!((nodes[0].tokens.clone(), nodes[0].depth), (0..n_tokens, 0));
    assert_eq!(nodes.len(), line.split('|').count());
    for pair in nodes.windows(2) {
        let [before, after] = pair else { continue };
        assert!(after.depth >= 1 && after.depth <= before.depth + 1, "{pair:?}");
        assert!(after.tokens.start >= before.tokens.start && !after.tokens.is_empty(), "{pair:?}");
    }
});
