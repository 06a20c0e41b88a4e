//! Which files are a split: names, patterns, several files.

use corpus::Split::{Test, Train, Validation};

use crate::labels::{case, check};

const A: &str = "text,label\na,1\n";
const B: &str = "text,label\nb,0\n";

#[test]
fn names_of_splits_have_many_spellings() {
    check(&[
        case("capitals")
            .file("Train.csv", A)
            .file("VALID.CSV", B)
            .file("TEST.csv", B)
            .rows(Validation, &["b|0|-"])
            .rows(Test, &["b|0|-"])
            .rows(Train, &["a|1|-"])
            .names(&["0", "1"]),
        case("dev").file("train.csv", A).file("Dev.csv", B).rows(Validation, &["b|0|-"]),
        case("val").file("train.csv", A).file("val.TSV", "text\tlabel\nb\t0\n").rows(Validation, &["b|0|-"]),
        case("trees").file("Train.TXT", "(3 (2 It) (4 works))\n(0 Bad)\n\n\n").said(&["train: 4 rows, 2 sentences"]),
        case("a blank line between trees")
            .file("train.txt", "(3 (2 It) (4 works))\n\n(0 Bad)\n")
            .refused(&["data/train.txt, line 2"]),
        case("lines above trees")
            .file("train.txt", "Some trees\n(0 Bad)\n")
            .refused(&["data/train.txt, line 1: it is no tree in brackets, as lines below it are"]),
        case("two of one split").file("train.csv", A).file("TRAIN.csv", B).refused(&["are both the train split"]),
        case("what macOS leaves behind")
            .file("train.csv", A)
            .file("._train.csv", "\0\x05")
            .file(".DS_Store", "\0")
            .rows(Train, &["a|0|-"]),
        case("only a header").file("train.csv", "text,label\n").refused(&["data/train.csv is empty"]),
        case("only blanks").file("train.csv", "\u{feff}\r\n\r\n").refused(&["data/train.csv is empty"]),
        case("nothing").file("train.jsonl", "").refused(&["data/train.jsonl is empty"]),
        case("only blank lines").file("train.txt", "\n\n").refused(&["data/train.txt is empty"]),
    ]);
}

/// What has the name of a split and cannot be read is not passed over: one would be split off from train in its place.
#[test]
fn what_looks_like_a_split_and_is_not_read_is_refused() {
    let refused = |name: &'static str, file: &'static str| {
        case(name)
            .file("train.csv", A)
            .file(file, B)
            .refused(&["looks like the test split and is nothing that is read by its name"])
    };
    check(&[
        refused("an archive", "test.csv.zip"),
        refused("a spreadsheet", "Test.xlsx"),
        refused("a folder of parts", "test/part-0.csv"),
        refused("a name that says more", "test-small.csv"),
        case("a split of either kind")
            .file("train.csv", A)
            .file("eval.csv", B)
            .refused(&["looks like the validation split and is nothing that is read by its name"]),
        case("other names").file("Training.csv", A).file("testing.csv", B).rows(Test, &["b|0|-"]),
        case("beside the split itself")
            .file("train.csv", A)
            .file("test.csv", B)
            .file("test.csv.zip", B)
            .rows(Test, &["b|0|-"]),
        case("no data").file("train.csv", A).file("test.png", "").file("test.md", "").rows(Train, &["a|0|-"]),
    ]);
}

/// Where all that may be data has the word of a split in its name, and each split is there once.
#[test]
fn a_word_in_the_names_of_all_files_says_their_splits() {
    check(&[
        case("Kaggle's names")
            .file("Corona_NLP_train.csv", A)
            .file("Corona_NLP_test.csv", B)
            .file("readme.txt", "no")
            .rows(Train, &["a|1|-"])
            .rows(Test, &["b|0|-"])
            .said(&["splits, by a word in their names: train Corona_NLP_train.csv, test Corona_NLP_test.csv"]),
        case("with versions")
            .file("train_v1.4.csv", A)
            .file("dev_v1.4.csv", B)
            .file("test_TIMESTAMP1.csv", B)
            .rows(Validation, &["b|0|-"]),
        case("in a folder further down")
            .file("x/my.train.csv", A)
            .file("x/my.valid.csv", B)
            .rows(Validation, &["b|0|-"]),
        case("one that has none")
            .file("ratings.csv", A)
            .file("ratings_train.csv", A)
            .file("ratings_test.csv", B)
            .refused(&["data holds several tables and none is called train"]),
        case("two of a split")
            .file("in_domain_train.csv", A)
            .file("in_domain_dev.csv", B)
            .file("out_of_domain_dev.csv", B)
            .refused(&["data holds several tables"]),
        case("one that cannot be read")
            .file("A_train.csv", A)
            .file("A_test.xlsx", B)
            .refused(&["data/A_test.xlsx looks like the test split by a word in its name, and cannot be read"]),
        case("one in another format")
            .file("A_train.csv", A)
            .file("A_test.txt", "text\tlabel\nb\t0\n")
            .rows(Test, &["b|0|-"]),
        case("no train").file("my_dev.csv", A).file("my_test.csv", B).refused(&["data holds several tables"]),
        case("two words in one")
            .file("train_test.csv", A)
            .file("my_dev.csv", B)
            .refused(&["data holds several tables"]),
    ]);
}

