//! Stages that meet agree on the tokenizer, the precision and the length of texts, as seen from outside.

use std::fs;

use serde_json::{Value, json};
use testkit::{Pipeline, fixture};

/// The pipeline up to a stage, which gets further flags.
fn until(last: &str, flags: &str) -> Pipeline {
    let pipeline = Pipeline::small();
    for stage in testkit::STAGES {
        let flags = if stage == last { flags } else { "" };
        pipeline.run_stage(stage, flags).assert_success(stage);
        if stage == last {
            break;
        }
    }
    pipeline
}

/// The fixture's model in the folder `name`, with another vocabulary.
fn write_model(pipeline: &Pipeline, name: &str, change: impl Fn(String) -> String) {
    for file in ["config.json", "model.safetensors"] {
        pipeline.write(&format!("{name}/{file}"), fs::read(fixture("small-bert").join(file)).unwrap());
    }
    let vocabulary = fs::read_to_string(fixture("small-bert").join("vocab.txt")).unwrap();
    pipeline.write(&format!("{name}/vocab.txt"), change(vocabulary));
}

fn json_file(pipeline: &Pipeline, name: &str) -> Value {
    serde_json::from_str(&pipeline.text(name)).unwrap()
}

/// Makes the manifest of tokens one that does not name its tokenizer, as earlier programs wrote it.
fn forget_tokenizer(pipeline: &Pipeline, name: &str) {
    let mut manifest = json_file(pipeline, name);
    assert!(manifest["recorded"].as_object_mut().unwrap().remove("tokenizer").is_some());
    manifest.as_object_mut().unwrap().retain(|field, _| !["seal", "sha256"].contains(&field.as_str()));
    pipeline.write(name, serde_json::to_vec_pretty(&manifest).unwrap());
}

#[test]
fn tokens_of_another_tokenizer_are_refused_wherever_they_meet_a_model() {
    let pipeline = until("train", "");
    let recorded = &json_file(&pipeline, "tokens/manifest.json")["recorded"]["tokenizer"];
    assert_eq!((recorded["file"].as_str(), recorded["sha256"].as_str().map(str::len)), (Some("vocab.txt"), Some(64)));

    write_model(&pipeline, "other", |vocabulary| vocabulary.replace("w5\nw6\n", "w6\nw5\n"));
    let refused = |line: &str, made_with: &str, model: &str| {
        let message = pipeline.refuse(line);
        let parts = [
            &format!("were made with the tokenizer of {made_with} ("),
            &format!("but the model {model} has another one ("),
            &format!("`sst-tokenize --model {model}`"),
        ];
        assert!(parts.iter().all(|part| message.contains(*part)), "{line}: {message}");
        assert!(!pipeline.path("x").exists(), "{line}: nothing is begun");
    };
    refused("bert-finetune --tokens tokens --model other --out x", "model", "other");
    refused("bert-finetune --tokens tokens --model other --out x --plan", "model", "other");
    pipeline.write("sweep.toml", "[sweep]\nmethod = 'grid'\n[sweep.space]\nlearning_rate = [1e-3, 3e-3]\n");
    let swept = pipeline.refuse("bert-sweep --profile sweep.toml --tokens tokens --model other --out search");
    assert!(swept.contains("but the model ") && swept.contains("other has another one ("), "{swept}");
    pipeline.succeed("sst-tokenize --raw raw --model other --task labels --out other-tokens");
    refused("bert-eval --run train --tokens other-tokens --out x", "other", "train");

    // Files that say the same in other words are the same tokenizer.
    write_model(&pipeline, "same", |vocabulary| vocabulary);
    let config = r#"{"do_lower_case": true, "strip_accents": true, "tokenizer_class": "BertTokenizer"}"#;
    pipeline.write("same/tokenizer_config.json", config);
    let trained = pipeline.succeed("bert-finetune --tokens tokens --model same --out y --max-steps 1 --threads 1");
    assert!(!trained.stderr.contains("tokenizer"), "{}", trained.stderr);
}

