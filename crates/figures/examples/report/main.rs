//! Report pages of made-up numbers, for a look and for the tests in a browser: standard output is the page, or with the
//! number of one of its pictures that as PNG.
//!
//!     report NAME > page.html
//!     report NAME 3 > picture.png
//!
//! The names: binary, stars, twenty, many, one, empty, scores, search, hostile.

mod numbers;
mod pictures;
mod search;
mod tables;

use std::io::{Write, stdout};

use figures::{Emphasis, Page, Part, Tile, html, png};

use self::numbers::Evaluation;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let name = arguments.first().map_or("binary", String::as_str);
    let page = match name {
        "binary" => of_classes(&["negative", "positive"], 1821),
        "stars" => of_classes(&["very negative", "negative", "neutral", "positive", "very positive"], 2210),
        "twenty" => of_classes(&names(20), 5000),
        "many" => of_classes(&names(150), 5000),
        "one" => of_classes(&["negative", "positive"], 1),
        "scores" => of_pictures("Sentiment as a score", pictures::of_scores(12_000)),
        "empty" => of_classes(&["negative", "positive"], 0),
        "search" => of_pictures("Search", search::of_search(30)),
        "hostile" => hostile(),
        _ => return Err(format!("there is no page {name:?}").into()),
    };
    let Some(number) = arguments.get(1) else {
        return Ok(stdout().write_all(html(&page).as_bytes())?);
    };
    let pictures =
        page.parts.iter().filter_map(|part| if let Part::Chart(chart) = part { Some(&chart.svg) } else { None });
    let picture = pictures.into_iter().nth(number.parse()?).ok_or("there is no picture of that number")?;
    Ok(stdout().write_all(&png(picture, 2.0)?)?)
}

fn names(n: usize) -> Vec<&'static str> {
    let words =
        ["card_arrival", "exchange rate", "lost or stolen phone", "top-up", "refund", "why is my transfer pending?"];
    let name = |index: usize| &*Box::leak(format!("{} {index}", words[index % words.len()]).into_boxed_str());
    (0..n).map(name).collect()
}

fn heading(text: &str) -> Part {
    Part::Heading(text.to_owned())
}

fn of_classes(names: &[&str], n: usize) -> Page {
    let evaluation = Evaluation::new(names, n);
    let accuracy = evaluation.accuracy();
    let percent = |value: f64| format!("{:.1} %", 100.0 * value);
    let tile = |name: &str, value: f64| Tile {
        name: name.to_owned(),
        value: percent(value),
        interval: format!("{} to {}", percent(value - 0.014), percent(value + 0.014)),
        note: "baseline 79.1 %, majority 50.1 %".to_owned(),
    };
    let mut parts = vec![
        Part::Text("The model of data/runs/sst2/train on the test split.".to_owned()),
        Part::Tiles(["accuracy", "macro F1", "MCC", "log loss"].map(|name| tile(name, accuracy)).to_vec()),
        Part::Notice {
            emphasis: Emphasis::Warning,
            text: "The labels of 12 rows contradict those of the same text.".to_owned(),
        },
        heading("Pictures"),
    ];
    parts.extend(pictures::of_classes(&evaluation).into_iter().map(Part::Chart));
    parts.extend([heading("Slices"), Part::DataTable(tables::slices(&evaluation))]);
    parts.extend([heading("Errors"), Part::DataTable(tables::errors(&evaluation))]);
    parts.extend([heading("Provenance"), tables::provenance(), heading("How to reproduce")]);
    parts.push(Part::Code(
        "bert-eval --run data/runs/sst2/train --tokens data/tokens/sst2 --split test --out data/runs/sst2/eval/test"
            .to_owned(),
    ));
    let plan = Part::Code("[finetune]\nlearning_rate = 2e-5\nnum_train_epochs = 3".to_owned());
    parts.push(Part::Details { summary: "The plan".to_owned(), parts: vec![plan] });
    Page { title: "SST-2, test: 88.6 % accuracy".to_owned(), parts }
}

fn of_pictures(title: &str, charts: Vec<figures::Chart>) -> Page {
    let mut parts = vec![heading("Pictures")];
    parts.extend(charts.into_iter().map(Part::Chart));
    parts.extend([heading("Provenance"), tables::provenance()]);
    Page { title: title.to_owned(), parts }
}

/// Names and texts that would break a page that does not escape, isolate and bound them.
fn hostile() -> Page {
    let long = "x".repeat(10_000);
    let texts = [
        "<script>alert(1)</script>",
        "</script><img src=x onerror=alert(1)>",
        "שלום עולם \u{202e}abc",
        "مرحبا",
        "🎬🍿 film",
        &long,
        "a\u{2028}b\u{0}c",
        "'\"&",
    ];
    let mut page = of_classes(&texts, 900);
    page.title = texts[..6].join(" ");
    page.parts.insert(0, Part::Notice { emphasis: Emphasis::Bad, text: texts.join(" ") });
    page.parts.push(heading(texts[0]));
    page.parts.push(Part::DataTable(tables::texts(&texts, 5000)));
    page.parts.push(Part::Definitions(texts.iter().map(|text| ((*text).to_owned(), (*text).to_owned())).collect()));
    page.parts.push(Part::Code(texts.join("\n")));
    page.parts
        .push(Part::Table { head: texts.map(str::to_owned).to_vec(), rows: vec![texts.map(str::to_owned).to_vec()] });
    page.parts.push(Part::Details { summary: texts.join(" "), parts: vec![Part::Text(texts.join(" "))] });
    page
}
