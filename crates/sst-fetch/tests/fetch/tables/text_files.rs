//! Tables in `.txt`, and in files whose names say no format: fields with a separator, and lines of a label and a text.

use corpus::Split::{Test, Train, Validation};

use super::windows_1252;
use crate::labels::{case, check};

#[test]
fn fields_in_txt_are_read_as_in_tsv() {
    check(&[
        case("with a header")
            .file("train.txt", "text\tlabel\na \"b\", c\tpos\nd\tneg\n")
            .names(&["neg", "pos"])
            .rows(Train, &["a \"b\", c|1|-", "d|0|-"]),
        case("with semicolons and without a header")
            .file("train.txt", "i feel so rotten;sadness\ni am glad, very;joy\n")
            .file("val.txt", "what a fine day;joy\n")
            .flags("--no-header --text-column 1 --label-column 2")
            .names(&["joy", "sadness"])
            .rows(Train, &["i feel so rotten|1|-", "i am glad, very|0|-"])
            .rows(Validation, &["what a fine day|0|-"])
            .said(&["separated by `;`"]),
        case("with a separator that is told, in another encoding")
            .file("Sentences_50Agree.txt", windows_1252("Sales rose – a lot .@positive\nThe loss grew .@negative\n"))
            .flags("--no-header --delimiter @ --text-column 1 --label-column 2 --encoding cp1252")
            .names(&["negative", "positive"])
            .rows(Train, &["Sales rose – a lot .|1|-", "The loss grew .|0|-"]),
        case("a text that begins like a tree")
            .file("train.txt", "text\tlabel\n(5 stars) fine\t1\n(500) Days\t0\n")
            .rows(Train, &["(5 stars) fine|1|-", "(500) Days|0|-"]),
        case("one table in a folder with a note")
            .file("reviews.txt", "text\tlabel\na\t1\nb\t0\n")
            .file("ReadMe.txt", "About these reviews\n")
            .rows(Train, &["a|1|-", "b|0|-"]),
        case("beside another format")
            .file("train.txt", "text\tlabel\na\t1\nb\t0\n")
            .file("test.csv", "text,label\nc,1\n")
            .rows(Test, &["c|1|-"]),
        case("no header, and none told")
            .file("train.txt", "good\t1\nbad\t0\nfine\t1\n")
            .refused(&["data/train.txt has no column text or sentence, only good, 1", "give --no-header"]),
        case("texts alone").file("train.txt", "good film\nbad film\n").refused(&[
            "data/train.txt has no column text or sentence, only good film; it has no separator that is told",
            "the folder that holds a folder for each class",
        ]),
    ]);
}

#[test]
fn lines_of_fast_text_are_read() {
    check(&[
        case("a label before each text")
            .file("train.txt", "__label__2 Great: \"so good\"\n__label__1 Bad, really\n")
            .file("test.txt", "__label__1 Poor\n")
            .names(&["1", "2"])
            .rows(Train, &["Great: \"so good\"|1|-", "Bad, really|0|-"])
            .rows(Test, &["Poor|0|-"])
            .said(&["lines of fastText, whose labels begin with __label__"]),
        case("by name, behind the text, and one without")
            .file("reviews.ft.txt", "so good __label__pos\nso bad __label__neg\nso so\n")
            .source("--train data/reviews.ft.txt")
            .names(&["neg", "pos"])
            .rows(Train, &["so good|1|-", "so bad|0|-", "so so|-|-"]),
        case("a table whose labels are written so")
            .file("train.txt", "text\tlabel\ngood film\t__label__pos\nbad film\t__label__neg\n")
            .names(&["__label__neg", "__label__pos"])
            .rows(Train, &["good film|1|-", "bad film|0|-"]),
        case("labels that run into the texts")
            .file("train.txt", "__label__1,Good film\n__label__2,Bad film\n")
            .refused(&["data/train.txt has no column text or sentence, only __label__1, Good film"]),
        case("two labels")
            .file("train.txt", "__label__a x\n__label__a __label__b y\n")
            .refused(&["data/train.txt, line 2: it has 2 labels, a, b"]),
        case("a table by its flags")
            .file("train.txt", "__label__a x\t1\n__label__b y\t0\n")
            .flags("--no-header --text-column 1 --label-column 2")
            .rows(Train, &["__label__a x|1|-", "__label__b y|0|-"]),
        case("a column that it has not")
            .file("train.txt", "__label__a x\n__label__b y\n")
            .flags("--keep-columns id")
            .refused(&["data/train.txt has no column id, only label, text"]),
    ]);
}

