//! Groups: copies of a text, pieces of a sentence and rows of one group are in one split.

use std::collections::{HashMap, HashSet};

use corpus::Split;
use testkit::Sandbox;

use super::{records, said, word};
use crate::support::Fetch;

/// The split of each text.
fn split_of(sandbox: &Sandbox, out: &str) -> HashMap<String, Vec<Split>> {
    let mut found: HashMap<String, Vec<Split>> = HashMap::new();
    for split in Split::ALL {
        for record in records(sandbox, out, split) {
            let splits = found.entry(record.text).or_default();
            if !splits.contains(&split) {
                splits.push(split);
            }
        }
    }
    found
}

#[test]
fn copies_of_a_text_are_in_one_split() {
    let sandbox = Sandbox::new();
    let row = |i: usize| format!("{} is a text,{}\n{} IS  a text,{}\n", word(i), i % 2, word(i), i % 2);
    sandbox.write("a.csv", format!("text,label\n{}", (0..100).map(row).collect::<String>()));
    let said = said(&sandbox, "--source a.csv --out raw");
    assert!(said.contains("100 stay with another that has their text"), "{said}");
    let splits = split_of(&sandbox, "raw");
    for i in 0..100 {
        let (plain, loud) = (&splits[&format!("{} is a text", word(i))], &splits[&format!("{} IS  a text", word(i))]);
        assert_eq!((plain.len(), plain), (1, loud));
    }
    assert_eq!(records(&sandbox, "raw", Split::Validation).len(), 20);
}

#[test]
fn pieces_of_a_sentence_are_with_it() {
    let sandbox = Sandbox::new();
    let sentence = |i: usize| format!("{0} went to see the {1} film of the year", word(i), word(i + 500));
    let piece = |i: usize| format!("to see the {} film", word(i + 500));
    let rows = (0..100).map(|i| format!("{},{}\n{},{}\n", sentence(i), i % 2, piece(i), i % 2));
    sandbox.write("a.csv", format!("text,label\n{}", rows.collect::<String>()));
    said(&sandbox, "--source a.csv --out raw");
    let splits = split_of(&sandbox, "raw");
    assert!((0..100).all(|i| splits[&sentence(i)] == splits[&piece(i)]));
    assert_eq!(records(&sandbox, "raw", Split::Test).len(), 20);
}

#[test]
fn rows_of_one_author_are_in_one_split() {
    let sandbox = Sandbox::new();
    // Blanks around a value are none of it.
    let blank = |i: usize| if i.is_multiple_of(7) { " " } else { "" };
    let rows = (0..300).map(|i| format!("{} says something,{},author {}{}\n", word(i), i % 2, i % 60, blank(i)));
    sandbox.write("a.csv", format!("text,label,author\n{}", rows.collect::<String>()));
    said(&sandbox, "--source a.csv --group-column author --keep-columns author --out raw");
    let mut split_of: HashMap<String, Split> = HashMap::new();
    for split in Split::ALL {
        let found = records(&sandbox, "raw", split);
        assert!(found.len() >= 25, "{split:?}: {}", found.len());
        for record in found {
            let author = record.kept[0].as_deref().unwrap().trim().to_owned();
            assert_eq!(*split_of.entry(author).or_insert(split), split);
        }
    }
    assert_eq!(split_of.len(), 60);

    // The raw files themselves can be divided again: by the column that they keep, and by no other.
    said(&sandbox, "--source raw --folds 3 --fold 1 --group-column author --keep-columns author --out fold");
    let without = said(&sandbox, "--source raw --folds 3 --fold 1 --out other");
    assert!(without.contains("without author, which --keep-columns would keep"), "{without}");
    let authors = |split| -> HashSet<String> {
        records(&sandbox, "fold", split)
            .into_iter()
            .map(|record| record.kept[0].as_deref().unwrap().trim().to_owned())
            .collect()
    };
    let (train, validation) = (authors(Split::Train), authors(Split::Validation));
    assert!(validation.len() >= 10 && train.is_disjoint(&validation), "{validation:?}");
    let refused = sandbox.fetch("dataset --source a.csv --group-column Author --out other");
    assert!(refused.stderr.contains("; is it --group-column 'author'?"), "{}", refused.stderr);
    let refused = sandbox.fetch("dataset --source raw --folds 3 --fold 1 --group-column shop --out other");
    let expected =
        "train.parquet has no column shop, only author; raw files have the columns that were given with --keep-columns";
    assert!(refused.code == Some(2) && refused.stderr.contains(expected), "{}", refused.stderr);
}

#[test]
fn a_group_that_is_most_of_the_rows_stays_in_train() {
    let sandbox = Sandbox::new();
    let rows = (0..100).map(|i| format!("{} says something,{},{}\n", word(i), i % 2, if i < 60 { "big" } else { "" }));
    sandbox.write("a.csv", format!("text,label,shop\n{}", rows.collect::<String>()));
    said(&sandbox, "--source a.csv --group-column shop --out raw");
    assert!(records(&sandbox, "raw", Split::Train).len() >= 60);
    assert!(!records(&sandbox, "raw", Split::Test).is_empty());
    sandbox.write("b.csv", "text,label,shop\na,0,x\nb,1,x\nc,0,x\n");
    let said = said(&sandbox, "--source b.csv --group-column shop --out other");
    let expected =
        "the 3 rows of train, of which copies, pieces and groups stay together, make 1 group, too few to split off";
    assert!(said.contains(expected), "{said}");
}

/// A column that says what belongs together has no texts, whatever it is called.
#[test]
fn the_column_of_groups_is_not_that_of_texts() {
    let sandbox = Sandbox::new();
    let rows = (0..40).map(|i| format!("title {},{} is the answer,{}\n", i / 4, word(i), i % 2));
    sandbox.write("a.csv", format!("title,answer,label\n{}", rows.collect::<String>()));
    said(&sandbox, "--source a.csv --group-column title --out raw");
    let texts = records(&sandbox, "raw", Split::Train);
    assert!(texts.iter().all(|record| record.text.ends_with(" is the answer")), "{}", texts[0].text);
}
