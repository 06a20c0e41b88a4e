use super::*;
use crate::schema::check_json;

const GOLDEN: &str = r#"{"eval_strategy":{"every_steps":3},"saving":{"when":"each_epoch","total_limit":2},"counts":{"train_rows":40,"batches_per_epoch":7,"steps_per_epoch":4,"total_steps":10,"warmup_steps":2}}"#;

fn plan() -> Plan {
    Plan {
        settings: EvaluationSettings { eval_strategy: When::EverySteps(3) },
        saving: Saving { when: When::EachEpoch, total_limit: 2 },
        counts: Counts {
            train_rows: 40,
            train_texts: None,
            batches_per_epoch: 7,
            steps_per_epoch: 4,
            total_steps: 10,
            warmup_steps: 2,
        },
        epoch_ends: None,
        memory: None,
        disk: None,
        time: None,
    }
}

/// With every estimate.
fn estimated() -> Plan {
    let memory = Memory {
        parameters: 8,
        gradients: 7,
        optimizer: 6,
        average: 5,
        weight_copies: 4,
        activations: 3,
        temporary: 2,
        program: 1,
        peak: 36,
    };
    let disk = Disk { checkpoints: 9, best_weights: 4, result: 2, total: 15 };
    let time =
        Time { timed_steps: 20, seconds_per_step: 0.5, train_seconds: 5.0, evaluate_seconds: 1.5, total_seconds: 6.5 };
    let counts = Counts { train_texts: Some(30), ..plan().counts };
    Plan { counts, memory: Some(memory), disk: Some(disk), time: Some(time), ..plan() }
}

#[test]
fn the_bytes_are_those_of_earlier_versions() {
    assert_eq!(serde_json::to_string(&plan()).unwrap(), GOLDEN);
    assert_eq!(Plan::parse(GOLDEN.as_bytes()).unwrap(), plan());
    assert_eq!(serde_json::to_string(&When::Never).unwrap(), r#""never""#);
    let json = serde_json::to_vec(&estimated()).unwrap();
    assert_eq!(Plan::parse(&json).unwrap(), estimated());
}

#[test]
fn settings_that_no_reader_needs_are_passed_over() {
    let text = GOLDEN.replacen('{', r#"{"precision":"bf16","seed":42,"lora":null,"#, 1);
    assert_eq!(Plan::parse(text.as_bytes()).unwrap(), plan());
}

#[test]
fn a_missing_field_is_named() {
    let error = Plan::parse(GOLDEN.replace("total_steps", "n_steps").as_bytes()).unwrap_err();
    assert!(error.to_string().contains("missing field `total_steps`"), "{error}");
}

#[test]
fn the_tables_are_those_of_the_types() {
    let value = serde_json::to_value(estimated()).unwrap();
    let records = ["saving", "counts", "memory", "disk", "time"].map(|name| &value[name]);
    let records: Vec<_> = [&value].into_iter().chain(records).collect();
    assert_eq!(records.len(), TABLES.len());
    for (record, table) in records.into_iter().zip(TABLES) {
        check_json(record, table).unwrap();
    }
}