#[test]
fn shards_are_one_table() {
    check(&[
        case("as the hub names them, in its folder")
            .file("data/train-00000-of-00002.csv", A)
            .file("data/train-00001-of-00002.csv", B)
            .file("data/test-00000-of-00001-0123456789abcdef.csv", B)
            .rows(Train, &["a|1|-", "b|0|-"])
            .rows(Test, &["b|0|-"]),
        case("numbered, sorted as numbers")
            .file("train-2.csv", B)
            .file("train-1.csv", A)
            .rows(Train, &["a|1|-", "b|0|-"]),
        case("one is missing")
            .file("train-00000-of-00003.csv", A)
            .file("train-00002-of-00003.csv", B)
            .refused(&["data/train-00000-of-00003.csv", "number 1 is missing"]),
        case("a shard beside a whole")
            .file("train.csv", A)
            .file("train-1.csv", B)
            .refused(&["data/train.csv and data/train-1.csv are both the train split"]),
        case("numbers that are none of shards")
            .file("train_8.csv", A)
            .file("train_64.csv", B)
            .refused(&["train_8 and train_64 are different tables"]),
    ]);
}

#[test]
fn files_without_rows_are_passed_over_beside_others() {
    check(&[
        case("a header alone, and nothing at all")
            .file("part-0.csv", "")
            .file("part-1.csv", A)
            .file("part-2.csv", "text,label\n")
            .source("--train data/part-*.csv")
            .rows(Train, &["a|0|-"])
            .said(&["without rows, and passed over: data/part-0.csv, data/part-2.csv"]),
        case("all of them")
            .file("part-0.csv", "")
            .file("part-1.csv", "")
            .source("--train data/part-*.csv")
            .refused(&["part-0.csv is empty"]),
        case("one that is broken")
            .file("a.csv", A)
            .file("b.csv", "text,label\n\"a,1\n")
            .source("--train data/*.csv")
            .refused(&["data/b.csv, line 2"]),
    ]);
}

#[test]
fn what_datasets_keeps_beside_tables_is_none() {
    check(&[
        case("a list of features").file("reviews.csv", A).file("dataset_infos.json", "{\"default\": {}}").rows(Train, &["a|0|-"]),
        case("saved as Arrow")
            .file("train/data-00000-of-00001.arrow", "ARROW1")
            .file("dataset_dict.json", "{\"splits\": [\"train\"]}")
            .refused(&["was written by save_to_disk of `datasets`, as Arrow files, which are not read; write its splits with to_parquet"]),
    ]);
}

#[test]
fn patterns_are_expanded_in_order() {
    check(&[
        case("several files, sorted")
            .file("b-2.csv", B)
            .file("b-1.csv", A)
            .source("--train data/b-*.csv")
            .rows(Train, &["a|1|-", "b|0|-"]),
        case("of two formats, and a file by name")
            .file("x/1.csv", A)
            .file("x/2.jsonl", "{\"text\": \"c\", \"label\": 1}\n")
            .file("y.tsv", "text\tlabel\nb\t0\n")
            .source("--train data/y.tsv --train data/x/*")
            .rows(Train, &["b|0|-", "a|1|-", "c|1|-"]),
        case("folders below")
            .file("x/p/1.csv", A)
            .file("x/q/1.csv", B)
            .source("--train data/**/1.csv")
            .rows(Train, &["a|1|-", "b|0|-"]),
        case("a name with brackets that is there")
            .file("reviews[1].csv", A)
            .source("--train data/reviews[1].csv")
            .rows(Train, &["a|0|-"]),
        case("nothing matches")
            .file("a.csv", A)
            .source("--train data/*.tsv")
            .refused(&["--train data/*.tsv matches no file"]),
        case("only a folder matches")
            .file("x/a.csv", A)
            .source("--train data/*")
            .refused(&["--train data/* matches no file"]),
        case("a folder with the name of a file, as Spark writes them")
            .file("part-1.csv", A)
            .file("part-2.csv/part-0.csv", B)
            .source("--train data/part-*.csv")
            .refused(&[
                "--train data/part-*.csv matches the folder data/part-2.csv; give its files, as in 'data/part-2.csv/*'",
            ]),
        case("no pattern").file("a.csv", A).source("--train data/[.csv").refused(&["--train data/[.csv is no pattern"]),
        case("what was guessed of many is said once")
            .file("1.csv", "text;label\na;1\n")
            .file("2.csv", "text;label\nb;0\n")
            .file("3.csv", "text;label\nc;0\n")
            .source("--train data/*.csv")
            .said(&["data/1.csv, data/2.csv and 1 more: separated by `;`"]),
        case("an error names its file")
            .file("1.csv", A)
            .file("2.csv", "text,label\na,b,1\n")
            .source("--train data/*.csv")
            .refused(&["data/2.csv, line 2"]),
    ]);
}
