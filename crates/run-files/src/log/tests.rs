use super::*;
use crate::schema::check_json;

/// A line of each event as version 5 of `bert-finetune` has written it, and of both kinds of evaluation.
const GOLDEN: &str = r#"{"event":"begin","train_rows":40,"steps_per_epoch":7,"total_steps":21,"warmup_steps":3}
{"event":"train","step":3,"epoch":0.42857142857142855,"loss":0.6931471805599453,"learning_rate":0.00002,"grad_norm":1.5}
{"event":"evaluate","step":7,"epoch":1.0,"eval_loss":0.6,"eval_accuracy":0.75,"eval_precision":0.76,"eval_recall":0.75,"eval_f1":0.74,"eval_f1_macro":0.73,"eval_mcc":0.5,"best":true}
{"event":"evaluate","step":14,"epoch":2.0,"eval_loss":0.08,"eval_mse":0.08,"eval_pearson":0.9,"eval_spearman":0.8,"best":false}
{"event":"warning","step":14,"message":"the loss stays at ln(2)"}
{"event":"end","step":21,"best_step":7,"stopped_early":false}
"#;

fn events() -> Vec<Event> {
    let classes = Evaluation {
        eval_loss: 0.6,
        eval_accuracy: Some(0.75),
        eval_precision: Some(0.76),
        eval_recall: Some(0.75),
        eval_f1: Some(0.74),
        eval_f1_macro: Some(0.73),
        eval_mcc: Some(0.5),
        ..Evaluation::default()
    };
    let scores = Evaluation {
        eval_loss: 0.08,
        eval_mse: Some(0.08),
        eval_pearson: Some(0.9),
        eval_spearman: Some(0.8),
        ..Evaluation::default()
    };
    vec![
        Event::Begin { train_rows: 40, steps_per_epoch: 7, total_steps: 21, warmup_steps: 3 },
        Event::Train { step: 3, epoch: 3.0 / 7.0, loss: 2f64.ln(), learning_rate: 2e-5, grad_norm: 1.5 },
        Event::Evaluate { step: 7, epoch: 1.0, figures: classes, best: true },
        Event::Evaluate { step: 14, epoch: 2.0, figures: scores, best: false },
        Event::Warning { step: 14, message: "the loss stays at ln(2)".to_owned() },
        Event::End { step: 21, best_step: 7, stopped_early: false },
    ]
}

fn written(text: &str) -> tempfile::NamedTempFile {
    use std::io::Write;
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

#[test]
fn the_bytes_are_those_of_earlier_versions() {
    let lines: String = events().iter().map(|event| event.to_line().unwrap() + "\n").collect();
    assert_eq!(lines, GOLDEN);
    assert_eq!(read(written(GOLDEN).path()).unwrap(), events());
}

#[test]
fn a_line_that_was_cut_is_not_there_yet() {
    let cut = written(&GOLDEN[..GOLDEN.find("0.08").unwrap()]);
    assert_eq!(read_unfinished(cut.path()).unwrap(), events()[..3]);
    assert!(read(cut.path()).unwrap_err().to_string().contains("line 4: not an event"));
}

#[test]
fn a_run_that_has_not_begun_has_no_events() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(read_unfinished(&folder.path().join("log.jsonl")).unwrap(), []);
}

#[test]
fn a_missing_field_is_an_error_that_names_file_line_and_field() {
    let file = written(&GOLDEN.replace("\"eval_loss\":0.08", "\"loss\":0.08"));
    let error = read_unfinished(file.path()).unwrap_err().to_string();
    assert!(error.starts_with(&file.path().display().to_string()), "{error}");
    assert!(error.contains("line 4") && error.contains("missing field `eval_loss`"), "{error}");
}

#[test]
fn figures_have_the_names_of_the_flags() {
    let Event::Evaluate { figures, .. } = &events()[3] else { unreachable!() };
    let figures: Vec<_> = figures.figures().collect();
    assert_eq!(figures, [("loss", 0.08), ("mse", 0.08), ("pearson", 0.9), ("spearman", 0.8)]);
}

#[test]
fn the_tables_are_those_of_the_types() {
    for event in events() {
        let record = serde_json::to_value(&event).unwrap();
        let name = format!("log.{}", record["event"].as_str().unwrap());
        check_json(&record, TABLES.iter().find(|table| table.name == name).unwrap()).unwrap();
    }
    let table = TABLES.iter().find(|table| table.name == "log.evaluate").unwrap();
    let all: Vec<_> = events().iter().map(|event| serde_json::to_value(event).unwrap()).collect();
    for field in table.fields {
        assert!(all.iter().any(|record| record.get(field.name).is_some()), "{} is in no event", field.name);
    }
}
