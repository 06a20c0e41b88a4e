//! The program from outside: the formats of the answers, and what they say.

use std::fs;

use crate::common::{lines, piped, refuse, run, succeed};
use arrow::array::{Array, AsArray};
use arrow::datatypes::Float64Type;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value, json};
use testkit::{Sandbox, fixture};

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("a.csv", "id,text,label\n7,\"w5, w6\",x\n8,\\N,y\n9,\"two\nlines\",\\N\n");
    sandbox
}

/// A copy of the fixture's model with another config.
fn model(sandbox: &Sandbox, name: &str, change: impl Fn(&mut Value)) {
    for file in ["vocab.txt", "model.safetensors"] {
        sandbox.write(&format!("{name}/{file}"), fs::read(fixture("small-bert").join(file)).unwrap());
    }
    let mut config: Value = serde_json::from_slice(&fs::read(fixture("small-bert/config.json")).unwrap()).unwrap();
    change(&mut config);
    sandbox.write(&format!("{name}/config.json"), config.to_string());
}

/// CSV without its last three columns.
fn without_probabilities(csv: &str, separator: u8) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).delimiter(separator).from_reader(csv.as_bytes());
    let rows = reader.records().map(Result::unwrap);
    rows.map(|row| row.iter().take(row.len() - 3).collect::<Vec<_>>().join("|")).collect()
}

#[test]
fn the_ending_of_the_output_names_its_format() {
    let sandbox = sandbox();
    for name in ["o.jsonl", "o.ndjson", "o.csv", "o.tsv", "o.parquet", "o.CSV"] {
        let said = succeed(&sandbox, &format!("--input a.csv --keep-columns all --output {name}")).stderr;
        assert!(said.starts_with("bert-predict: label of the input goes along as source_label\n"), "{said}");
    }
    let json = lines(&sandbox.text("o.jsonl"));
    assert_eq!(json.len(), 3);
    let (first, label) = (&json[0], json[0]["label"].as_str().unwrap());
    let keys: Vec<&String> = first.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["id", "label", "probabilities", "source_label", "text"], "as this test's reader sorts them");
    assert!(
        sandbox.text("o.jsonl").starts_with("{\"id\":\"7\",\"source_label\":\"x\",\"text\":\"w5, w6\",\"label\":\"")
    );

    let csv = sandbox.text("o.csv");
    assert!(
        csv.starts_with("id,source_label,text,label,probability_a,probability_b,probability_c\n7,x,\"w5, w6\","),
        "{csv}"
    );
    let label_of_last = json[2]["label"].as_str().unwrap();
    let expected = [
        "id|source_label|text|label".to_owned(),
        format!("7|x|w5, w6|{label}"),
        "8|y||".to_owned(),
        format!("9||two\nlines|{label_of_last}"),
    ];
    assert_eq!(without_probabilities(&csv, b','), expected);
    assert_eq!(without_probabilities(&sandbox.text("o.tsv"), b'\t'), expected);
    assert_eq!(sandbox.text("o.CSV"), csv);
    assert_eq!(sandbox.text("o.ndjson"), sandbox.text("o.jsonl"));
    let probability: f64 = csv.lines().nth(1).unwrap().rsplit(',').next().unwrap().parse().unwrap();
    assert_eq!(Some(probability), first["probabilities"]["c"].as_f64());

    let file = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(sandbox.path("o.parquet")).unwrap()).unwrap();
    let names: Vec<String> = file.schema().fields().iter().map(|field| field.to_string()).collect();
    assert_eq!(names.len(), 7);
    let metadata = file.metadata().file_metadata().key_value_metadata().unwrap().clone();
    let label_names = metadata.iter().find(|pair| pair.key == "label_names").unwrap().value.clone();
    assert_eq!(label_names.as_deref(), Some("[\"a\",\"b\",\"c\"]"));
    let batch = file.build().unwrap().next().unwrap().unwrap();
    let texts = batch.column_by_name("text").unwrap().as_string::<i32>();
    assert_eq!((texts.value(0), texts.is_null(1), texts.value(2)), ("w5, w6", true, "two\nlines"));
    assert_eq!(batch.column_by_name("label").unwrap().as_string::<i32>().value(0), label);
    let probabilities = batch.column_by_name("probability_c").unwrap().as_primitive::<Float64Type>();
    assert_eq!((probabilities.value(0), probabilities.is_null(1)), (probability, true));
}