/// MiniLM's tokenizer in its two forms: `tokenizer.json`, and `vocab.txt` with its configuration.
#[test]
fn the_two_forms_of_a_real_tokenizer_are_one() {
    let Some(minilm) = testkit::inputs::minilm() else { return };
    let pipeline = until("raw", "");
    let hash = |name: &str, files: &[&str]| {
        for file in files.iter().chain(&["config.json"]) {
            pipeline.write(&format!("{name}/{file}"), fs::read(minilm.join(file)).unwrap());
        }
        pipeline.succeed(&format!("sst-tokenize --raw raw --model {name} --task labels --out {name}-tokens"));
        json_file(&pipeline, &format!("{name}-tokens/manifest.json"))["recorded"]["tokenizer"].clone()
    };
    let (json, text) = (hash("json", &["tokenizer.json"]), hash("text", &["vocab.txt", "tokenizer_config.json"]));
    assert_eq!((json["file"].as_str(), text["file"].as_str()), (Some("tokenizer.json"), Some("vocab.txt")));
    assert_eq!(json["sha256"], text["sha256"]);
}

#[test]
fn tokens_of_earlier_programs_are_compared_by_what_is_left() {
    let pipeline = until("tokens", "");
    forget_tokenizer(&pipeline, "tokens/manifest.json");
    write_model(&pipeline, "other", |vocabulary| vocabulary.replace("w5\nw6\n", "w6\nw5\n"));
    write_model(&pipeline, "same", |vocabulary| vocabulary);
    let finetune =
        |model: &str| format!("bert-finetune --tokens tokens --model {model} --max-steps 1 --threads 1 --out");
    let refused = pipeline.refuse(&format!("{} x", finetune("other")));
    assert!(refused.contains("but the model other has another one ("), "{refused}");

    fs::remove_dir_all(pipeline.path("model")).unwrap();
    let trained = pipeline.succeed(&format!("{} y", finetune("same")));
    assert!(!trained.stderr.contains("warning: whether"), "{}", trained.stderr);
    let trained = pipeline.succeed(&format!("{} z", finetune("other")));
    let warning = "  warning: whether other has the tokenizer that made tokens cannot be told: ";
    assert!(trained.stderr.contains(warning), "{}", trained.stderr);
}

#[test]
fn the_precision_of_the_run_is_that_of_its_evaluation_unless_another_is_typed() {
    let pipeline = until("tokens", "");
    let mut remarks = Vec::new();
    for (precision, other) in [("float32", "bf16"), ("bf16", "float32")] {
        let run = format!("run-{precision}");
        pipeline.succeed(&format!(
            "bert-finetune --tokens tokens --model model --precision {precision} --max-steps 20 --threads 1 --out {run}"
        ));
        let eval = format!("bert-eval --run {run} --tokens tokens --threads 1 --out eval-{precision}");
        let evaluated = pipeline.succeed(&eval);
        let plan = || json_file(&pipeline, &format!("eval-{precision}/manifest.json"))["plan"]["precision"].clone();
        assert_eq!(plan(), precision);
        let typed = pipeline.succeed(&format!("{eval} --precision {precision}"));
        assert_eq!(typed.stderr, format!("bert-eval: eval-{precision} is fresh\n"));
        pipeline.succeed(&format!("{eval} --precision {other}"));
        assert_eq!(plan(), other);

        let predict = |flags: &str| pipeline.succeed(&format!("bert-predict --model {run} --threads 1 {flags} w7"));
        let by_default = predict("");
        assert_eq!(by_default.stdout, predict(&format!("--precision {precision}")).stdout);
        let remark = format!(": precision {precision}, as in the training; ");
        assert_eq!(evaluated.stderr.contains(&remark), by_default.stderr.contains(&remark));
        remarks.push(evaluated.stderr.contains(&remark));
    }
    // What the machine would not have taken is said, whichever of the two that is.
    assert_ne!(remarks[0], remarks[1]);
}

