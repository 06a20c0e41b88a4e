//! `--label-names`: names by rank, or the values themselves in their order.

use corpus::Split;

use super::{case, check};

#[test]
fn names_are_given_by_rank() {
    check(&[
        case("to numbers")
            .train(&["1", "0", "1"])
            .flags("--label-names bad,good")
            .names(&["bad", "good"])
            .labels("1 0 1"),
        case("to numbers that are no indices")
            .train(&["4", "0", "4"])
            .flags("--label-names negative,positive")
            .names(&["negative", "positive"])
            .labels("1 0 1"),
        case("to stars: the first name is that of 1, not of 0")
            .train(&["1", "5", "3", "2", "4"])
            .flags("--label-names awful,bad,ok,good,great")
            .names(&["awful", "bad", "ok", "good", "great"])
            .labels("0 4 2 1 3"),
        case("to booleans")
            .train(&["True", "False"])
            .flags("--label-names calm,toxic")
            .names(&["calm", "toxic"])
            .labels("1 0"),
        case("to words in the order of sentiment")
            .train(&["ok", "good", "bad"])
            .flags("--label-names low,middle,high")
            .names(&["low", "middle", "high"])
            .labels("1 2 0"),
        case("to words in the order of the alphabet")
            .train(&["spam", "ham"])
            .flags("--label-names mail,junk")
            .names(&["mail", "junk"])
            .labels("1 0"),
        case("from a profile, where a list is a list")
            .train(&["0", "1", "2"])
            .file("profile.toml", "[fetch.dataset]\nlabel_names = ['Culture, arts', 'R&D', 'Sport']\n")
            .flags("--profile data/profile.toml")
            .names(&["Culture, arts", "R&D", "Sport"])
            .labels("0 1 2"),
        case("also to a class that only validation has")
            .train(&["1", "3"])
            .validation(&["2", "1"])
            .flags("--label-names low,middle,high")
            .names(&["low", "middle", "high"])
            .labels("0 2")
            .labels_of(Split::Validation, "1 0"),
    ]);
}

#[test]
fn names_that_are_the_values_are_their_order() {
    check(&[
        case("in another case, too")
            .train(&["spam", "ham"])
            .flags("--label-names SPAM,HAM")
            .names(&["SPAM", "HAM"])
            .labels("0 1"),
        case("one of them in another case")
            .train(&["ham", "spam", "ham"])
            .flags("--label-names Spam,ham")
            .names(&["Spam", "ham"])
            .labels("1 0 1"),
        case("the values in an order of their own")
            .train(&["spam", "ham"])
            .flags("--label-names spam,ham")
            .names(&["spam", "ham"])
            .labels("0 1")
            .unsaid("alphabet"),
        case("the values against the order of sentiment")
            .train(&["neg", "pos"])
            .flags("--label-names pos,neg")
            .names(&["pos", "neg"])
            .labels("1 0"),
        case("numbers, the best first")
            .train(&["0", "1", "1.0"])
            .flags("--label-names 1,0")
            .names(&["1", "0"])
            .labels("1 0 0"),
        case("the values of all splits")
            .train(&["a", "b"])
            .test(&["c"])
            .flags("--label-names c,b,a")
            .names(&["c", "b", "a"])
            .labels("2 1")
            .labels_of(Split::Test, "0"),
    ]);
}

#[test]
fn names_that_do_not_fit_are_refused_with_what_was_found() {
    check(&[
        case("fewer names than words").train(&["red", "green", "blue"]).flags("--label-names a,b").refused(&[
            "--label-names",
            "blue",
            "green",
            "red",
        ]),
        case("more names than words").train(&["red", "green"]).flags("--label-names a,b,c").refused(&[
            "--label-names",
            "green",
            "red",
        ]),
        case("fewer names than numbers").train(&["1010", "2020", "3030"]).flags("--label-names a,b").refused(&[
            "--label-names",
            "1010",
            "2020",
            "3030",
        ]),
        case("five names for six numbers, one of them in the test split")
            .train(&["1", "2", "3", "4", "5"])
            .test(&["66"])
            .flags("--label-names a,b,c,d,e")
            .refused(&["--label-names", "66"]),
        case("as many names as words, and one of them is a word of the file")
            .train(&["ham", "spam"])
            .flags("--label-names ham,junk")
            .refused(&["--label-names", "spam"]),
        case("as many names as words, and one of them is a word of the file in another case")
            .train(&["ham", "spam"])
            .flags("--label-names Ham,junk")
            .refused(&["--label-names", "spam"]),
        case("two names for one value")
            .train(&["ham", "spam"])
            .flags("--label-names Spam,spam")
            .refused(&["--label-names", "mean one label"]),
        case("all words, and one that does not occur")
            .train(&["bad", "good"])
            .flags("--label-names bad,good,great")
            .refused(&["--label-names", "bad", "good"]),
        case("a name twice").train(&["0", "1"]).flags("--label-names a,a").refused(&["--label-names", "twice"]),
    ]);
}
