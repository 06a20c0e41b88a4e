//! What separates fields: by the extension, by the header, by a line `sep=`, by the rows, or as told.

use corpus::Split::Train;

use crate::labels::{case, check};

const ROWS: [&str; 2] = ["good, really|1|-", "bad|0|-"];

#[test]
fn the_header_shows_the_separator() {
    check(&[
        case("Excel in a German locale: semicolons, CRLF, a mark")
            .file("train.csv", "\u{feff}text;label\r\ngood, really;1\r\nbad;0\r\n")
            .rows(Train, &ROWS)
            .said(&["data/train.csv: separated by `;`"]),
        case("all of it quoted")
            .file("train.csv", "\u{feff}\"text\";\"label\"\r\n\"good, really\";\"1\"\r\n\"bad\";\"0\"\r\n")
            .rows(Train, &ROWS),
        case("semicolons in quoted texts")
            .file("train.csv", "id;text;label\n1;\"a; b, \"\"c\"\"\";1\n2;\"two\nlines\";0\n")
            .rows(Train, &["a; b, \"c\"|1|-", "two\nlines|0|-"]),
        case("tabs in a .csv, as Excel's Unicode text")
            .file("train.csv", "text\tlabel\ngood, really\t1\nbad\t0\n")
            .rows(Train, &ROWS)
            .said(&["separated by tabs"]),
        case("bars").file("train.csv", "text|label\ngood, really|1\nbad|0\n").rows(Train, &ROWS).said(&["by `|`"]),
        case("commas in a .tsv")
            .file("train.tsv", "text,label\n\"good, really\",1\nbad,0\n")
            .rows(Train, &ROWS)
            .said(&["separated by `,`"]),
        case("the plain reading is not talked about")
            .file("train.csv", "text,label\n\"good, really\",1\nbad,0\n")
            .rows(Train, &ROWS)
            .unsaid("separated"),
        case("the extension's separator comes first")
            .file("train.csv", "text,label\na;b|c\td,1\nbad,0\n")
            .rows(Train, &["a;b|c\td|1|-", "bad|0|-"])
            .unsaid("separated"),
        case("splits that differ")
            .file("train.csv", "text;label\ngood, really;1\nbad;0\n")
            .file("test.csv", "text\ngood, really\n")
            .refused(&["data/test.csv, line 2: expected 1 fields as in the header, found 2"]),
        case("a test split without labels")
            .file("train.csv", "id;text;label\n1;good, really;1\n2;bad;0\n")
            .file("test.csv", "id;text\n1;so, so\n")
            .rows(corpus::Split::Test, &["so, so|-|-"]),
        case("LF, CRLF and CR alone").file("train.csv", "text,label\r\"good, really\",1\rbad,0\r").rows(Train, &ROWS),
    ]);
}

#[test]
fn a_line_of_excel_states_the_separator() {
    check(&[
        case("sep=;").file("train.csv", "sep=;\r\ntext;label\r\ngood, really;1\r\nbad;0\r\n").rows(Train, &ROWS),
        case("sep=, and a mark")
            .file("train.csv", "\u{feff}sep=,\ntext,label\n\"good, really\",1\nbad,0\n")
            .rows(Train, &ROWS),
        case("in quotes").file("train.csv", "\"sep=|\"\ntext|label\ngood, really|1\nbad|0\n").rows(Train, &ROWS),
        case("another separator")
            .file("train.csv", "sep=#\ntext#label\ngood, really#1\nbad#0\n")
            .rows(Train, &ROWS)
            .said(&["data/train.csv: separated by `#`"]),
        case("a word")
            .file("train.csv", "sep=and\ntext#label\na#1\n")
            .refused(&["data/train.csv, line 1: the separator is stated as `and`; expected one mark"]),
        case("lines are counted with it").file("train.csv", "sep=;\ntext;label\nfine;1\na;b;0\n").refused(&[
            "data/train.csv, line 4: expected 2 fields as in the header, found 3 (read as separated by `;`)",
        ]),
    ]);
}

#[test]
fn the_separator_can_be_told() {
    check(&[
        case("against the guess")
            .file("train.csv", "text;label,x\na;b,1\nc;d,0\n")
            .arguments(&["--delimiter", ",", "--text-column", "text;label", "--label-column", "x"])
            .rows(Train, &["a;b|1|-", "c;d|0|-"]),
        case("a tab by name")
            .file("train.csv", "text\tlabel\na\t1\nb\t0\n")
            .flags("--delimiter tab")
            .rows(Train, &["a|1|-", "b|0|-"]),
        case("against a line sep=")
            .file("train.csv", "sep=,\ntext;label\na;1\nb;0\n")
            .flags("--delimiter ;")
            .rows(Train, &["a|1|-", "b|0|-"]),
        case("another mark")
            .file("train.csv", "text:label\ngood, really:1\nbad:0\n")
            .flags("--delimiter :")
            .rows(Train, &ROWS),
        case("no mark")
            .file("train.csv", "text:label\na:1\n")
            .flags("--delimiter ::")
            .refused(&["expected one mark, such as `,` `;` `|` `@`, or tab"]),
        case("for files that have none")
            .file("train.jsonl", "{\"text\": \"a\", \"label\": 1}\n")
            .flags("--delimiter ;")
            .refused(&["--delimiter says how CSV, TSV and tables in .txt are read"]),
        case("for the sample")
            .source("--source sample")
            .flags("--no-header")
            .refused(&["--no-header says how CSV, TSV"]),
    ]);
}
