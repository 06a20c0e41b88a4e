//! Orders that words have by their meaning: very negative < negative < neutral < positive, bad < ok < good.
//!
//! Each word has a position on one scale from bad to good; a modifier (`very`, `somewhat`) moves it out or in. Labels have such
//! an order only if every one of them has a position, and no two the same: a guess is made for all or for none.

/// Words in their positions, which are only compared: the worst first.
const SCALE: [(i32, &[&str]); 9] = [
    (-40, &["abysmal", "worst"]),
    (-30, &["awful", "hate", "horrible", "terrible"]),
    (
        -20,
        &[
            "bad",
            "bearish",
            "con",
            "disagree",
            "dislike",
            "dissatisfied",
            "down",
            "low",
            "neg",
            "negative",
            "pessimistic",
            "poor",
            "rotten",
            "sad",
            "thumbs down",
            "unfavorable",
            "unfavourable",
            "unhappy",
            "unsatisfied",
            "worse",
        ],
    ),
    (-10, &["below average", "fair", "mediocre"]),
    (0, &["average", "indifferent", "medium", "mixed", "neu", "neutral", "ok", "okay", "so so", "undecided"]),
    (10, &["above average", "decent"]),
    (
        20,
        &[
            "agree",
            "better",
            "bullish",
            "favorable",
            "favourable",
            "fresh",
            "good",
            "happy",
            "high",
            "like",
            "optimistic",
            "pos",
            "positive",
            "pro",
            "satisfied",
            "thumbs up",
            "up",
        ],
    ),
    (30, &["great", "love"]),
    (40, &["amazing", "best", "excellent", "outstanding", "perfect", "superb"]),
];

/// Modifiers, and how many times as far from the middle they put a word.
const MODIFIERS: [(i32, &[&str]); 3] = [
    (3, &["extremely", "most", "totally"]),
    (2, &["completely", "highly", "really", "strong", "strongly", "very"]),
    (1, &["fairly", "leaning", "mildly", "moderately", "mostly", "rather", "slightly", "somewhat", "weak", "weakly"]),
];

/// The indices of `words` from the worst to the best; `None` where their meaning gives no order.
pub(super) fn order(words: &[&str]) -> Option<Vec<usize>> {
    let stars = || words.iter().map(|word| stars(word)).collect::<Option<Vec<i32>>>();
    let positions = words.iter().map(|word| position(word)).collect::<Option<Vec<i32>>>().or_else(stars)?;
    let mut indices: Vec<usize> = (0..words.len()).collect();
    indices.sort_by_key(|&index| positions[index]);
    indices.windows(2).all(|pair| positions[pair[0]] != positions[pair[1]]).then_some(indices)
}

/// Whether a word says how good or bad something is.
pub fn is_sentiment(word: &str) -> bool {
    position(word).is_some()
}

fn position(word: &str) -> Option<i32> {
    let word = plain(word);
    let on_scale = |word: &str| SCALE.iter().find(|(_, words)| words.contains(&word)).map(|(position, _)| *position);
    if let Some(position) = on_scale(&word) {
        return Some(position);
    }
    let (modifier, rest) = word.split_once(' ')?;
    let (strength, _) = MODIFIERS.iter().find(|(_, modifiers)| modifiers.contains(&modifier))?;
    // 20 in plain words is 10 with `somewhat`, 25 with `very`, 35 with `extremely`: between its neighbors.
    let position = on_scale(rest).filter(|&position| position != 0)?;
    Some(position.signum() * (position.abs() - 15 + [5, 20, 30][*strength as usize - 1]))
}

/// `1 star`, `2 stars`, `five stars`: how many.
fn stars(word: &str) -> Option<i32> {
    const NUMBERS: [&str; 11] = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    let word = plain(word);
    let number = word.strip_suffix(" stars").or_else(|| word.strip_suffix(" star"))?;
    let spelled = || NUMBERS.iter().position(|spelled| *spelled == number).and_then(|n| i32::try_from(n).ok());
    number.parse().ok().or_else(spelled)
}

/// In lower case, its words separated by single spaces.
fn plain(word: &str) -> String {
    let word = word.to_lowercase().replace(['_', '-'], " ");
    word.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(words: &str) -> Option<String> {
        let words: Vec<&str> = words.split(", ").collect();
        Some(order(&words)?.into_iter().map(|index| words[index]).collect::<Vec<_>>().join(" < "))
    }

    #[test]
    fn words_of_sentiment_have_an_order() {
        for (words, expected) in [
            ("positive, negative", "negative < positive"),
            ("POS, NEU, NEG", "NEG < NEU < POS"),
            (
                "neutral, very_positive, negative, Very-Negative, positive",
                "Very-Negative < negative < neutral < positive < very_positive",
            ),
            (
                "positive, somewhat positive, neutral, somewhat negative, negative",
                "negative < somewhat negative < neutral < somewhat positive < positive",
            ),
            (
                "Extremely Positive, Positive, Neutral, Negative, Extremely Negative",
                "Extremely Negative < Negative < Neutral < Positive < Extremely Positive",
            ),
            ("great, good, ok, bad, awful", "awful < bad < ok < good < great"),
            ("excellent, very good, good, fair, poor", "poor < fair < good < very good < excellent"),
            ("love, like, neutral, dislike, hate", "hate < dislike < neutral < like < love"),
            (
                "strongly agree, agree, neutral, disagree, strongly disagree",
                "strongly disagree < disagree < neutral < agree < strongly agree",
            ),
            ("10 stars, 2 stars, 1 star", "1 star < 2 stars < 10 stars"),
            ("two-stars, one-star", "one-star < two-stars"),
            ("Fresh, Rotten", "Rotten < Fresh"),
        ] {
            assert_eq!(ordered(words).as_deref(), Some(expected), "{words}");
        }
    }

    #[test]
    fn one_unknown_word_or_two_in_one_place_leave_no_order() {
        for words in
            ["negative, positive, conflict", "ham, spam", "bad, poor", "pos, positive", "1 star, good", "very ok, ok"]
        {
            assert_eq!(ordered(words), None, "{words}");
        }
    }
}
