//! Label columns from their values; each file of a dataset has a table of its own in the tests of `sst-fetch`.

use std::path::Path;

use super::{DistinctLabels, LabelColumn, LabelRules, MAX_DISTINCT, SourceNames};
use crate::error::Location;
use crate::split::Split;

/// The labels of train and test, separated by spaces.
fn distinct(train: &str, test: &str) -> DistinctLabels {
    let mut labels = DistinctLabels::default();
    for (split, file, texts) in [(Split::Train, "train.csv", train), (Split::Test, "test.csv", test)] {
        for (line, text) in (2..).zip(texts.split(' ').filter(|text| !text.is_empty())) {
            labels.add(text, split, Path::new(file), Location::Line(line));
        }
    }
    labels
}

fn infer(train: &str, test: &str, rules: &LabelRules) -> Result<LabelColumn, String> {
    LabelColumn::infer(distinct(train, test), rules).map_err(|error| error.to_string())
}

/// The names by themselves.
fn names(train: &str, test: &str) -> Vec<String> {
    infer(train, test, &LabelRules::default()).unwrap().names().to_vec()
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

#[test]
fn all_splits_decide_together_of_which_kind_the_labels_are() {
    assert_eq!(names("1 0 1.0 +1", "1"), ["0", "1"]);
    assert_eq!(names("10 9 -1", ""), ["-1", "9", "10"]);
    assert_eq!(names("1 2", "many"), ["1", "2", "many"]);
    assert_eq!(names("True false", "TRUE"), ["false", "true"]);
    assert_eq!(names("007 7 010", ""), ["007", "010", "7"]);
    assert_eq!(names("good bad nan", "NA null ok"), ["bad", "ok", "good"]);
    assert_eq!(names("", ""), [] as [&str; 0]);
}

#[test]
fn each_spelling_has_its_class() {
    let column = infer("-1 0 1", "-1.0 +1 x", &LabelRules { unlabeled: &words("x"), ..LabelRules::default() }).unwrap();
    let index = |text| column.index(text, Split::Test);
    assert_eq!(
        ["-1", "-1.0", " 0 ", "+1", "x", "", "7"].map(index),
        [Some(0), Some(0), Some(1), Some(2), None, None, None]
    );
}

#[test]
fn a_split_of_nothing_but_minus_one_has_no_labels_unless_train_has_it() {
    let column = infer("0 1", "-1 -1", &LabelRules::default()).unwrap();
    assert_eq!((column.names(), column.index("-1", Split::Test)), (&words("0 1")[..], None));
    assert_eq!(names("0 1", "-1 0"), ["-1", "0", "1"]);
    assert_eq!(names("-1 1", "-1"), ["-1", "1"]);
    assert_eq!(names("bad good", "-1 -1"), ["bad", "good"]);
}

#[test]
fn names_are_given_by_rank_or_are_the_order() {
    let named = |train: &str, names: &str| {
        let names = words(names);
        infer(train, "", &LabelRules { names: Some(&names), ..LabelRules::default() })
            .map(|column| (column.names().join(" "), column.index("1", Split::Train), column.is_ordered()))
    };
    assert_eq!(named("-1 0 1", "neg neu pos"), Ok(("neg neu pos".to_owned(), Some(2), true)));
    assert_eq!(named("1 2 3", "3 2 1"), Ok(("3 2 1".to_owned(), Some(2), true)));
    assert_eq!(named("ham spam", "spam ham").unwrap().0, "spam ham");
    let error = named("0 4 4", "a b c").unwrap_err();
    assert_eq!(error, "--label-names gives 3 (a, b, c), but the label column holds 2: 0 (1 row), 4 (2 rows)");
    let error = named("ham spam", "spam egg").unwrap_err();
    assert!(error.starts_with("of the names in --label-names only spam occur as labels, but"), "{error}");
    assert_eq!(named("0 1", "a a").unwrap_err(), "--label-names names a twice");
}

#[test]
fn an_order_names_every_label_once() {
    let ordered = |train: &str, order: &str| {
        let order = words(order);
        infer(train, "", &LabelRules { order: Some(&order), ..LabelRules::default() })
            .map(|column| (column.names().join(" "), column.is_ordered()))
    };
    assert_eq!(ordered("low mid top", "top mid low"), Ok(("top mid low".to_owned(), true)));
    assert_eq!(ordered("1 2 3.0", "3 2.0 1"), Ok(("3 2 1".to_owned(), true)));
    let error = ordered("a b", "a x").unwrap_err();
    assert_eq!(error, "--label-order names x, but the label column holds 2: a (1 row), b (1 row)");
    assert!(ordered("a b", "a").unwrap_err().starts_with("--label-order gives 1 (a), but"));
    let (names, order) = (words("good bad"), words("p n"));
    let rules = LabelRules { names: Some(&names), order: Some(&order), ..LabelRules::default() };
    assert_eq!(infer("n p", "", &rules).unwrap().index("p", Split::Train), Some(0));
}

#[test]
fn a_source_says_what_its_labels_are() {
    let source = |names: &str| Some(SourceNames { names: words(names), ordered: true });
    let rules = LabelRules { source: source("nan b a"), ..LabelRules::default() };
    let column = infer("a nan", "", &rules).unwrap();
    assert_eq!((column.names(), column.index("nan", Split::Train)), (&words("nan b a")[..], Some(0)));
    assert_eq!(
        infer("a c", "", &rules).unwrap_err(),
        "train.csv, line 3: the label c is none of those that the source names: nan, b, a"
    );
    let names = words("x y z");
    let column = infer("a", "", &LabelRules { names: Some(&names), ..rules }).unwrap();
    assert_eq!((column.names(), column.index("a", Split::Train)), (&names[..], Some(2)));
}

#[test]
fn an_order_against_the_meaning_is_warned_of() {
    let ordered = |names: &str, ordered: bool| {
        let source = Some(SourceNames { names: words(names), ordered });
        let column =
            infer(names.split(' ').next().unwrap(), "", &LabelRules { source, ..LabelRules::default() }).unwrap();
        (column.is_ordered(), column.warnings().len())
    };
    assert_eq!(ordered("negative positive", false), (true, 0));
    assert_eq!(ordered("positive neutral negative", false), (true, 1));
    assert_eq!(ordered("world sport", false), (false, 0));
    assert_eq!(ordered("small large", true), (true, 0));
    assert_eq!(ordered("1 2 3", false), (true, 0));
    let order = words("positive negative");
    let given = infer("negative positive", "", &LabelRules { order: Some(&order), ..LabelRules::default() }).unwrap();
    assert_eq!((given.is_ordered(), given.warnings().len()), (true, 1));
    let grades = words("3 2 1"); // where 1 is the best
    assert!(infer("1 2 3", "", &LabelRules { order: Some(&grades), ..LabelRules::default() }).unwrap().is_ordered());
    let names = words("positive negative");
    let error = infer("pos neg", "", &LabelRules { names: Some(&names), ..LabelRules::default() }).unwrap_err();
    assert!(error.starts_with("--label-names would call neg positive, pos negative, but"), "{error}");
    let named = infer("1 0", "", &LabelRules { names: Some(&names), ..LabelRules::default() }).unwrap();
    assert!(named.warnings()[0].starts_with("positive, negative is not the order of their meaning"));
}

#[test]
fn a_value_that_means_no_label_is_no_class_of_a_source_either() {
    let source = Some(SourceNames { names: words("neg pos unsup"), ordered: false });
    let unlabeled = words("unsup zzz");
    let column = infer("neg unsup pos", "", &LabelRules { source, unlabeled: &unlabeled, ..LabelRules::default() });
    let column = column.unwrap();
    assert_eq!((column.names(), column.index("unsup", Split::Train)), (&words("neg pos")[..], None));
    assert_eq!(column.warnings(), ["no row has the label zzz of --unlabeled"]);
}

#[test]
fn scores_and_ids_are_no_classes() {
    let error = |train: &str| infer(train, "", &LabelRules { column: "grade", ..LabelRules::default() }).unwrap_err();
    let fractions = |n: u32| (0..n).map(|i| format!("0.{i:02}1")).collect::<Vec<_>>().join(" ");
    assert!(error(&fractions(30)).contains("30 different numbers with fractions"), "{}", error(&fractions(30)));
    assert!(error(&fractions(8)).ends_with("read it with --score-column grade"));
    assert_eq!(names("0.5 1 1.5 2 2.5 3 3.5 4 4.5 5", "").len(), 10);
    assert_eq!(names(&format!("{0} {0} {0}", fractions(8)), "").len(), 8);
    let ids = (0..1001).map(|i| format!("id{i}")).collect::<Vec<_>>().join(" ");
    assert!(error(&ids).contains("1001 different values, more than 1000"), "{}", error(&ids));
    let counted_down = (0..MAX_DISTINCT).rev().map(|i| i.to_string()).collect::<Vec<_>>().join(" ");
    assert!(error(&counted_down).contains("holds at least 100000 different values"), "{}", error(&counted_down));
}

#[test]
fn what_was_read_is_said() {
    let rules = LabelRules { names: Some(&words("neg pos")), ..LabelRules::default() };
    let column = infer("0 4", "", &rules).unwrap();
    assert_eq!(column.description(), "labels: 2 classes, neg (0), pos (4); in the order given");
    let stances = "for against None None x";
    let rules = LabelRules { unlabeled: &words("x"), ..LabelRules::default() };
    let expected = "; no label: None (a class if --label-names has it)";
    assert!(infer(stances, "", &rules).unwrap().description().ends_with(expected));
    let rules = LabelRules { names: Some(&words("against None for x")), ..LabelRules::default() };
    assert_eq!(infer(stances, "", &rules).unwrap().names(), words("against None for x"));
    let column = infer("1 2 3 3a", "", &LabelRules::default()).unwrap();
    assert!(column.description().contains("in the order of the alphabet; --label-order gives another"));
    assert_eq!(
        column.warnings(),
        ["3 of the 4 labels are numbers, but `3a` (train.csv, line 5) is none, so all are words"]
    );
    let column = infer("Sport sport", "", &LabelRules::default()).unwrap();
    assert_eq!(column.warnings(), ["the labels `Sport` and `sport` differ only in case, and are two classes"]);
    let many = (0..174).map(|i| format!("c{i:03}")).collect::<Vec<_>>().join(" ");
    let description = infer(&many, "", &LabelRules::default()).unwrap().description();
    assert!(description.contains("c011 and 162 more; in the order of the alphabet"), "{description}");
}
