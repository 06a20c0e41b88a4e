//! Builds both archives to their layout from trees: spellings, separators, headers, numbers of splits, double encoding.

use std::collections::BTreeMap;

use corpus::tree::{Tree, parse};
pub(super) use testkit::zip;
/// Name and content of each file.
pub(super) type Files = Vec<(String, Vec<u8>)>;

/// Files, trees and numbers of the splits.
pub(super) const SPLITS: [(&str, u8); 3] = [("train", 1), ("dev", 3), ("test", 2)];

/// `trainDevTestTrees_PTB.zip`: what it unpacks to.
pub(super) fn trees(lines: &[Vec<String>; 3]) -> Files {
    let file = |((name, _), lines): ((&str, u8), &Vec<String>)| {
        (format!("trees/{name}.txt"), lines.iter().map(|line| format!("{line}\n")).collect::<String>().into_bytes())
    };
    SPLITS.into_iter().zip(lines).map(file).collect()
}

/// `stanfordSentimentTreebank.zip`: what it unpacks to.
pub(super) fn treebank(lines: &[Vec<String>; 3]) -> Files {
    let (mut sentences, mut splits) =
        ("sentence_index\tsentence\n".to_owned(), "sentence_index,splitset_label\n".to_owned());
    let (mut tokens, mut parents) = (String::new(), String::new());
    let mut scores: BTreeMap<String, i32> = BTreeMap::new();
    for (index, (line, split)) in (1..).zip(mixed(lines)) {
        let tree = parse(&line).unwrap();
        let spelled: Vec<String> =
            tree.tokens.iter().map(|token| token.replace('/', "\\/").replace('*', "\\*")).collect();
        for node in &tree.nodes {
            scores.insert(spelled[node.tokens.clone()].join(" "), node.label);
        }
        let sentence = spelled.join(" ").replace('(', "-LRB-").replace(')', "-RRB-");
        sentences += &format!("{index}\t{}\n", encoded_twice(&sentence));
        splits += &format!("{index},{split}\n");
        tokens += &format!("{}\n", spelled.join("|"));
        parents += &format!("{}\n", parent_pointers(&tree));
    }
    let (mut dictionary, mut labels) = (String::new(), "phrase ids|sentiment values\n".to_owned());
    for (id, (phrase, label)) in scores.iter().enumerate() {
        dictionary += &format!("{phrase}|{id}\n");
        labels += &format!("{id}|{}\n", score(phrase, *label));
    }
    let files = [
        ("README.txt", "Stanford Sentiment Treebank V1.0\n".to_owned()),
        ("datasetSentences.txt", sentences),
        ("datasetSplit.txt", splits),
        ("dictionary.txt", dictionary),
        ("sentiment_labels.txt", labels),
        ("SOStr.txt", tokens),
        ("STree.txt", parents),
    ];
    let of_macos = ("__MACOSX/stanfordSentimentTreebank/._dictionary.txt".to_owned(), b"\0\x05\x16\x07".to_vec());
    let file = |(name, content): (&str, String)| (format!("stanfordSentimentTreebank/{name}"), content.into_bytes());
    files.into_iter().map(file).chain([of_macos]).collect()
}

/// A score that has this class: a number of a twentieth's grid, as of judges, chosen by the phrase.
fn score(phrase: &str, label: i32) -> String {
    let step = phrase.bytes().fold(7_u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into())) % 19 + 1;
    format!("{:.2}", f64::from(label) * 0.2 + f64::from(step) * 0.01)
}

/// The sentences of all splits in one order, in which those of a split keep theirs.
fn mixed(lines: &[Vec<String>; 3]) -> Vec<(String, u8)> {
    let mut next = [0; 3];
    let mut all = Vec::new();
    while next.iter().zip(lines).any(|(next, lines)| *next < lines.len()) {
        for ((turns, (_, split)), (next, lines)) in [4, 1, 1].into_iter().zip(SPLITS).zip(next.iter_mut().zip(lines)) {
            for line in lines.iter().skip(*next).take(turns) {
                all.push((line.clone(), split));
                *next += 1;
            }
        }
    }
    all
}

/// As the original has it: its 104 sentences with other characters than ASCII are encoded twice, but for U+00A0.
fn encoded_twice(sentence: &str) -> String {
    if sentence.is_ascii() || sentence.contains('\u{a0}') {
        return sentence.to_owned();
    }
    sentence.bytes().map(char::from).collect()
}

/// Tokens are the nodes 1, 2, ...; the others follow, children before parents.
fn parent_pointers(tree: &Tree) -> String {
    let n_tokens = tree.tokens.len();
    let is_token = |index: usize| tree.nodes.get(index + 1).is_none_or(|next| next.depth <= tree.nodes[index].depth);
    let n_above = (0..tree.nodes.len()).filter(|&index| !is_token(index)).count();
    let (mut n_seen, mut open, mut parents) = (0, Vec::<(i32, usize)>::new(), vec![0; n_tokens + n_above]);
    for (index, node) in tree.nodes.iter().enumerate() {
        let number = if is_token(index) { node.tokens.start + 1 } else { n_tokens + n_above - n_seen };
        n_seen += usize::from(!is_token(index));
        while open.last().is_some_and(|(depth, _)| *depth >= node.depth) {
            open.pop();
        }
        parents[number - 1] = open.last().map_or(0, |(_, parent)| *parent);
        open.push((node.depth, number));
    }
    parents.iter().map(usize::to_string).collect::<Vec<_>>().join("|")
}

/// Invented sentences with what is odd in the treebank's.
pub(super) fn invented() -> [Vec<String>; 3] {
    let lines = |lines: &[&str]| lines.iter().map(|&line| line.to_owned()).collect();
    [
        lines(&[
            "(3 (2 It) (4 works))",
            "(1 (2 -LRB-) (1 (1 (2 actor\\/director) (0 clichés)) (2 -RRB-)))",
            "(0 Bad)",
            "(2 (2 2\u{a0}1\\/2) (2 hours))",
            "(4 (3 (2 a) (4 \\*great\\*)) (2 .))",
        ]),
        lines(&["(2 (2 It) (2 (2 is) (2 .)))", "(0 Bad)"]),
        lines(&["(4 (2 naïve) (4 works))"]),
    ]
}