#[test]
fn an_ending_that_says_nothing_is_refused_before_the_model_is_read() {
    let sandbox = sandbox();
    for (name, shown) in [("o.xlsx", "o.xlsx"), ("o", "o"), ("o.json", "o.json"), ("o.csv.gz", "o.csv.gz")] {
        let outcome = sandbox.run(&format!("bert-predict --model missing --input a.csv --output {name}"));
        assert_eq!(outcome.code, Some(2));
        let expected = format!(
            "error: --output {shown} has no ending that says its format; expected one of .jsonl, .csv, .tsv, .parquet, or give \
             --output-format\n"
        );
        assert_eq!(outcome.stderr, expected);
    }
    succeed(&sandbox, "--input a.csv --output o --output-format tsv");
    assert!(sandbox.text("o").starts_with("text\tlabel\tprobability_a\t"));
    let refused = refuse(&sandbox, "--input a.csv --output-format xml");
    assert!(refused.contains("expected one of jsonl, csv, tsv, parquet"), "{refused}");
}

#[test]
fn two_columns_of_one_name_are_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("a.csv", "text,label,source_label\nw5,x,y\n");
    let refused = refuse(&sandbox, "--input a.csv --keep-columns all");
    assert!(refused.contains("two columns that go along would both be called source_label"), "{refused}");
}

#[test]
fn the_largest_probabilities_come_in_descending_order() {
    let sandbox = Sandbox::new();
    let all = lines(&succeed(&sandbox, "w5 w6").stdout);
    let mut expected: Vec<(String, f64)> = all[0]["probabilities"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.clone(), value.as_f64().unwrap()))
        .collect();
    expected.sort_by(|a, b| b.1.total_cmp(&a.1));
    let top = succeed(&sandbox, "--top-k 2 w5 w6").stdout;
    let [(first, p), (second, q), _] = &expected[..] else { panic!("three classes") };
    assert_eq!(
        top,
        format!("{{\"text\":\"w5\",\"label\":\"{}\",", lines(&top)[0]["label"].as_str().unwrap())
            + &top[top.find("\"probabilities\"").unwrap()..]
    );
    let table = testkit::outcome(crate::common::command(&sandbox, "--top-k 2 --output-format csv").arg("w5 w6")).stdout;
    let of_pair = lines(&testkit::outcome(crate::common::command(&sandbox, "").arg("w5 w6")).stdout);
    let label = of_pair[0]["label"].as_str().unwrap();
    assert!(
        table.starts_with(&format!("text,label,label_1,probability_1,label_2,probability_2\nw5 w6,{label},{label},")),
        "{table}"
    );
    assert!(p >= q && first != second);
}

#[test]
fn below_the_threshold_there_is_no_label() {
    let sandbox = Sandbox::new();
    sandbox.write("a.txt", "w5\nw6 w7\n");
    let sure = succeed(&sandbox, "--input a.txt --threshold 0");
    assert!(lines(&sure.stdout).iter().all(|line| line["abstained"] == false && line["label"].is_string()));
    let unsure = succeed(&sandbox, "--input a.txt --threshold 1");
    assert!(lines(&unsure.stdout).iter().all(|line| line["abstained"] == true && line["label"].is_null()));
    assert!(unsure.stderr.starts_with("bert-predict: 2 rows, 0 broken, 0 cut, 2 abstained; "), "{}", unsure.stderr);
    let table = succeed(&sandbox, "--input a.txt --threshold 1 --output-format csv --quiet").stdout;
    assert!(table.starts_with("text,label,abstained,probability_a,probability_b,probability_c\nw5,,true,"), "{table}");
    assert!(refuse(&sandbox, "--threshold 1.5 w5").contains("expected a probability from 0 to 1"));
}