#[test]
fn the_length_of_the_training_travels_to_evaluation_export_and_prediction() {
    let pipeline = until("tokens", "--max-length 6");
    pipeline.run_stage("train", "").assert_success("train");
    assert_eq!(json_file(&pipeline, "train/manifest.json")["recorded"]["max_length"], 6);

    pipeline.succeed("sst-tokenize --raw raw --model model --task labels --max-length 9 --out longer");
    let evaluated = pipeline.succeed("bert-eval --run train --tokens longer --threads 1 --out eval/longer");
    let warning = "bert-eval: warning: the texts of longer were truncated to 9 tokens, those of the training to 6; ";
    assert!(evaluated.stderr.contains(warning), "{}", evaluated.stderr);
    let evaluated = pipeline.run_stage("eval/validation", "");
    evaluated.assert_success("eval");
    assert!(!evaluated.stderr.contains("truncated"), "{}", evaluated.stderr);
    pipeline.run_stage("eval/test", "").assert_success("eval");

    pipeline.run_stage("export", "").assert_success("export");
    assert_eq!(json_file(&pipeline, "export/hf/tokenizer_config.json"), json!({ "model_max_length": 6 }));
    let text = ["w6"; 4].join(" ") + &" w55".repeat(12);
    let predict = |model: &str, flags: &str| {
        let mut command = pipeline.command(&format!("bert-predict --model {model} --threads 1 {flags}"));
        let outcome = testkit::outcome(command.arg(&text));
        outcome.assert_success(model);
        outcome.stdout
    };
    let (short, long) = (predict("train", "--max-length 6"), predict("train", "--max-length 18"));
    assert_ne!(short, long);
    for model in ["train", "export/hf"] {
        assert_eq!(predict(model, ""), short, "{model}");
        assert_eq!(predict(model, "--max-length 18"), long, "what is typed wins: {model}");
    }
}

#[test]
fn an_exported_tokenizer_config_is_changed_only_where_it_says_another_length() {
    let pipeline = until("raw", "");
    let config = "{\"model_max_length\":24,   \"do_lower_case\": true}";
    write_model(&pipeline, "model", |vocabulary| vocabulary);
    pipeline.write("model/tokenizer_config.json", config);
    for (length, out) in [(24, "same"), (8, "shorter")] {
        for line in [
            format!("sst-tokenize --raw raw --model model --task labels --max-length {length} --out {out}/tokens"),
            format!("bert-finetune --tokens {out}/tokens --model model --max-steps 1 --threads 1 --out {out}/train"),
            format!("bert-export --run {out}/train --out {out}/export"),
        ] {
            pipeline.succeed(&line);
        }
    }
    assert_eq!(pipeline.text("same/export/hf/tokenizer_config.json"), config);
    let expected = "{\n  \"do_lower_case\": true,\n  \"model_max_length\": 8\n}\n";
    assert_eq!(pipeline.text("shorter/export/hf/tokenizer_config.json"), expected);
}

#[test]
fn the_texts_and_the_calibration_of_a_card_are_those_of_the_run() {
    let pipeline = until("train", "");
    pipeline.run_stage("eval/validation", "--raw raw").assert_success("bert-eval");
    pipeline.write("other.csv", "text,label\nw5 w6,0\nw7 w8,1\nw9,0\nw10,1\n");
    pipeline.succeed("sst-fetch dataset --train other.csv --out other-raw");
    let refused = pipeline.refuse("bert-export --run train --eval eval/validation --raw other-raw --out export");
    assert!(refused.contains("the evaluations read other texts than those of other-raw"), "{refused}");
    let unknown = pipeline.succeed("bert-export --run train --raw other-raw --out unknown").stderr;
    assert!(
        unknown.contains("--raw other-raw is taken as the texts of the run; --tokens, or an evaluation"),
        "{unknown}"
    );

    let flags = "--eval eval/validation --raw raw --calibration eval/validation/calibration.json";
    let command = |dtype: &str| {
        let exported = pipeline.succeed(&format!("bert-export --run train {flags} --dtype {dtype} --out {dtype}"));
        assert!(!exported.stderr.contains("is taken as the texts"), "{}", exported.stderr);
        let card = pipeline.text(&format!("{dtype}/hf/README.md"));
        card.lines().find(|line| line.starts_with("bert-predict ")).unwrap().to_owned()
    };
    assert_eq!(command("float32"), "bert-predict --model PATH --calibration calibration.json \"A text.\"");
    // The weights that were calibrated are not those.
    assert_eq!(command("bfloat16"), "bert-predict --model PATH \"A text.\"");
}
