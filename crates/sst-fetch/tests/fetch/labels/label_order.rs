//! `--label-order`: the values in their order.

use corpus::Split;

use super::{case, check};

#[test]
fn the_given_order_is_taken() {
    check(&[
        case("words")
            .train(&["medium", "large", "small"])
            .flags("--label-order small,medium,large")
            .names(&["small", "medium", "large"])
            .labels("1 2 0")
            .unsaid("alphabet"),
        case("against the known order of words")
            .train(&["bad", "good"])
            .flags("--label-order good,bad")
            .names(&["good", "bad"])
            .labels("1 0"),
        case("numbers, the best first")
            .train(&["1", "2", "3", "4", "5"])
            .flags("--label-order 5,4,3,2,1")
            .names(&["5", "4", "3", "2", "1"])
            .labels("4 3 2 1 0"),
        case("numbers are compared as numbers")
            .train(&["1.0", "2", "+1"])
            .flags("--label-order 2.00,1")
            .names(&["2", "1"])
            .labels("1 0 1"),
        case("a list that begins with a minus sign")
            .train(&["0", "1", "-1"])
            .flags("--label-order -1,0,1")
            .names(&["-1", "0", "1"])
            .labels("1 2 0"),
        case("booleans")
            .train(&["True", "false"])
            .flags("--label-order true,false")
            .names(&["true", "false"])
            .labels("0 1"),
        case("a value that only validation has")
            .train(&["a", "b"])
            .validation(&["c", "a"])
            .flags("--label-order c,a,b")
            .names(&["c", "a", "b"])
            .labels("1 2")
            .labels_of(Split::Validation, "0 1"),
        case("words with a comma, from a profile")
            .train(&["Sport", "\"Culture, arts\"", "R&D"])
            .file("profile.toml", "[fetch.dataset]\nlabel_order = ['Sport', 'R&D', 'Culture, arts']\n")
            .flags("--profile data/profile.toml")
            .names(&["Sport", "R&D", "Culture, arts"])
            .labels("0 2 1"),
        case("with names by rank")
            .train(&["down", "up", "level"])
            .flags("--label-order down,level,up --label-names falls,stays,rises")
            .names(&["falls", "stays", "rises"])
            .labels("0 2 1"),
        case("with names, of numbers from best to worst")
            .train(&["1", "2", "3"])
            .flags("--label-order 3,2,1 --label-names failed,passed,excellent")
            .names(&["failed", "passed", "excellent"])
            .labels("2 1 0"),
    ]);
}

#[test]
fn an_order_of_other_values_is_refused_with_what_was_found() {
    check(&[
        case("a value is left out")
            .train(&["small", "medium", "large"])
            .flags("--label-order small,medium")
            .refused(&["--label-order", "large"]),
        case("a value that does not occur")
            .train(&["small", "large"])
            .flags("--label-order small,large,huge")
            .refused(&["--label-order", "huge", "small", "large"]),
        case("a value twice")
            .train(&["small", "large"])
            .flags("--label-order small,large,small")
            .refused(&["--label-order", "small"]),
        case("another spelling").train(&["good", "bad"]).flags("--label-order Bad,Good").refused(&[
            "--label-order",
            "bad",
            "good",
        ]),
        case("numbers that are not there")
            .train(&["11", "12", "13"])
            .flags("--label-order 10,11,12")
            .refused(&["--label-order", "13"]),
        case("a value that only the test split has is left out")
            .train(&["small", "large"])
            .test(&["huge"])
            .flags("--label-order small,large")
            .refused(&["--label-order", "huge"]),
        case("an order and names of another count")
            .train(&["small", "large"])
            .flags("--label-order small,large --label-names a,b,c")
            .refused(&["--label-names", "small", "large"]),
    ]);
}
