//! Headers: spaces around names, names of other case, none at all.

use corpus::Split::{Test, Train};

use crate::labels::{case, check};

#[test]
fn spaces_around_names_are_no_part_of_them() {
    check(&[
        case("after commas").file("train.csv", "id, text, label\n1,a,1\n2,b,0\n").rows(Train, &["a|1|-", "b|0|-"]),
        case("with quotes").file("train.csv", "\" text \";\"label \"\na;1\nb;0\n").rows(Train, &["a|1|-", "b|0|-"]),
        case("the name that fits exactly wins")
            .file("train.csv", "text ,text,label\nx,a,1\nx,b,0\n")
            .rows(Train, &["a|1|-", "b|0|-"]),
        case("columns without a name, as spreadsheets leave them")
            .file("train.csv", "text,label,,\na,1,,\nb,0,,\n")
            .rows(Train, &["a|1|-", "b|0|-"]),
        case("pandas' index").file("train.csv", ",text,label\n0,a,1\n1,b,0\n").rows(Train, &["a|1|-", "b|0|-"]),
    ]);
}

#[test]
fn a_header_that_comes_again_is_refused() {
    check(&[
        case("two tables, one behind the other")
            .file("train.csv", "text,label\na b,good\nc d,bad\ntext,label\ne f,good\n")
            .refused(&["data/train.csv, line 4: it repeats the header"]),
        case("without a header the first row may come again")
            .file("train.csv", "a,1\nb,0\na,1\n")
            .flags("--no-header --text-column 1 --label-column 2")
            .rows(Train, &["a|1|-", "b|0|-", "a|1|-"]),
        case("in another case, with a mark, and among blanks")
            .file("train.csv", "text,label\na,1\n\u{feff}Text, LABEL\nb,0\n")
            .refused(&["data/train.csv, line 3: it repeats the header"]),
        case("of a test split, another case of a name is the same")
            .file("train.csv", "review,label\na,1\nb,0\n")
            .file("test.csv", "Review,Label\nc,1\n")
            .rows(Test, &["c|1|-"]),
        case("of a test split, a slip is not taken for no labels")
            .file("train.csv", "text,label\na,1\nb,0\n")
            .file("test.csv", "text,Label\nc,1\n")
            .flags("--text-column text --label-column label")
            .refused(&["data/test.csv has no column label, only text, Label; is it --label-column 'Label'?"]),
        case("a line of dashes below it is no row")
            .file("train.csv", "text,label\n----,-----\na,1\n--,0\n")
            .rows(Train, &["a|1|-", "--|0|-"])
            .said(&["without the line of dashes below the header"]),
        case("of Markdown")
            .file("train.csv", "|text|label|\n|---|:--:|\n|a|1|\n|b|0|\n")
            .flags("--text-column text --label-column label")
            .rows(Train, &["a|1|-", "b|0|-"]),
        case("of one column they may be texts, and so if they are not in all")
            .file("train.csv", "text,label\na,1\nb,0\n")
            .file("test.csv", "text\n--\n---\n")
            .rows(Test, &["--|-|-", "---|-|-"]),
        case("a sentence above the rows, and a label that does not come again, are no header")
            .file(
                "train.csv",
                "a fine film with wit and charm,neutral\nwhat a great film to see it was,pos\nnot one for me at all you see,neg\n\
                 it was all that one may want,pos\nit was all that one may fear,neg\nsee it as soon as you can,pos\n\
                 do not see it if you can,neg\n",
            )
            .refused(&["the first line looks like a row"]),
        case("a title above it is told")
            .file("train.csv", "Report of reviews,\ntext,label\na good film,pos\na bad film,neg\n")
            .refused(&["line 2 looks like the header: remove the lines before it"]),
        case("a survey's question is one")
            .file(
                "train.csv",
                "Timestamp,\"Please tell us in your own words how it was\",Satisfied?\n\
                 1/1/2024,a good long film to see,Yes\n1/2/2024,a bad long film to see,No\n1/3/2024,what a film,Yes\n\
                 1/4/2024,another of the worst,No\n1/5/2024,see it if you can,Yes\n1/6/2024,just do not go,No\n",
            )
            .said(&["texts: column `Please tell us in your own words how it was` by its content"])
            .names(&["No", "Yes"]),
        case("a header that is read as a row is told")
            .file("train.csv", "review,sentiment\na good film,pos\na bad film,neg\n")
            .flags("--no-header --text-column 1 --label-column 2")
            .said(&["though the first line looks like a header, it is a row, as told"]),
        case("texts and labels in Chinese")
            .file(
                "train.csv",
                "\u{8bc4},\u{5206}\n\u{5473}\u{9053}\u{5f88}\u{597d}\u{4e0b}\u{6b21}\u{518d}\u{6765},\u{597d}\n\
                 \u{7b49}\u{4e86}\u{5f88}\u{4e45}\u{4e5f}\u{6ca1}\u{6765},\u{5dee}\n\u{5305}\u{88c5}\u{5f88}\u{597d}\u{5473}\u{9053}\u{597d},\u{597d}\n\
                 \u{51c9}\u{4e86}\u{4e0d}\u{597d}\u{5403}\u{4e86},\u{5dee}\n\u{9001}\u{9910}\u{5f88}\u{5feb}\u{5f88}\u{68d2},\u{597d}\n\
                 \u{6001}\u{5ea6}\u{5f88}\u{5dee}\u{4e0d}\u{6765},\u{5dee}\n",
            )
            .said(&["labels: column `\u{5206}` by its content"]),
    ]);
}

