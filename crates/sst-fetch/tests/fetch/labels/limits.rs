//! Many values: what is still a set of classes, and that it fits on a screen.

use testkit::Sandbox;

use super::{case, check, csv};
use crate::support::Fetch;

/// Different words that the alphabet has in this order.
fn words(n: usize) -> Vec<String> {
    (0..n).map(|i| format!("class-{i:04}")).collect()
}

fn borrowed(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

/// n numbers, the first two of which are whole and a half.
fn fractions(n: usize) -> Vec<String> {
    (0..n).map(|i| (i as f64 / 2.0).to_string()).collect()
}

/// The indices 0, 1, ... as the table shows them.
fn indices(n: usize) -> String {
    (0..n).map(|i| i.to_string()).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_thousand_classes_are_possible_and_no_more() {
    let (thousand, more) = (words(1000), words(1001));
    check(&[
        case("a thousand words").train(&borrowed(&thousand)).names(&borrowed(&thousand)).labels(&indices(1000)),
        case("a thousand and one").train(&borrowed(&more)).refused(&["1001", "label"]),
        case("numbers from 1 to 1001: likely a column of ids")
            .train(&borrowed(&(1..=1001).map(|i| i.to_string()).collect::<Vec<_>>()))
            .refused(&["1001", "label"]),
        case("a thousand, and one more in the test split")
            .train(&borrowed(&thousand))
            .test(&["another"])
            .refused(&["1001", "label"]),
    ]);
}

#[test]
fn many_fractions_are_scores() {
    let (twenty, more) = (fractions(20), fractions(21));
    let whole: Vec<String> = (0..21).map(|i| format!("{i}.0")).collect();
    check(&[
        case("twenty numbers with fractions among them are classes")
            .train(&borrowed(&twenty))
            .names(&borrowed(&twenty))
            .labels(&indices(20)),
        case("twenty-one are not").train(&borrowed(&more)).refused(&["--score-column"]),
        case("the twenty-first in the test split")
            .train(&borrowed(&twenty))
            .test(&["99.25"])
            .refused(&["--score-column"]),
        case("in a column of another name")
            .file("train.csv", csv(&borrowed(&more)).replace("label", "grade"))
            .flags("--label-column grade")
            .refused(&["--score-column"]),
        case("twenty-one whole floats are classes")
            .train(&borrowed(&whole))
            .names(&borrowed(&(0..21).map(|i| i.to_string()).collect::<Vec<_>>()))
            .labels(&indices(21)),
    ]);
}

#[test]
fn messages_about_many_classes_fit_on_a_screen() {
    let sandbox = Sandbox::new();
    let names = words(174);
    sandbox.write("data/train.csv", csv(&borrowed(&names)));
    sandbox.write("data/test.csv", csv(&borrowed(&words(175))));
    let said = sandbox.fetched("dataset --source data --out raw").stderr;
    let refusals = ["--label-names a,b", "--label-order class-0001,class-0000"];
    let refusals = refusals.map(|flags| sandbox.refused(&format!("dataset --source data --out other {flags}")));
    for said in refusals.iter().chain([&said]) {
        assert!(said.len() < 2000, "{} bytes: {said}", said.len());
        assert!(said.contains("class-0000"), "{said}");
    }
}
