//! Folders of older programs: manifests without a seal, locks that name no stage, caches without the time of change.
//! They are read, fresh, and continued by their own stage.

use std::fs;

use testkit::{Pipeline, STAGES};

/// Makes the bookkeeping of a folder what older programs wrote.
fn age(pipeline: &Pipeline, folder: &str) {
    let name = |file: &str| format!("{folder}/{file}");
    if pipeline.path(&name("manifest.json")).exists() {
        let text = pipeline.text(&name("manifest.json"));
        let (before, seal) = text.split_once(",\n  \"seal\": ").unwrap();
        assert!(seal.ends_with("\"\n}\n"), "{seal}");
        pipeline.write(&name("manifest.json"), format!("{before}\n}}\n"));
    }
    let lock = pipeline.text(&name(".lock"));
    pipeline.write(&name(".lock"), lock.split(' ').next().unwrap());
}

#[test]
fn a_pipeline_of_older_programs_is_fresh() {
    let pipeline = Pipeline::small();
    for stage in STAGES {
        pipeline.run_stage(stage, "").assert_success(stage);
        age(&pipeline, stage);
    }
    assert_eq!(pipeline.run_all(), [] as [&str; 0]);
    assert!(!pipeline.text("train/manifest.json").contains("seal"), "a fresh folder is left as it is");
    pipeline.succeed("bert-predict --model export/hf w50");

    // Whose they are is known all the same, and what is in them is compared.
    for (stage, folder) in [("tokens", "train"), ("train", "tokens"), ("export", "eval/test")] {
        let mut command = pipeline.stage(stage);
        let refused = testkit::outcome(command.args(["--out", folder]));
        assert_eq!(refused.code, Some(2), "{stage} into {folder}: {}", refused.stderr);
    }
    let weights = pipeline.read("train/model.safetensors");
    pipeline.write("train/model.safetensors", [&weights[..weights.len() - 1], b"x"].concat());
    assert_eq!(pipeline.run_stage("eval/test", "").code, Some(2));
    assert_eq!(pipeline.run_stage("train", "").code, Some(2));
    pipeline.write("train/model.safetensors", weights);
    assert_eq!(pipeline.run_all(), [] as [&str; 0]);
}

#[test]
fn an_interrupted_training_of_older_programs_is_continued_by_its_own_stage_alone() {
    let whole = Pipeline::small();
    whole.run_all();
    let pipeline = Pipeline::small();
    for stage in ["raw", "model", "tokens"] {
        pipeline.run_stage(stage, "").assert_success(stage);
        age(&pipeline, stage);
    }
    pipeline.run_stage("train", "--stop-at-step 20").assert_success("train");
    age(&pipeline, "train");
    let lock = pipeline.text("train/.lock");
    assert!(lock.bytes().all(|byte| byte.is_ascii_digit()), "{lock}");
    for line in [
        "sst-fetch dataset --source reviews",
        "sst-tokenize --raw raw --model model --task labels",
        "bert-sweep --tokens tokens --model model --seeds 2",
    ] {
        let refusal = pipeline.refuse(&format!("{line} --out train"));
        assert!(refusal.contains("train holds the unfinished work of another stage"), "{refusal}");
        assert!(refusal.contains("makes no folder checkpoints, tensorboard;"), "{refusal}");
    }
    assert_eq!(pipeline.text("train/.lock"), lock);
    let resumed = pipeline.run_stage("train", "");
    assert!(resumed.stderr.contains("continuing at step 20"), "{}", resumed.stderr);
    for name in ["model.safetensors", "log.jsonl"] {
        let name = format!("train/{name}");
        assert!(pipeline.read(&name) == whole.read(&name), "{name}");
    }
}

#[test]
fn an_interrupted_search_and_export_of_older_programs_are_continued() {
    let pipeline = Pipeline::small();
    pipeline.run_all();
    pipeline.write(
        "sweep.toml",
        "[finetune]\nnum_train_epochs = 1\n[sweep]\nmethod = 'grid'\n[sweep.space]\nlearning_rate = [1e-3, 3e-3]\n",
    );
    let sweep = "bert-sweep --tokens tokens --model model --threads 1 --profile sweep.toml --out sweep";
    pipeline.succeed(sweep);
    let table = pipeline.text("sweep/trials.jsonl");
    for folder in ["sweep", "export"] {
        age(&pipeline, folder);
        fs::remove_file(pipeline.path(&format!("{folder}/manifest.json"))).unwrap();
    }
    let refusal = pipeline.refuse("bert-eval --run train --tokens tokens --split test --out sweep");
    assert!(refusal.contains("`bert-eval` makes no folder best, trials;"), "{refusal}");
    let continued = pipeline.succeed(sweep);
    assert!(!continued.stderr.contains("up to step"), "{}", continued.stderr);
    assert_eq!(pipeline.text("sweep/trials.jsonl"), table);
    assert_eq!(pipeline.run_all(), ["export"]);
}
