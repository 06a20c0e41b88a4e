//! Quotes: around fields or text.

use corpus::Split::{Train, Validation};

use crate::labels::{case, check};

#[test]
fn quotes_in_tsv_are_what_their_writer_meant() {
    check(&[
        case("GLUE: text, though each of them could be around a field")
            .file("train.tsv", "sentence\tlabel\n\"fine\" \t1\n\"a \"\"b\"\"\" \t0\n")
            .rows(Train, &["\"fine\"|1|-", "\"a \"\"b\"\"\"|0|-"])
            .said(&["taken for GLUE's SST-2"])
            .unsaid("quotes"),
        case("such a header, and doubled quotes without GLUE's blanks")
            .file("train.tsv", "sentence\tlabel\n\"he said \"\"go\"\"\"\t0\nfine\t1\n")
            .names(&["0", "1"])
            .rows(Train, &["he said \"go\"|0|-", "fine|1|-"])
            .unsaid("GLUE"),
        case("such a header, and texts with capitals")
            .file("train.tsv", "sentence\tlabel\n\"He said \"\"go\"\"\"\t0\n\"x, y\"\t1\n")
            .names(&["0", "1"])
            .rows(Train, &["He said \"go\"|0|-", "x, y|1|-"])
            .unsaid("GLUE"),
        case("a half quote makes all of them text")
            .file("train.tsv", "text\tlabel\n\"fine\"\tpos\n\"half a quote\tneg\n")
            .rows(Train, &["\"fine\"|1|-", "\"half a quote|0|-"]),
        case("a quotation in one text")
            .file("train.tsv", "text\tlabel\n\"fine\"\tpos\nbad\tneg\n")
            .rows(Train, &["\"fine\"|1|-", "bad|0|-"]),
        case("pandas: quoted where needed")
            .file("train.tsv", "text\tlabel\n\"a \"\"b\"\" c\"\tpos\nplain \tneg\n")
            .rows(Train, &["a \"b\" c|1|-", "plain |0|-"])
            .said(&["data/train.tsv: quotes around fields, no text"]),
        case("pandas: tabs and line breaks in texts")
            .file("train.tsv", "text\tlabel\n\"two\nlines\"\tpos\n\"a\ttab\"\tneg\n")
            .rows(Train, &["two\nlines|1|-", "a\ttab|0|-"]),
        case("quoted throughout, header and all")
            .file("train.tsv", "\"text\"\t\"label\"\n\"fine\"\t\"pos\"\n\"bad é\"\t\"neg\"\n")
            .rows(Train, &["fine|1|-", "bad é|0|-"]),
        case("texts quoted, numbers not, as csv.QUOTE_NONNUMERIC does")
            .file("train.tsv", "\"text\"\t\"label\"\n\"fine\"\t1\n\"bad\"\t0\n")
            .rows(Train, &["fine|1|-", "bad|0|-"]),
        case("a spreadsheet's: where there is a comma")
            .file("train.tsv", "text\tlabel\n\"fine, good\"\tpos\nbad\tneg\n\"so, so\"\tneg\n")
            .rows(Train, &["fine, good|1|-", "bad|0|-", "so, so|0|-"])
            .said(&["data/train.tsv: quotes around fields, no text"]),
        case("a comma without quotes: those of others are text")
            .file("train.tsv", "text\tlabel\n\"fine, good\"\tpos\nbad, worse\tneg\n\"so, so\"\tneg\n")
            .rows(Train, &["\"fine, good\"|1|-", "bad, worse|0|-", "\"so, so\"|0|-"]),
        case("quotes without a comma: all of them are text")
            .file("train.tsv", "text\tlabel\n\"fine, good\"\tpos\n\"bad\"\tneg\n\"so, so\"\tneg\nok\tpos\n")
            .rows(Train, &["\"fine, good\"|1|-", "\"bad\"|0|-", "\"so, so\"|0|-", "ok|1|-"]),
        case("two unbalanced quotes that enclose a line break by chance")
            .file("train.tsv", "text\tlabel\n\"half\t1\nother half\"\t0\n")
            .rows(Train, &["\"half|1|-", "other half\"|0|-"]),
        case("as told")
            .file("train.tsv", "text\tlabel\n\"fine\"\tpos\nbad\tneg\n")
            .flags("--quotes doubled")
            .rows(Train, &["fine|1|-", "bad|0|-"]),
        case("each split for itself")
            .file("train.tsv", "text\tlabel\n\"fine\"\tpos\n\"half\tneg\n")
            .file("dev.tsv", "\"text\"\t\"label\"\n\"fine\"\t\"pos\"\n")
            .rows(Train, &["\"fine\"|1|-", "\"half|0|-"])
            .rows(Validation, &["fine|1|-"]),
    ]);
}

