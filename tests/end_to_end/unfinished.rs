//! What is not finished, or is of another model, is no input: not even where all files that are read happen to be there.

use std::fs;

use testkit::Pipeline;

const READERS: [&str; 5] = [
    "bert-predict --model train w50",
    "sst-tokenize --raw raw --model train --task labels --out other",
    "bert-finetune --tokens tokens --model train --out other",
    "sst-fetch model --source train --out other",
    "bert-sweep --tokens tokens --model train --seeds 2 --out other",
];

/// A paused training that has the files of a model.
fn unfinished() -> Pipeline {
    let pipeline = Pipeline::small();
    pipeline.run_up_to("tokens");
    pipeline.run_stage("train", "--stop-at-step 5").assert_success("train");
    for name in ["config.json", "vocab.txt", "model.safetensors"] {
        pipeline.write(&format!("train/{name}"), pipeline.read(&format!("model/{name}")));
    }
    pipeline
}

#[test]
fn an_unfinished_training_is_refused_by_every_reader_of_models() {
    let pipeline = unfinished();
    let lock = pipeline.text("train/.lock");
    assert!(lock.ends_with(" bert-finetune"), "{lock}");
    for (lock, stage) in [(&*lock, "`bert-finetune`"), (lock.split(' ').next().unwrap(), "the stage that began it")] {
        pipeline.write("train/.lock", lock);
        for reader in READERS {
            let told = pipeline.refuse(reader);
            let expected = format!("error: train is unfinished: it has no manifest.json; run {stage} to its end first");
            assert!(told.starts_with(&expected), "{reader}: {told}");
            assert!(!pipeline.path("other").exists(), "{reader}");
        }
    }
}

#[test]
fn a_folder_of_the_users_own_may_have_any_lock_file() {
    let pipeline = unfinished();
    fs::remove_dir_all(pipeline.path("train/checkpoints")).unwrap();
    for lock in ["", "laptop", "17 laptop", "bert-finetune"] {
        pipeline.write("train/.lock", lock);
        pipeline.succeed("sst-fetch model --source train --out other");
        fs::remove_dir_all(pipeline.path("other")).unwrap();
    }
}

#[test]
fn figures_of_another_model_do_not_get_into_the_card() {
    let mut pipeline = Pipeline::small();
    pipeline.run_all();
    let card = pipeline.read("export/hf/README.md");
    pipeline.training.push_str(" --seed 7");
    pipeline.run_stage("train", "").assert_success("train");
    let told = pipeline.run_stage("export", "");
    assert_eq!(told.code, Some(2), "{}", told.stderr);
    for expected in [
        "error: eval/validation evaluates another model than that of train, or an older one: SHA-256 ",
        "; evaluate the run again with `bert-eval --run train --out eval/validation`",
    ] {
        assert!(told.stderr.contains(expected), "«{expected}»? {}", told.stderr);
    }
    assert!(pipeline.read("export/hf/README.md") == card && pipeline.path("export/manifest.json").exists());
    pipeline.run_stage("eval/validation", "").assert_success("eval/validation");
    assert!(pipeline.run_stage("export", "").stderr.contains("eval/test evaluates another model"));
    assert_eq!(pipeline.run_all(), ["eval/test", "export"]);
}

#[test]
fn provenance_tells_an_export_whose_evaluation_is_of_another_model() {
    let pipeline = Pipeline::small();
    pipeline.run_all();
    // As an older program wrote it, and of other weights.
    let manifest = pipeline.text("eval/test/manifest.json");
    let (manifest, _) = manifest.split_once(",\n  \"seal\": ").unwrap();
    let weights = stage::Fingerprint::of_file(&pipeline.path("train/model.safetensors")).unwrap().sha256;
    assert_eq!(manifest.matches(&weights).count(), 1);
    pipeline.write("eval/test/manifest.json", manifest.replace(&weights, &"0".repeat(64)) + "\n}\n");
    let told = pipeline.run("bert-doctor provenance export");
    assert_eq!(told.code, Some(2), "{}", told.stdout);
    let line = format!(
        "  branch  {}  another one: eval/test was made from 000000000000  train/model.safetensors\n",
        &weights[..12]
    );
    assert_eq!(told.stdout.matches(&line).count(), 1, "{}", told.stdout);
}
