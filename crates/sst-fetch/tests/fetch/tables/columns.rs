//! Columns that nobody named, as real datasets call them.

use crate::labels::{Case, case, check};

/// A table with this header, whose rows are made from the words of a format: `T` a text, `L` a label, `I` a number of its
/// own, `W` one of many words, `C` a constant.
fn table(name: &'static str, header: &str, kinds: &str) -> Case {
    const LABELS: [&str; 3] = ["0", "1", "2"];
    let row = |i: usize| -> String {
        let value = |kind: char| match kind {
            'T' => format!("text {i} of its kind, which is long"),
            'L' => LABELS[i % 3].to_owned(),
            'I' => format!("{}", 1000 + i),
            'W' => format!("user{}", i % 7),
            _ => "en".to_owned(),
        };
        kinds.chars().map(|kind| format!("\"{}\"", value(kind))).collect::<Vec<_>>().join(",")
    };
    let rows: Vec<String> = (0..24).map(row).collect();
    case(name).file("train.csv", format!("{header}\n{}\n", rows.join("\n"))).names(&["0", "1", "2"])
}

#[test]
fn columns_are_found_by_their_usual_names() {
    check(&[
        table("Alexa's, whose feedback is 0 or 1", "rating,date,verified_reviews,feedback", "LWTL")
            .said(&["texts: column `verified_reviews` by its content, labels: column `rating` by its name"]),
        table("IMDB", "review,sentiment", "TL").said(&["texts: column `review`", "labels: column `sentiment`"]),
        table("Yelp", "stars,text", "LT").said(&["texts: column `text`", "labels: column `stars`"]),
        table("Amazon reviews", "reviewerID,asin,overall,reviewText,summary", "WWLTW")
            .said(&["texts: column `reviewText`", "labels: column `overall`"]),
        table("Amazon, by polarity", "label,title,content", "LWT").said(&["texts: column `content`"]),
        table("airline tweets", "tweet_id,airline_sentiment,name,text", "ILWT")
            .said(&["texts: column `text`", "labels: column `airline_sentiment`"]),
        table("financial headlines", "Sentiment,News Headline Title,Headline", "LWT")
            .said(&["texts: column `Headline`", "labels: column `Sentiment`"]),
        table("app reviews", "reviewId,userName,content,score,at", "IWTLI")
            .said(&["texts: column `content`", "labels: column `score`"]),
        table("Rotten Tomatoes", "PhraseId,SentenceId,Phrase,Sentiment", "IITL")
            .said(&["texts: column `Phrase`", "labels: column `Sentiment`"]),
        table("the order of a spreadsheet", "Star Rating,Review Text,Region", "LTW")
            .said(&["texts: column `Review Text`", "labels: column `Star Rating`"]),
        table("capitals", "TEXT,LABEL", "TL").said(&["texts: column `TEXT`", "labels: column `LABEL`"]),
    ]);
}

fn nested(i: usize) -> String {
    format!("{{\"n\": {i}, \"item\": {{\"body\": \"text {i} of it\"}}, \"stars\": {}}}\n", i % 2)
}

fn dated(i: usize) -> String {
    format!("{i} words of text,{},2024-01-0{}\n", i % 2, i % 5 + 1)
}

#[test]
fn columns_of_other_names_are_found_by_their_content() {
    check(&[
        table("French", "identifiant,remarque,note", "ITL")
            .said(&["texts: column `remarque` by its content", "`note` by its content"]),
        table("a user beside it", "wer,meinung,wert", "ITL").said(&["`meinung` by its content"]),
        table("a constant", "sprache,meinung,wert", "CTL").said(&["`wert` by its content"]),
        case("keys inside others")
            .file("train.jsonl", (0..30).map(nested).collect::<String>())
            .names(&["0", "1"])
            .said(&["texts: column `item.body` by its name, labels: column `stars` by its name"]),
        case("a date beside it")
            .file("train.csv", (0..60).map(dated).fold("remarque,wert,jour\n".to_owned(), |all, row| all + &row))
            .said(&["labels: column `wert` by its content"]),
        case("no header, in any order")
            .file("train.csv", (0..30).map(|i| format!("{},{i},text {i} of its kind\n", i % 2)).collect::<String>())
            .flags("--no-header")
            .names(&["0", "1"])
            .said(&["texts: column `3` by its content, labels: column `1` by its content"]),
    ]);
}

#[test]
fn several_that_may_be_it_are_for_the_user_to_choose_from() {
    check(&[
        table("two ratings", "text,rating,sentiment", "TLL").refused(&[
            "has no column label",
            "rating (3 different values",
            "--label-column rating or sentiment",
        ]),
        table("two texts", "review,comment,label", "TTL")
            .refused(&["has no column text", "--text-column review or comment"]),
        table("two of unknown names", "remarque,note,groupe", "TLL").refused(&["--label-column note or groupe"]),
        table("no labels at all", "remarque,autre", "TI").refused(&["has no column label, only remarque, autre"]),
        case("a first row for a header")
            .file(
                "train.csv",
                (0..30).map(|i| format!("{},a text {i} of its kind\n", ["pos", "neg"][i % 2])).collect::<String>(),
            )
            .refused(&["the first line looks like a row"]),
        table("told, it is taken", "text,rating,sentiment", "TLL").flags("--label-column rating"),
        table("what is exact comes first", "text,sentence,label,sentiment", "TTLL").unsaid("texts: column"),
    ]);
}
