//! `sst-fetch check`: what it finds, and what it does not.

use serde_json::Value;
use testkit::{Outcome, Sandbox, outcome};

use crate::support::Fetch;

fn check(sandbox: &Sandbox, flags: &str) -> Outcome {
    outcome(&mut sandbox.command(&format!("sst-fetch check --raw raw {flags}")))
}

/// The numbers of rows of each kind, as `kind 3, other 1`.
fn found(sandbox: &Sandbox) -> String {
    let checked = check(sandbox, "--json -");
    checked.assert_success("check");
    let report: Value = serde_json::from_str(&checked.stdout).unwrap();
    let kinds = report["findings"].as_array().unwrap().iter();
    kinds.map(|f| format!("{} {}", f["kind"].as_str().unwrap(), f["rows"])).collect::<Vec<_>>().join(", ")
}

/// What is found in tables of these lines; each split has two more rows of other texts, one of each class.
fn of_tables(train: &str, validation: &str) -> String {
    let sandbox = Sandbox::new();
    sandbox.write(
        "train.csv",
        format!("text,label\nsomething else entirely here,a\nyet another matter of fact,b\n{train}"),
    );
    sandbox.write(
        "validation.csv",
        format!("text,label\nwhat nobody wrote before,a\nnor will write again,b\n{validation}"),
    );
    sandbox.fetched("dataset --train train.csv --validation validation.csv --out raw --quiet");
    found(&sandbox)
}

#[test]
fn each_kind_is_found_and_its_neighbor_is_not() {
    assert_eq!(of_tables("", ""), "");
    assert_eq!(of_tables("a good film,a\na good film,a\n", ""), "duplicates 1");
    assert_eq!(of_tables("a good film,a\nA good film!,a\n", ""), "normalized-duplicates 1");
    assert_eq!(of_tables("a good film,a\na good firm,a\n", ""), "");
    assert_eq!(of_tables("a good film,a\na good film,b\n", ""), "conflicts 2, duplicates 1");
    assert_eq!(of_tables("a good film,a\na good film,\n", ""), "duplicates 1, unlabeled 1");
    assert_eq!(of_tables("a good film,a\n", "a good film,a\n"), "overlap 1");
    assert_eq!(of_tables("a good film,a\n", "a good film,b\n"), "conflicts 2, overlap 1");
    assert_eq!(of_tables("a good film,a\n", "A  good film .,a\n"), "normalized-overlap 1");
    assert_eq!(of_tables("it is a good film of its kind,a\n", "a good film,a\n"), "pieces 1");
    assert_eq!(of_tables("it is a good film of its kind,a\n", "good film,a\n"), "", "too short to mean anything");
    assert_eq!(of_tables("a good film,a\n", "it is a good film of its kind,a\n"), "", "what is held out is longer");
    let long = "one two three four five six seven eight nine ten";
    assert_eq!(of_tables(&format!("{long} eleven,a\n{long} twelve,a\n"), ""), "near-duplicates 1");
    assert_eq!(of_tables("CafÃ© au lait,a\n", ""), "encoding 1");
    assert_eq!(of_tables("Café au lait – não,a\n", ""), "");
    assert_eq!(of_tables("\"\",a\n", ""), "empty 1");
    assert_eq!(of_tables(&format!("{},a\n", (0..400).map(|i| format!("w{i} ")).collect::<String>()), ""), "long 1");
    let conflict = "\"A great film, really!\",a\na great film really,b\nsomething else,a\nanother one,b\n";
    assert_eq!(of_tables(conflict, ""), "normalized-conflicts 2, normalized-duplicates 1");
    let words = |range: std::ops::Range<u32>| range.map(|i| format!("w{i} ")).collect::<String>();
    let held_out = format!("{},b\n{},b\n", words(10..90), words(330..340));
    assert_eq!(of_tables(&format!("{},a\n", words(0..350)), &held_out), "pieces 2");
    let chinese = "\u{5473}\u{9053}\u{5f88}\u{597d}\u{ff0c}\u{4e0b}\u{6b21}\u{518d}\u{6765}\u{3002}";
    assert_eq!(
        of_tables(&format!("{chinese}\u{9001}\u{9910}\u{5f88}\u{5feb},a\n"), &format!("{chinese},b\n")),
        "pieces 1"
    );
    let many: String = (0..60).map(|i| format!("row {i} {},a\n", i * i)).collect();
    assert_eq!(of_tables(&many, ""), "imbalance 1");
    let third = "the third class,c\n";
    assert_eq!(of_tables(third, "held out,a\nanother of them,b\n"), "imbalance 1", "validation lacks it");
    assert_eq!(of_tables(third, "held out,a\nanother of them,b\nand one more,c\n"), "");
}