#[test]
fn a_score_and_several_labels_have_columns_of_their_own() {
    let sandbox = sandbox();
    model(&sandbox, "labels", |config| config["problem_type"] = json!("multi_label_classification"));
    let predict = |flags: &str| {
        let outcome =
            sandbox.run(&format!("bert-predict --model labels --precision float32 --threads 1 --quiet {flags}"));
        outcome.assert_success(flags);
        outcome.stdout
    };
    let all = predict("--input a.csv --output-format csv --threshold 0");
    assert!(
        all.starts_with(
            "text,labels,probability_a,probability_b,probability_c\n\"w5, w6\",\"[\"\"a\"\",\"\"b\"\",\"\"c\"\"]\","
        ),
        "{all}"
    );
    let none = lines(&predict("--input a.csv --threshold 1"));
    assert_eq!((&none[0]["labels"], &none[1]["labels"]), (&json!([]), &json!(null)));
    predict("--input a.csv --output labels.parquet");
    let refused = sandbox.run("bert-predict --model labels --calibration c.json w5");
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("--calibration is about classes of which one is right"), "{}", refused.stderr);
}

#[test]
fn the_temperature_of_an_evaluation_changes_the_probabilities_of_its_own_weights() {
    let sandbox = Sandbox::new();
    let weights = stage::Fingerprint::of_file(&fixture("small-bert/model.safetensors")).unwrap().sha256;
    let calibration = |temperature: f64, weights: &str| {
        json!({"temperature": temperature, "split": "validation", "n": 10, "loss_before": 1.0, "loss_after": 1.0,
               "expected_calibration_error_before": null, "expected_calibration_error_after": null,
               "weights_sha256": weights})
        .to_string()
    };
    sandbox.write("c.json", calibration(2.0, &weights));
    let plain = lines(&succeed(&sandbox, "w5").stdout);
    let calibrated = lines(&succeed(&sandbox, "--calibration c.json w5").stdout);
    assert_eq!(plain[0]["label"], calibrated[0]["label"]);
    // Half the logit is the root of the odds.
    let odds =
        |line: &Value| line["probabilities"]["a"].as_f64().unwrap() / line["probabilities"]["b"].as_f64().unwrap();
    assert!((odds(&plain[0]).sqrt() - odds(&calibrated[0])).abs() < 1e-6);

    sandbox.write("c.json", calibration(2.0, &"ab".repeat(32)));
    let refused = refuse(&sandbox, "--calibration c.json w5");
    assert!(refused.contains("c.json is of other weights than those of"), "{refused}");
    sandbox.write("c.json", calibration(0.0, &weights));
    assert!(refuse(&sandbox, "--calibration c.json w5").contains("temperature is 0; expected a number above 0"));
}

#[test]
fn what_was_cut_is_counted() {
    let sandbox = Sandbox::new();
    sandbox.write("a.txt", format!("w5\n{}\n", "w6 ".repeat(30)));
    let cut = succeed(&sandbox, "--input a.txt").stderr;
    let expected = "bert-predict: 1 of 2 texts was longer than 24 tokens and was truncated at their ends; 8 tokens were lost\n\
                    bert-predict: 2 rows, 0 broken, 1 cut, 0 abstained; ";
    assert!(cut.starts_with(expected), "{cut}");
    let windows = run(&sandbox, "--input a.txt --window-stride 2").stderr;
    let expected = "bert-predict: 1 of 2 texts was longer than 24 tokens and was read in 2 windows that share 2 tokens\n\
                    bert-predict: 2 rows, 0 broken, 1 read in windows, 0 abstained; ";
    assert!(windows.starts_with(expected), "{windows}");
}

/// How many rows stand beside a text may change the last bits of its probabilities, and nothing else.
#[test]
fn a_row_alone_and_among_others_have_one_answer() {
    let sandbox = Sandbox::new();
    let rows: Vec<String> = (0..1300).map(|row| format!("w{} w{}", 5 + row % 50, 5 + row % 37)).collect();
    sandbox.write("a.txt", rows.join("\n"));
    let file = succeed(&sandbox, "--quiet --input a.txt").stdout;
    assert_eq!(file, succeed(&sandbox, "--quiet --input a.txt").stdout, "windows of files do not depend on the moment");
    let stdin = piped(&sandbox, "--quiet", rows.join("\n").as_bytes()).stdout;
    let (file, stdin) = (lines(&file), lines(&stdin));
    assert_eq!((file.len(), stdin.len()), (1300, 1300));
    for (row, (a, b)) in file.iter().zip(&stdin).enumerate() {
        assert_eq!((&a["text"], a["text"].as_str()), (&b["text"], Some(rows[row].as_str())));
        let difference = a["probabilities"]["a"].as_f64().unwrap() - b["probabilities"]["a"].as_f64().unwrap();
        assert!(difference.abs() < 1e-6, "row {row}: {difference}");
    }
}