#[test]
fn lines_that_begin_with_a_label_are_read() {
    const TRAIN: &str = "1 a stirring , funny film\n0 1960 was better\n1 fine , really\n0 a mess\n";
    let rows = ["a stirring , funny film|1|-", "1960 was better|0|-", "fine , really|1|-", "a mess|0|-"];
    check(&[
        case("the treebank as prepared for convolutional networks")
            .file("stsa.binary.train", TRAIN)
            .file("stsa.binary.dev", "0 poor\n1 great\n0 bad\n1 good\n")
            .source("--train data/stsa.binary.train --validation data/stsa.binary.dev")
            .names(&["0", "1"])
            .rows(Train, &rows)
            .rows(Validation, &["poor|0|-", "great|1|-", "bad|0|-", "good|1|-"])
            .said(&["lines of a label, a blank and a text"]),
        case("in .txt").file("train.txt", TRAIN).rows(Train, &rows),
        case("names for the labels")
            .file("train.txt", TRAIN)
            .flags("--label-names negative,positive")
            .names(&["negative", "positive"])
            .rows(Train, &rows),
        case("questions of TREC")
            .file("TREC_10.label", "NUM:dist How far ?\nLOC:city Where ?\nNUM:dist How long ?\nLOC:city What city ?\n")
            .source("--train data/TREC_10.label")
            .names(&["LOC:city", "NUM:dist"])
            .rows(Train, &["How far ?|1|-", "Where ?|0|-", "How long ?|1|-", "What city ?|0|-"]),
        case("splits as extensions, beside the names of the labels")
            .file("dbpedia.train", "__label__2 , a .\n__label__1 , b .\n")
            .file("dbpedia.test", "__label__1 , c .\n")
            .file("classes.txt", "Company\nArtist\n")
            .names(&["Company", "Artist"])
            .rows(Train, &[", a .|1|-", ", b .|0|-"])
            .rows(Test, &[", c .|0|-"])
            .said(&["splits, by a word in their names: train dbpedia.train, test dbpedia.test"]),
        case("another split of one class, whose lines all have a separator")
            .file("a.train", "1 a\n0 b\n1 c\n0 d\n")
            .file("a.test", "1 c , d\n")
            .source("--train data/a.train --test data/a.test")
            .rows(Train, &["a|1|-", "b|0|-", "c|1|-", "d|0|-"])
            .rows(Test, &["c , d|1|-"]),
        case("another split that is no such file")
            .file("a.train", "1 a\n0 b\n1 c\n0 d\n")
            .file("a.test", "1 c\nfine\n")
            .source("--train data/a.train --test data/a.test")
            .refused(&["data/a.test, line 2: it is none of the lines of a label, a blank and a text"]),
        case("a split with a name that is not read")
            .file("train.txt", "text\tlabel\na\t1\nb\t0\n")
            .file("test.data", "text\tlabel\nc\t1\n")
            .refused(&["data/test.data looks like the test split and is nothing that is read by its name"]),
        case("a split with another word as its extension")
            .file("a.train", "1 a\n0 b\n1 c\n0 d\n")
            .file("a.test", "1 a\n0 b\n1 c\n0 d\n")
            .file("a.devel", "1 a\n0 b\n1 c\n0 d\n")
            .refused(&["data/a.devel may be another split of what stands beside it"]),
        case("a stray file beside tables")
            .file("reviews.tsv", "text\tlabel\na\t1\nb\t0\n")
            .file("svm.train", "0 1:0.5\n")
            .rows(Train, &["a|1|-", "b|0|-"]),
        case("a table beside names of labels")
            .file("reviews.txt", "text\tlabel\na\t1\nb\t0\n")
            .file("classes.txt", "neg\npos\n")
            .names(&["neg", "pos"])
            .rows(Train, &["a|1|-", "b|0|-"]),
        case("numbered lines")
            .file("train.txt", "1 good film\n2 bad film\n3 fine film\n4 poor film\n")
            .refused(&["data/train.txt has no column label, only 1 good film", "a digit as label"]),
        case("a table without an extension")
            .file("SMSSpamCollection", "ham\tSee you at \"five\nspam\tWIN a prize\nham\tok then\n")
            .source("--train data/SMSSpamCollection")
            .flags("--no-header --text-column 2 --label-column 1")
            .names(&["ham", "spam"])
            .rows(Train, &["See you at \"five|0|-", "WIN a prize|1|-", "ok then|0|-"]),
        case("what can be read once")
            .source("--train /dev/null")
            .refused(&["--train names /dev/null, a pipe or device, and files are read more than once"]),
        case("another format by its name")
            .file("train.xlsx", "1 a\n0 b\n1 c\n0 d\n")
            .source("--train data/train.xlsx")
            .refused(&["data/train.xlsx has no known format"]),
    ]);
}