#[test]
fn findings_are_shown_with_their_rows() {
    let sandbox = Sandbox::new();
    sandbox
        .write("train.csv", "text,label\na good film,bad\n<b>no</b> film,bad\n<b>no</b> film,good\na good film,good\n");
    sandbox.fetched("dataset --train train.csv --out raw --quiet");
    let checked = check(&sandbox, "--page check.html");
    checked.assert_success("check");
    assert!(
        checked.stdout.starts_with("train              4 rows, 2 bad, 2 good; majority 50.0 %\n"),
        "{}",
        checked.stdout
    );
    let conflict = "conflicts: 4 rows have a text that has another label elsewhere (100.00 %)\n  train 0 (train.csv, 2) [bad] a good film\n    train 3 (train.csv, 5) [good] a good film\n";
    assert!(checked.stdout.contains(conflict), "{}", checked.stdout);
    let page = sandbox.text("check.html");
    assert!(page.contains("&lt;b&gt;no&lt;/b&gt; film") && !page.contains("<b>no"), "{page}");
    assert!(page.contains("train 3 (train.csv, 5)") && !page.contains("<script"));
}

#[test]
fn the_exit_code_is_what_was_asked_for() {
    let sandbox = Sandbox::new();
    sandbox.write("train.csv", "text,label\na good film,bad\na good film,good\n");
    sandbox.fetched("dataset --train train.csv --out raw --quiet");
    let code = |flags: &str| check(&sandbox, flags).code;
    assert_eq!(code(""), Some(0));
    assert_eq!(code("--strict"), Some(2));
    let refused = sandbox.fetch("check --raw train.csv").stderr;
    assert_eq!(refused, "error: train.csv is a file; expected the folder that `sst-fetch dataset` makes\n");
    assert_eq!(code("--fail-on overlap,pieces"), Some(0));
    assert_eq!(code("--fail-on overlap,conflicts"), Some(2));
    let unknown = check(&sandbox, "--fail-on overlap,typos");
    assert_eq!(unknown.code, Some(2));
    assert!(
        unknown.stderr.contains("--fail-on typos: expected one of conflicts, normalized-conflicts,"),
        "{}",
        unknown.stderr
    );
    assert_eq!(code("--page raw/check.html"), Some(2), "a stage's folder stays what it is");
    assert!(!sandbox.path("raw/check.html").exists());
}

/// 371 copies and 5 texts with both labels in GLUE; in the trees ten copies, and three sentences that two splits share.
#[test]
fn the_treebank_has_its_traps() {
    let Some(corpus) = testkit::inputs::sst() else { return };
    let sandbox = Sandbox::new();
    sandbox.fetched(&format!("dataset --source {} --out raw --quiet", corpus.join("glue").display()));
    assert_eq!(
        found(&sandbox),
        "conflicts 10, normalized-conflicts 302, overlap 2, normalized-overlap 6, pieces 2, duplicates 371, normalized-duplicates 8379, \
         near-duplicates 15014, unlabeled 1821"
    );
    sandbox.fetched(&format!("dataset --source {} --out raw --quiet", corpus.join("trees").display()));
    assert_eq!(found(&sandbox), "overlap 4, normalized-overlap 1, pieces 7, duplicates 11, normalized-duplicates 2");
}