/// Tokens and contributions of a JSON list.
fn contributions(attribution: &Value) -> Vec<(String, f64)> {
    let of = |piece: &Value| (piece["token"].as_str().unwrap().to_owned(), piece["contribution"].as_f64().unwrap());
    attribution.as_array().unwrap().iter().map(of).collect()
}

#[test]
fn attributions_say_what_each_word_piece_contributes_in_every_format() {
    let sandbox = sandbox();
    for format in ["jsonl", "csv", "parquet"] {
        succeed(&sandbox, &format!("--input a.csv --attributions --output o.{format}"));
    }
    let json = lines(&sandbox.text("o.jsonl"));
    let first = contributions(&json[0]["attribution"]);
    let tokens: Vec<&str> = first.iter().map(|(token, _)| token.as_str()).collect();
    assert_eq!(tokens, ["[CLS]", "w5", "[UNK]", "w6", "[SEP]"]);
    assert_eq!((first[0].1, first[4].1), (0.0, 0.0), "what is in both texts of the path contributes nothing");
    assert!(first[1].1 != 0.0 && first[3].1 != 0.0, "{first:?}");
    assert_eq!(json[0]["attributed_label"], json[0]["label"]);
    assert!(json[1].get("attribution").is_none(), "a row without a text has none: {}", json[1]);

    let csv = sandbox.text("o.csv");
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let at = reader.headers().unwrap().iter().position(|name| name == "attribution").unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(contributions(&serde_json::from_str(&rows[0][at]).unwrap()), first);
    assert_eq!((&rows[1][at], &rows[0][at - 1]), ("", json[0]["label"].as_str().unwrap()));

    let file = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(sandbox.path("o.parquet")).unwrap()).unwrap();
    let batch = file.build().unwrap().next().unwrap().unwrap();
    let column = batch.column_by_name("attribution").unwrap().as_list::<i32>();
    assert_eq!((column.is_null(0), column.is_null(1), column.is_null(2)), (false, true, false));
    let row = column.value(0);
    let row = row.as_struct();
    let found: Vec<(String, f64)> = (row.column(0).as_string::<i32>().iter().flatten().map(str::to_owned))
        .zip(row.column(1).as_primitive::<Float64Type>().values().iter().copied())
        .collect();
    assert_eq!(found, first);
}

#[test]
fn attributions_explain_the_most_probable_output_of_every_kind_of_model() {
    let sandbox = sandbox();
    let withheld = lines(&succeed(&sandbox, "--attributions --threshold 1 w5").stdout).remove(0);
    let likely = lines(&succeed(&sandbox, "--attributions w5").stdout).remove(0);
    assert_eq!((&withheld["label"], &withheld["attributed_label"]), (&Value::Null, &likely["label"]));
    assert_eq!(withheld["attribution"], likely["attribution"]);

    model(&sandbox, "several", |config| config["problem_type"] = json!("multi_label_classification"));
    let of = |model: &str| {
        let flags = format!("bert-predict --model {model} --precision float32 --threads 1 --attributions w5");
        let outcome = sandbox.run(&flags);
        outcome.assert_success(&flags);
        lines(&outcome.stdout).remove(0)
    };
    let several = of("several");
    let probabilities = several["probabilities"].as_object().unwrap();
    let largest = probabilities.iter().max_by(|a, b| a.1.as_f64().unwrap().total_cmp(&b.1.as_f64().unwrap())).unwrap();
    assert_eq!(several["attributed_label"].as_str(), Some(largest.0.as_str()));
    assert_eq!(several["attribution"], likely["attribution"], "the same logit");
}
