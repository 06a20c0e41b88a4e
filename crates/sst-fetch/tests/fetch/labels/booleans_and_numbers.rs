//! Labels that are booleans or numbers, and what only looks like them.

use super::{case, check, csv};

#[test]
fn numbers_are_classes_in_the_order_of_numbers() {
    check(&[
        case("-1, 0 and 1 are three classes, eight rows each")
            .train(&["-1", "0", "1"].repeat(8))
            .flags("--label-names negative,neutral,positive")
            .names(&["negative", "neutral", "positive"])
            .labels(&["0 1 2"; 8].join(" "))
            .said(&["train: 24 rows, 24 sentences"])
            .unsaid("without a label"),
        case("-1, 0 and 1 without names are named by themselves")
            .train(&["0", "1", "-1"])
            .names(&["-1", "0", "1"])
            .labels("1 2 0")
            .unsaid("alphabet"),
        case("0 and 4 are two classes").train(&["4", "0", "4"]).names(&["0", "4"]).labels("1 0 1"),
        case("stars from 1 to 5")
            .train(&["5", "1", "2", "3", "4"])
            .names(&["1", "2", "3", "4", "5"])
            .labels("4 0 1 2 3"),
        case("codes of four digits").train(&["3030", "1010", "2020"]).names(&["1010", "2020", "3030"]).labels("2 0 1"),
        case("9 comes before 10").train(&["10", "9", "2"]).names(&["2", "9", "10"]).labels("2 1 0"),
        case("spellings of the same number")
            .train(&["1", "1.0", "+1", "1.00", "1e0", "0", "0.0", "-0", "0E5"])
            .names(&["0", "1"])
            .labels("1 1 1 1 1 0 0 0 0"),
        case("a point without digits on one side, as pandas reads it")
            .train(&[".5", "1.", "0.5", "1"])
            .names(&["0.5", "1"])
            .labels("0 1 0 1"),
        case("exponents").train(&["1e2", "100", "1E+2", "25e-1", "2.5"]).names(&["2.5", "100"]).labels("1 1 1 0 0"),
        case("a few fractions are classes, too")
            .train(&["0.5", "-1.5", "0.50", "5e-1", "2"])
            .names(&["-1.5", "0.5", "2"])
            .labels("1 0 1 1 2"),
        case("numbers that a float64 cannot tell apart are two classes")
            .train(&["9007199254740993", "9007199254740992"])
            .names(&["9007199254740992", "9007199254740993"])
            .labels("1 0"),
        case("spaces around a number").train(&[" 1", "1 ", " 0 "]).names(&["0", "1"]).labels("1 1 0"),
        case("a number in quotes is a number").train(&["\"1\"", "1", "\"0\""]).names(&["0", "1"]).labels("1 1 0"),
        case("lines that end as on Windows")
            .file("train.csv", csv(&["1", "0", "1.0"]).replace('\n', "\r\n"))
            .names(&["0", "1"])
            .labels("1 0 1"),
    ]);
}

#[test]
fn booleans_are_false_then_true() {
    check(&[
        case("booleans in any case")
            .train(&["True", "false", "TRUE", "False", "true"])
            .names(&["false", "true"])
            .labels("1 0 1 0 1")
            .unsaid("alphabet")
            .unsaid("warning"),
        case("booleans with a gap, as pandas writes them")
            .train(&["True", "", "False"])
            .names(&["false", "true"])
            .labels("1 - 0"),
        case("spaces around a boolean").train(&[" True", "FALSE "]).names(&["false", "true"]).labels("1 0"),
    ]);
}

#[test]
fn what_only_looks_like_a_number_or_a_boolean_is_a_word() {
    check(&[
        case("zeros in front make words")
            .train(&["007", "7", "010"])
            .names(&["007", "010", "7"])
            .labels("0 2 1")
            .said(&["alphabet"]),
        case("zeros in front of a fraction make words").train(&["00.1", "0.1"]).names(&["0.1", "00.1"]).labels("1 0"),
        case("one word makes all of them words")
            .train(&["1", "many", "2", "10"])
            .names(&["1", "10", "2", "many"])
            .labels("0 3 2 1")
            .said(&["alphabet"]),
        case("1 and 1.0 among words are two words")
            .train(&["1", "many", "1.0"])
            .names(&["1", "1.0", "many"])
            .labels("0 2 1"),
        case("other notations of numbers are words")
            .train(&["1_000", "0x10", "1/2"])
            .names(&["0x10", "1/2", "1_000"])
            .labels("2 0 1"),
        case("a decimal comma makes a number, if all have one")
            .train(&["\"10,0\"", "\"0,5\"", "\"9,5\""])
            .names(&["0.5", "9.5", "10"])
            .labels("2 0 1")
            .said(&["numbers"]),
        case("beside whole numbers, as spreadsheets write them")
            .train(&["10", "\"1,5\"", "2"])
            .names(&["1.5", "2", "10"])
            .labels("2 0 1"),
        case("they are named as they are spelled")
            .train(&["\"1,0\"", "\"2,0\"", "\"-1,0\""])
            .flags("--label-order \"2,0\",\"1,0\" --unlabeled=-1")
            .names(&["2", "1"])
            .labels("1 0 -"),
        case("and a word, if others have a point, or thousands may be meant")
            .train(&["\"1,5\"", "0.5", "\"1,000\""])
            .names(&["0.5", "1,000", "1,5"])
            .labels("2 0 1"),
        case("words that differ in a number alone")
            .train(&["LABEL_10", "LABEL_9", "LABEL_0"])
            .flags("--label-names none,nine,ten")
            .names(&["none", "nine", "ten"])
            .labels("2 1 0"),
        case("booleans among words are words as they stand there")
            .train(&["true", "False", "Maybe"])
            .names(&["False", "Maybe", "true"])
            .labels("2 0 1"),
        case("booleans among numbers are words").train(&["true", "1", "0"]).names(&["0", "1", "true"]).labels("2 1 0"),
    ]);
}
