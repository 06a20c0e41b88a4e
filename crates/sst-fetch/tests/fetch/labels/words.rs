//! Labels that are words: a known order of sentiment, else the alphabet.

use corpus::Split;

use super::{case, check};

#[test]
fn known_words_are_in_the_order_of_sentiment() {
    check(&[
        case("bad, good").train(&["good", "bad", "good"]).names(&["bad", "good"]).labels("1 0 1").unsaid("alphabet"),
        case("neg, pos").train(&["pos", "neg"]).names(&["neg", "pos"]).labels("1 0").unsaid("alphabet"),
        case("neg, neu, pos")
            .train(&["pos", "neu", "neg"])
            .names(&["neg", "neu", "pos"])
            .labels("2 1 0")
            .unsaid("alphabet"),
        case("capitals do not change the order, and names stay as they are")
            .train(&["positive", "NEUTRAL", "Negative"])
            .names(&["Negative", "NEUTRAL", "positive"])
            .labels("2 1 0")
            .unsaid("alphabet"),
        case("the five names of the treebank")
            .train(&["very positive", "negative", "neutral", "very negative", "positive"])
            .names(&["very negative", "negative", "neutral", "positive", "very positive"])
            .labels("4 1 2 0 3")
            .unsaid("alphabet"),
        case("underscores, hyphens and capitals as separators")
            .train(&["VERY_POSITIVE", "negative", "neutral", "Very-Negative", "positive"])
            .names(&["Very-Negative", "negative", "neutral", "positive", "VERY_POSITIVE"])
            .labels("4 1 2 0 3")
            .unsaid("alphabet"),
        case("somewhat negative to somewhat positive")
            .train(&["positive", "somewhat positive", "neutral", "somewhat negative", "negative"])
            .names(&["negative", "somewhat negative", "neutral", "somewhat positive", "positive"])
            .labels("4 3 2 1 0")
            .unsaid("alphabet"),
        case("awful to great")
            .train(&["great", "ok", "bad", "good", "awful"])
            .names(&["awful", "bad", "ok", "good", "great"])
            .labels("4 2 1 3 0")
            .unsaid("alphabet"),
        case("poor to excellent")
            .train(&["excellent", "fair", "good", "poor"])
            .names(&["poor", "fair", "good", "excellent"])
            .labels("3 1 2 0")
            .unsaid("alphabet"),
        case("terrible, excellent")
            .train(&["excellent", "terrible"])
            .names(&["terrible", "excellent"])
            .labels("1 0")
            .unsaid("alphabet"),
        case("hate, love").train(&["love", "hate"]).names(&["hate", "love"]).labels("1 0").unsaid("alphabet"),
        case("stars in words")
            .train(&["5 stars", "1 star", "3 stars", "2 stars", "4 stars"])
            .names(&["1 star", "2 stars", "3 stars", "4 stars", "5 stars"])
            .labels("4 0 2 1 3")
            .unsaid("alphabet"),
        case("two places of a scale far apart")
            .train(&["very positive", "very negative"])
            .names(&["very negative", "very positive"])
            .labels("1 0")
            .unsaid("alphabet"),
    ]);
}

#[test]
fn other_words_are_in_the_order_of_the_alphabet_and_it_is_said() {
    check(&[
        case("ham, spam").train(&["spam", "ham", "spam"]).names(&["ham", "spam"]).labels("1 0 1").said(&["alphabet"]),
        case("one word that no scale has takes the order from all of them")
            .train(&["ok", "bad", "good", "weird"])
            .names(&["bad", "good", "ok", "weird"])
            .labels("2 0 1 3")
            .said(&["alphabet"]),
        case("two words at the same place of the scale")
            .train(&["pos", "negative", "neg"])
            .names(&["neg", "negative", "pos"])
            .labels("2 1 0")
            .said(&["alphabet"]),
        case("capitals come before small letters, accents last")
            .train(&["z", "élan", "Zeta", "a"])
            .names(&["Zeta", "a", "z", "élan"])
            .labels("2 3 0 1"),
        case("words of another language")
            .train(&["积极", "消极"])
            .names(&["消极", "积极"])
            .labels("1 0")
            .said(&["alphabet"]),
        case("words with a comma, a sign and a space in them")
            .file("train.csv", "text,label\na,Sport\nb,\"Culture, arts\"\nc,R&D\n")
            .names(&["Culture, arts", "R&D", "Sport"])
            .rows(Split::Train, &["a|2|-", "b|0|-", "c|1|-"])
            .said(&["alphabet"]),
    ]);
}

#[test]
fn words_that_differ_only_in_case_stay_two_classes_with_a_warning() {
    check(&[
        case("Good and good")
            .train(&["good", "bad", "Good"])
            .names(&["Good", "bad", "good"])
            .labels("2 1 0")
            .said(&["warning", "Good", "good"]),
        case("SPAM and spam, each in a split of its own")
            .train(&["spam", "ham"])
            .test(&["SPAM", "ham"])
            .names(&["SPAM", "ham", "spam"])
            .labels("2 1")
            .labels_of(Split::Test, "0 1")
            .said(&["warning", "SPAM", "spam"]),
        case("spaces around a word are no difference")
            .train(&[" good", "good ", "bad"])
            .names(&["bad", "good"])
            .labels("1 1 0")
            .unsaid("warning"),
    ]);
}