#[test]
fn a_missing_column_comes_with_what_the_file_looks_like() {
    check(&[
        case("another case")
            .file("train.csv", "TEXT,Wert\na,1\n")
            .refused(&["data/train.csv has no column label, only TEXT, Wert"]),
        case("another case of what was asked for")
            .file("train.csv", "Texte,label\na,1\n")
            .flags("--text-column texte")
            .refused(&["data/train.csv has no column texte, only Texte, label; is it --text-column 'Texte'?"]),
        case("two of one name")
            .file("train.csv", "text,label,label\na,1,2\nb,0,1\n")
            .refused(&["data/train.csv, line 1: two columns are called label; rename one of them"]),
        case("another case of the labels")
            .file("train.csv", "text,Note\na,1\n")
            .flags("--label-column note")
            .refused(&["has no column note, only text, Note; is it --label-column 'Note'?"]),
        case("another separator")
            .file("train.csv", "aussage;note\na;1\nb;2\n")
            .refused(&["has no column text or sentence, only aussage, note (read as separated by `;`)"]),
        case("no header: Sentiment140")
            .file("train.csv", "\"0\",\"1467810369\",\"Mon Apr 06\",\"NO_QUERY\",\"user\",\"awww\"\n\"4\",\"1\",\"b\",\"NO_QUERY\",\"c\",\"yes\"\n")
            .refused(&["the first line looks like a row", "--no-header", "--text-column 2 --label-column 1"]),
        case("no header: words")
            .file("train.csv", "pos,a good one\nneg,a bad one\npos,fine\n")
            .refused(&["the first line looks like a row"]),
        case("a header that is one").file("train.csv", "aussage,note\na,1\n").refused(&["only aussage, note\n"]),
        case("JSON of another case")
            .file("train.jsonl", "{\"Avis\": \"a\", \"label\": 1}\n")
            .flags("--text-column avis")
            .refused(&["is it --text-column 'Avis'?"]),
    ]);
}

#[test]
fn without_a_header_columns_are_numbers() {
    check(&[
        case("commas")
            .file("train.csv", "1,\"good, really\"\n0,bad\n")
            .flags("--no-header --text-column 2 --label-column 1")
            .rows(Train, &["good, really|1|-", "bad|0|-"]),
        case("semicolons, found by the rows")
            .file("train.csv", "1;good, really\n0;bad\n")
            .flags("--no-header --text-column 2 --label-column 1")
            .rows(Train, &["good, really|1|-", "bad|0|-"])
            .said(&["separated by `;`"]),
        case("tabs")
            .file("train.tsv", "a, b\t1\nc, d\t0\n")
            .flags("--no-header --text-column 1 --label-column 2")
            .rows(Train, &["a, b|1|-", "c, d|0|-"]),
        case("two separators fit")
            .file("train.csv", "a, b;1\nc, d;0\n")
            .flags("--no-header --text-column 1 --label-column 2")
            .refused(&["data/train.csv, line 1: the rows may be separated by `,` or by `;`", "--delimiter ',' or ';'"]),
        case("and are told apart")
            .file("train.csv", "a, b;1\nc, d;0\n")
            .flags("--no-header --text-column 1 --label-column 2 --delimiter ;")
            .rows(Train, &["a, b|1|-", "c, d|0|-"]),
        case("too high a number")
            .file("train.csv", "a,1\nb,0\n")
            .flags("--no-header --text-column 3 --label-column 2")
            .refused(&["has no column 3, only 1, 2"]),
        case("no numbers").file("train.csv", "a,1\nb,0\n").flags("--no-header").refused(&[
            "has no column text or sentence, only 1, 2; without a header, columns are numbers from 1: --text-column 2",
        ]),
        case("a row that differs")
            .file("train.csv", "a,1\nb,0\nc\n")
            .flags("--no-header --text-column 1 --label-column 2 --delimiter ,")
            .refused(&["line 3: expected 2 fields as in the first row, found 1"]),
        case("R's write.table: row names that the header does not count")
            .file(
                "train.tsv",
                "\"text\"\t\"label\"\n\"1\"\t\"a \\\"b\\\" c\"\t\"pos\"\n\"2\"\t\"d\"\t\"neg\"\n\"3\"\t\"e\"\tNA\n",
            )
            .rows(Train, &["a \"b\" c|1|-", "d|0|-", "e|-|-"])
            .said(&[
                "quotes around fields, with backslashes before inner ones",
                "the first field of a row is its name",
            ]),
        case("a field too many in each row is no row name")
            .file("train.csv", "text,label\na,b,1\nc,d,0\n")
            .refused(&["line 2: expected 2 fields as in the header, found 3"]),
        case("an empty last field in each row is no row name")
            .file("train.csv", "text,label\na,1,\nb,0,\n")
            .refused(&["line 2: expected 2 fields as in the header, found 3"]),
    ]);
}
