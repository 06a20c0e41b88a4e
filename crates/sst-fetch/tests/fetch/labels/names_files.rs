//! Files of names beside the data.

use corpus::Split;
use testkit::Sandbox;

use super::{case, check};
use crate::support::Fetch;

#[test]
fn numbers_are_named_by_a_file_beside_them() {
    check(&[
        case("from 1, a name a line")
            .train(&["2", "1", "3"])
            .file("classes.txt", "World\nSports\r\nSci/Tech\n\n")
            .names(&["World", "Sports", "Sci/Tech"])
            .labels("1 0 2")
            .said(&["names of the labels, from data/classes.txt"]),
        case("from 0, and a class that train has not")
            .train(&["0", "2"])
            .validation(&["1", "0"])
            .file("class.txt", "a\nb\nc")
            .names(&["a", "b", "c"])
            .labels("0 2")
            .labels_of(Split::Validation, "1 0"),
        case("with their numbers")
            .train(&["1", "0"])
            .file("mapping.txt", "0\t❤\t_red_heart_\t\n1\tjoy\t\n")
            .names(&["❤", "joy"])
            .labels("1 0"),
        case("with their numbers, from 1")
            .train(&["1", "2"])
            .file("mapping.txt", "1\tlow\n2\thigh\n")
            .names(&["low", "high"])
            .labels("0 1"),
        case("labels with a point, one missing, and a test split without any")
            .train(&["1.0", "0.0", "nan"])
            .test(&["-1", "-1"])
            .file("classes.txt", "no\nyes\n")
            .names(&["no", "yes"])
            .labels("1 0 -"),
        case("a file that does not fit before one that does")
            .train(&["1", "0"])
            .file("classes.txt", "a\nb\nc\n")
            .file("mapping.txt", "1: yes\n0: no\n")
            .names(&["no", "yes"])
            .labels("1 0"),
        case("the first file that holds names")
            .train(&["1", "0"])
            .file("class.txt", "a\na\n")
            .file("labels.txt", "no\nyes\n")
            .names(&["no", "yes"])
            .labels("1 0"),
    ]);
}

#[test]
fn names_that_do_not_fit_are_not_used() {
    check(&[
        case("more names")
            .train(&["1", "0"])
            .file("classes.txt", "a\nb\nc\n")
            .names(&["0", "1"])
            .said(&["not used: data/classes.txt, which names 3 labels, a, b, c; those of the data are others"]),
        case("other numbers than beside the names")
            .train(&["1", "0"])
            .file("mapping.txt", "1\tlow\n2\thigh\n")
            .names(&["0", "1"])
            .said(&["not used: data/mapping.txt"]),
        case("a label of two digits")
            .train(&["01", "2", "01"])
            .file("classes.txt", "a\nb\n")
            .names(&["01", "2"]),
        case("no list")
            .train(&["1", "0"])
            .file("mapping.txt", "0\ta\n2\tb\n")
            .names(&["0", "1"])
            .said(&["not used: data/mapping.txt, which may be names of labels: its numbers are not those of one list"]),
        case("in another encoding than the data")
            .train(&["1", "0"])
            .file("classes.txt", b"n\xe9gatif\npositif\n".to_vec())
            .names(&["0", "1"])
            .said(&["not used: data/classes.txt, which may be names of labels: data/classes.txt, line 1: the text is not UTF-8"]),
        case("words").train(&["b", "a"]).file("classes.txt", "y\nz\n").names(&["a", "b"]).labels("1 0"),
        case("numbers as names").train(&["1", "0"]).file("labels.txt", "5\n6\n").names(&["0", "1"]),
        case("what the user says")
            .train(&["1", "0"])
            .file("classes.txt", "a\nb\n")
            .flags("--label-names bad,good")
            .names(&["bad", "good"]),
    ]);
}

/// The names are part of the result, so a change of their file is one of an input.
#[test]
fn freshness_sees_the_names() {
    let sandbox = Sandbox::new();
    sandbox.write("data/train.csv", "text,label\na,0\nb,1\n");
    sandbox.write("data/classes.txt", "bad\ngood\n");
    let command = "dataset --train data/train.csv --out raw";
    sandbox.fetched(command);
    assert_eq!(sandbox.fetched(command).stderr, "sst-fetch dataset: raw is fresh\n");
    sandbox.write("data/classes.txt", "poor\nfine\n");
    let explained = sandbox.fetched(&format!("{command} --explain")).stdout;
    assert!(explained.contains("names/classes.txt"), "{explained}");
}