#[test]
fn text_behind_a_closing_quote_is_refused_with_its_line() {
    check(&[
        case("two texts that begin with a quote, by which the rows between would be lost")
            .file("train.csv", "text,label\n\"great he said,1\nfine,0\n\"bad he said,0\nok,1\n")
            .refused(&["data/train.csv, line 4: text follows the quote that closes a field", "--quotes literal"]),
        case("read as text")
            .file("train.csv", "text,label\n\"great he said,1\nfine,0\n\"bad he said,0\n")
            .flags("--quotes literal")
            .rows(Train, &["\"great he said|1|-", "fine|0|-", "\"bad he said|0|-"]),
        case("quotes within quotes that are not doubled")
            .file("train.csv", "\"text\",\"label\"\n\"I said \"hello\" to him\",\"1\"\n")
            .refused(&["line 2: text follows"]),
        case("blanks are none")
            .file("train.csv", "text,label\n\"a, b\" ,1\nc,0\n")
            .rows(Train, &["a, b |1|-", "c|0|-"]),
        case("with semicolons").file("train.csv", "text;label\n\"a\"b;1\nc;0\n").refused(&["line 2: text follows"]),
    ]);
}

#[test]
fn an_open_quote_is_refused_with_its_line() {
    check(&[
        case("in row 7 of 36")
            .file("train.csv", {
                let row = |n: usize| if n == 7 { "1,\"never closed\n".to_owned() } else { format!("{},t{n}\n", n % 2) };
                format!("label,text\n{}", (1..=36).map(row).collect::<String>())
            })
            .refused(&[
                "data/train.csv, line 8: the quote that opens a field here is not closed before the end of the file",
            ]),
        case("in the last row").file("train.csv", "text,label\na,1\n\"b,0\n").refused(&["line 3: the quote"]),
        case("after a field of two lines")
            .file("train.csv", "text,label\r\n\"two\r\nlines\",1\r\n\"b,0\r\n")
            .refused(&["line 4: the quote"]),
        case("in the header").file("train.csv", "\"text,label\na,1\n").refused(&["line 1: the quote"]),
        case("with semicolons").file("train.csv", "text;label\na;1\n\"b;0\n").refused(&["line 3: the quote"]),
        case("that another one closes: the row is too long")
            .file("train.csv", "text,label\n\"open,1\nfine,0\n\",a, b\",1\n")
            .refused(&["line 2: expected 2 fields as in the header, found 4", "the row goes on to line 4"]),
        case("in a TSV whose quotes are text")
            .file("train.tsv", "text\tlabel\n\"fine\"\tpos\n\"half\tneg\n\"a\ttab\"\tneg\n")
            .refused(&[
                "line 4: expected 2 fields as in the header, found 3; quotes are read as text",
                "--quotes doubled",
            ]),
        case("read as text")
            .file("train.csv", "text,label\na,1\n\"b,0\n")
            .flags("--quotes literal")
            .rows(Train, &["a|1|-", "\"b|0|-"]),
    ]);
}

#[test]
fn quotes_in_csv_are_around_fields() {
    check(&[
        case("in the middle of a field they are text")
            .file("train.csv", "text,label\n5\" tall,1\nsay \"\"no\"\",0\n")
            .rows(Train, &["5\" tall|1|-", "say \"\"no\"\"|0|-"]),
        case("escaped by backslashes, as Spark and Python's escapechar do")
            .file("train.csv", "text,label\n\"he said \\\"hi, there\\\"\",1\nbad,0\n")
            .rows(Train, &["he said \"hi, there\"|1|-", "bad|0|-"])
            .said(&["backslashes before inner ones"]),
        case("a backslash before the closing quote")
            .file("train.csv", "text,label\n\"a, C:\\\",1\nbad,0\n")
            .rows(Train, &["a, C:\\|1|-", "bad|0|-"])
            .unsaid("backslashes"),
        case("a database's null, and a text of the same letters")
            .file("train.csv", "text,label\n\"\\N\",1\nb,\\N\nc,0\n")
            .rows(Train, &["\\N|1|-", "b|-|-", "c|0|-"]),
    ]);
}
