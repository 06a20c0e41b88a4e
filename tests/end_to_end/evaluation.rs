//! Evaluation from outside: requirements, texts beside predictions, calibration that is passed on, and what is made from
//! several evaluations.

use serde_json::{Value, json};
use testkit::Pipeline;

fn json_file(pipeline: &Pipeline, name: &str) -> Value {
    serde_json::from_str(&pipeline.text(name)).unwrap()
}

fn lines(pipeline: &Pipeline, name: &str) -> Vec<Value> {
    pipeline.text(name).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A run, of one epoch so that it errs, in `train`.
fn trained() -> Pipeline {
    let mut pipeline = Pipeline::small();
    pipeline.training =
        "--per-device-train-batch-size 16 --learning-rate 1e-3 --num-train-epochs 1 --threads 1 --precision float32"
            .to_owned();
    pipeline.run_up_to("train");
    pipeline
}

#[test]
fn a_missed_requirement_is_exit_code_5_after_everything_is_written_and_when_fresh() {
    let pipeline = trained();
    let missed = pipeline.run_stage("eval/validation", "--require accuracy>=1.01,f1_macro>=0");
    assert_eq!(missed.code, Some(5), "{}", missed.stderr);
    let accuracy = json_file(&pipeline, "eval/validation/metrics.json")["accuracy"].as_f64().unwrap();
    let message = format!("error: required accuracy>=1.01, but accuracy is {accuracy:.6}\n");
    assert!(missed.stderr.ends_with(&message), "{}", missed.stderr);
    for name in ["report.html", "confusion_matrix.png", "calibration.json", "predictions.parquet", "manifest.json"] {
        assert!(pipeline.path(&format!("eval/validation/{name}")).is_file(), "{name}");
    }
    let again = pipeline.run_stage("eval/validation", "--require accuracy>=1.01");
    assert_eq!((again.code, again.stderr.contains(" is fresh\n")), (Some(5), true), "{}", again.stderr);
    pipeline.run_stage("eval/validation", "--require accuracy>=0").assert_success("what holds is not missed");
    let unknown = pipeline.run_stage("eval/validation", "--require sharpness>0.5");
    assert_eq!(unknown.code, Some(2), "{}", unknown.stderr);
    assert!(unknown.stderr.contains("there is no figure sharpness; there are accuracy"), "{}", unknown.stderr);
    let malformed = pipeline.run_stage("eval/test", "--require accuracy=0.5");
    assert_eq!(malformed.code, Some(2), "{}", malformed.stderr);
}

/// Another precision is another result; where the processor has no products of bytes, int8 is refused in words.
#[test]
fn int8_is_asked_for_in_evaluation_and_never_in_training() {
    let mut pipeline = trained();
    let training = std::mem::replace(&mut pipeline.training, "--precision int8".to_owned());
    let untrained = pipeline.run_stage("train", "");
    assert_eq!(untrained.code, Some(2), "{}", untrained.stderr);
    assert!(untrained.stderr.contains("invalid value 'int8' for '--precision <PRECISION>'"), "{}", untrained.stderr);
    pipeline.training = training;
    let evaluated = pipeline.run_stage("eval/validation", "--precision int8");
    if evaluated.code == Some(2) {
        assert!(
            evaluated.stderr.contains("--precision int8 needs products of bytes (AVX512_VNNI"),
            "{}",
            evaluated.stderr
        );
        return;
    }
    evaluated.assert_success("bert-eval in int8");
    let manifest = json_file(&pipeline, "eval/validation/manifest.json");
    assert_eq!(
        (&manifest["plan"]["precision"], &manifest["plan"]["head_precision"]),
        (&json!("int8"), &json!("float32"))
    );
    let again = pipeline.run_stage("eval/validation", "--precision int8");
    assert!(again.stderr.contains(" is fresh\n"), "{}", again.stderr);
    let other = pipeline.run_stage("eval/validation", "--precision float32");
    assert!(!other.stderr.contains(" is fresh\n"), "{}", other.stderr);
    assert_ne!(json_file(&pipeline, "eval/validation/manifest.json")["key"], manifest["key"]);
}

#[test]
fn errors_have_their_texts_and_attributions_that_add_up() {
    let pipeline = trained();
    let flags = "--raw raw --errors 5 --attributions 2 --save-texts --baseline";
    pipeline.run_stage("eval/validation", flags).assert_success("bert-eval");
    let errors = lines(&pipeline, "eval/validation/errors.jsonl");
    assert_eq!(errors.len(), 5);
    let csv = pipeline.text("reviews/validation.csv");
    for error in &errors {
        let line = error["source_line"].as_u64().unwrap() as usize;
        let row = csv.lines().nth(line - 1).unwrap();
        assert_eq!(row, format!("{},{}", error["text"].as_str().unwrap(), error["label"].as_str().unwrap()));
        assert_ne!(error["label"], error["prediction"]);
    }
    let sure = |error: &Value| error["probability"].as_f64().unwrap();
    assert!(errors.windows(2).all(|pair| sure(&pair[0]) >= sure(&pair[1])));
    assert_eq!(errors.iter().filter(|error| error.get("attribution").is_some()).count(), 2);
    let tokens: Vec<&str> =
        errors[0]["attribution"].as_array().unwrap().iter().map(|piece| piece["token"].as_str().unwrap()).collect();
    assert_eq!(tokens.join(" "), format!("[CLS] {} [SEP]", errors[0]["text"].as_str().unwrap()));
    // A prediction of the same text says the same.
    let text = errors[0]["text"].as_str().unwrap();
    pipeline.write("error.txt", text);
    let line = "bert-predict --model train --input error.txt --attributions --quiet";
    let predicted: Value = serde_json::from_str(&pipeline.succeed(line).stdout).unwrap();
    assert_eq!((&predicted["attribution"], &predicted["label"]), (&errors[0]["attribution"], &errors[0]["prediction"]));
    let baseline = json_file(&pipeline, "eval/validation/baseline.json");
    assert_eq!(baseline["n_train"], json!(200));
    assert!(baseline["metrics"]["accuracy"].as_f64().unwrap() > 0.6, "{baseline}");
    let page = pipeline.text("eval/validation/report.html");
    assert!(page.contains(errors[4]["text"].as_str().unwrap()) && !page.contains("src="), "the page is whole");

    // Raw texts that the tokens were not made of are refused.
    pipeline.write("reviews/validation.csv", csv.replacen("w", "W", 1));
    pipeline.run_stage("raw", "").assert_success("raw");
    let refused = pipeline.run_stage("eval/validation", flags);
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    assert!(refused.stderr.contains("holds other texts than those that were tokenized"), "{}", refused.stderr);
}

#[test]
fn a_temperature_is_fitted_on_validation_and_given_to_other_evaluations() {
    let pipeline = trained();
    pipeline.run_stage("eval/validation", "").assert_success("validation");
    let calibration = json_file(&pipeline, "eval/validation/calibration.json");
    let figure = |name: &str| calibration[name].as_f64().unwrap();
    assert_eq!(figure("loss_before"), json_file(&pipeline, "eval/validation/metrics.json")["loss"].as_f64().unwrap());
    assert!(figure("loss_after") < figure("loss_before") && figure("temperature") > 0.0);

    pipeline.run_stage("eval/test", "").assert_success("test");
    assert!(!pipeline.path("eval/test/calibration.json").exists(), "nothing is fitted on test");
    let before = json_file(&pipeline, "eval/test/metrics.json");
    let flags = "--calibration eval/validation/calibration.json";
    pipeline.run_stage("eval/test", flags).assert_success("calibrated");
    let after = json_file(&pipeline, "eval/test/metrics.json");
    assert_eq!((&before["accuracy"], &before["confusion_matrix"]), (&after["accuracy"], &after["confusion_matrix"]));
    assert_ne!(before["loss"], after["loss"]);

    let other =
        pipeline.text("eval/validation/calibration.json").replace("\"weights_sha256\": \"", "\"weights_sha256\": \"0");
    pipeline.write("other.json", other);
    let refused = pipeline.run_stage("eval/test", "--calibration other.json");
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    assert!(refused.stderr.contains("other.json is of other weights than those of train"), "{}", refused.stderr);
}

#[test]
fn evaluations_are_compared_summarized_and_searched_for_label_errors() {
    let pipeline = trained();
    let flags =
        "--num-train-epochs 1 --learning-rate 1e-3 --per-device-train-batch-size 16 --threads 1 --precision float32";
    pipeline.succeed(&format!("bert-finetune --tokens tokens --model model {flags} --seed 7 --out other"));
    pipeline.run_stage("eval/validation", "--raw raw --save-texts").assert_success("first");
    let evaluate = "bert-eval --tokens tokens --threads 1";
    pipeline.succeed(&format!("{evaluate} --run other --split validation --out eval/other"));
    pipeline.succeed(&format!("{evaluate} --run train --split test --out eval/test"));

    pipeline.succeed("bert-eval compare eval/validation eval/other --out compared --quiet");
    let compared = json_file(&pipeline, "compared/comparison.json");
    let accuracies: Vec<f64> = ["eval/validation", "eval/other"]
        .map(|folder| json_file(&pipeline, &format!("{folder}/metrics.json"))["accuracy"].as_f64().unwrap())
        .into();
    let accuracy = &compared["pairs"][0]["figures"][0];
    assert_eq!((accuracy["figure"].as_str(), compared["n"].as_u64()), (Some("accuracy"), Some(60)));
    assert_eq!(accuracy["difference"].as_f64().unwrap(), accuracies[1] - accuracies[0]);
    let mcnemar = &compared["pairs"][0]["mcnemar"];
    let only = |name: &str| mcnemar[name].as_f64().unwrap();
    let moved = (only("only_second") - only("only_first")) / 60.0;
    assert!((moved - (accuracies[1] - accuracies[0])).abs() < 1e-12, "{mcnemar}");
    let disagreements = lines(&pipeline, "compared/disagreements.jsonl").len() as f64;
    assert_eq!(disagreements, only("only_first") + only("only_second"), "of two classes one is right");
    let page = pipeline.text("compared/report.html");
    assert!(page.contains("seed") && page.contains("McNemar"), "what differs in settings is said");
    let same = pipeline.succeed("bert-eval compare eval/other eval/other --out same");
    assert!(same.stderr.contains("predict the same for every row"), "{}", same.stderr);
    let refused = pipeline.refuse("bert-eval compare eval/validation eval/test --out refused");
    assert!(refused.contains("evaluate different rows: they have other"), "{refused}");

    pipeline.succeed("bert-eval seeds eval/validation eval/other --out seeds --quiet");
    let mean = json_file(&pipeline, "seeds/seeds.json")["figures"]["accuracy"]["mean"].as_f64().unwrap();
    assert!((mean - (accuracies[0] + accuracies[1]) / 2.0).abs() < 1e-12);
    let refused = pipeline.refuse("bert-eval seeds eval/validation eval/test --out refused");
    assert!(refused.contains("evaluate the same weights"), "{refused}");

    let refused = pipeline.refuse("bert-eval suspects eval/other eval/other --out refused");
    assert!(refused.contains("evaluate the same weights on the same rows"), "{refused}");

    // The ids and labels of the same rows, with other texts.
    pipeline.write("rewritten/train.csv", pipeline.text("reviews/train.csv"));
    let rewritten = pipeline.text("reviews/validation.csv").replace('w', "w1 w");
    pipeline.write("rewritten/validation.csv", rewritten);
    pipeline.succeed("sst-fetch dataset --source rewritten --split none --out raw-rewritten");
    pipeline.succeed("sst-tokenize --raw raw-rewritten --model model --task labels --out tokens-rewritten");
    let of_rewritten =
        "bert-eval --run other --tokens tokens-rewritten --raw raw-rewritten --split validation --threads 1";
    pipeline.succeed(&format!("{of_rewritten} --save-texts --out eval/rewritten"));
    pipeline.succeed(&format!("{of_rewritten} --out eval/without-texts"));
    for summary in ["compare", "seeds"] {
        let refused = pipeline.refuse(&format!("bert-eval {summary} eval/validation eval/rewritten --out refused"));
        assert!(refused.contains("evaluate different rows: they have other texts"), "{refused}");
        let doubt = pipeline
            .succeed(&format!("bert-eval {summary} eval/validation eval/without-texts --out doubted-{summary}"));
        assert!(doubt.stderr.contains("were given raw files that differ (SHA-256 "), "{}", doubt.stderr);
    }
    pipeline.succeed(&format!("{evaluate} --run other --split test --out eval/other-test"));
    let refused = pipeline.refuse("bert-eval seeds eval/validation eval/other-test --out refused");
    assert!(refused.contains("evaluate different rows: they have other"), "{refused}");

    pipeline.succeed("bert-eval suspects eval/validation --at-least 0.5 --out suspects --quiet");
    let suspects = lines(&pipeline, "suspects/suspects.jsonl");
    assert_eq!(suspects.len(), 30);
    assert!(suspects.iter().all(|suspect| suspect["source_file"] == "validation.csv" && suspect["text"].is_string()));
}

#[test]
fn what_an_evaluation_cannot_have_is_told_before_the_earlier_one_goes() {
    let pipeline = trained();
    pipeline.run_stage("eval/test", "--raw raw").assert_success("eval/test");
    let earlier = pipeline.read("eval/test/manifest.json");
    let told = pipeline.run_stage("eval/test", "--raw raw --nodes");
    assert_eq!(told.code, Some(2), "{}", told.stderr);
    let expected = "error: --nodes needs trees with their phrases, but raw/test.parquet has whole sentences alone\n";
    assert!(told.stderr.ends_with(expected), "{}", told.stderr);
    assert!(pipeline.read("eval/test/manifest.json") == earlier && pipeline.path("eval/test/metrics.json").exists());
}

#[test]
fn a_report_without_errors_does_not_say_that_there_are_none() {
    let pipeline = trained();
    let page = |errors: u32| {
        pipeline.run_stage("eval/test", &format!("--errors {errors}")).assert_success("eval/test");
        pipeline.text("eval/test/report.html")
    };
    assert!(page(1).contains("The surest errors") && json_file(&pipeline, "eval/test/metrics.json")["accuracy"] != 1.0);
    let without = page(0);
    assert!(!without.contains("The surest errors") && !without.contains("No prediction is wrong"));
    assert!(without.contains("    --precision float32 \\\n"), "the command gives the same figures on any machine");
}
