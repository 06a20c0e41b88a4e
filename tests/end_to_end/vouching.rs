//! What a stage wrote is what the next one reads: one flipped byte anywhere under a manifest is told by who reads it.

use std::fs;

use stage::{MANIFEST, Manifest};
use testkit::{Outcome, Pipeline, outcome};

/// A command, by the folder that it writes, that reads a file.
fn run(pipeline: &Pipeline, reader: &str) -> Outcome {
    match reader {
        "predict" => pipeline.run("bert-predict --model export/hf --threads 1 w50"),
        "predict with the run" => pipeline.run("bert-predict --model train --threads 1 w50"),
        "sweep" => outcome(pipeline.command(SWEEP).args(["--out", "sweep"])),
        "next model" => pipeline.run("sst-fetch model --source train --out next"),
        stage => pipeline.run_stage(stage, ""),
    }
}

const SWEEP: &str = "bert-sweep --tokens tokens --model model --threads 1 --profile sweep.toml";

/// Each file under a manifest that a stage reads, and who reads it.
const READ: [(&str, &[&str]); 16] = [
    ("raw/train.parquet", &["tokens"]),
    ("raw/validation.parquet", &["tokens"]),
    ("raw/test.parquet", &["tokens"]),
    ("model/config.json", &["tokens", "train", "sweep"]),
    ("model/vocab.txt", &["tokens", "train", "sweep"]),
    ("model/model.safetensors", &["train", "sweep"]),
    ("tokens/train.parquet", &["train", "sweep"]),
    ("tokens/validation.parquet", &["train", "eval/validation", "sweep"]),
    ("tokens/test.parquet", &["eval/test"]),
    ("train/config.json", &["eval/validation", "eval/test", "export", "predict with the run", "next model"]),
    ("train/model.safetensors", &["eval/validation", "eval/test", "export", "predict with the run", "next model"]),
    ("train/vocab.txt", &["export", "predict with the run", "next model"]),
    ("eval/test/metrics.json", &["export"]),
    ("export/hf/config.json", &["predict"]),
    ("export/hf/model.safetensors", &["predict"]),
    ("export/hf/vocab.txt", &["predict"]),
];

const MANIFESTS: [(&str, &[&str]); 6] = [
    ("raw/manifest.json", &["tokens"]),
    ("model/manifest.json", &["tokens", "train", "sweep"]),
    ("tokens/manifest.json", &["train", "eval/test", "sweep"]),
    ("train/manifest.json", &["eval/test", "export", "predict with the run", "next model"]),
    ("eval/validation/manifest.json", &["export"]),
    ("export/manifest.json", &["predict"]),
];

fn pipeline() -> Pipeline {
    let pipeline = Pipeline::small();
    pipeline.run_all();
    let profile =
        "[finetune]\nnum_train_epochs = 1\n[sweep]\nmethod = 'grid'\n[sweep.space]\nlearning_rate = [1e-3, 3e-3]\n";
    pipeline.write("sweep.toml", profile);
    run(&pipeline, "sweep").assert_success("sweep");
    pipeline
}

/// The bytes of a file with one of them changed.
fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut flipped = bytes.to_vec();
    flipped[at] ^= 1;
    flipped
}

fn told(pipeline: &Pipeline, reader: &str, name: &str, expected: &str) {
    let outcome = run(pipeline, reader);
    assert_eq!(outcome.code, Some(2), "{reader} reads {name}: {}{}", outcome.stdout, outcome.stderr);
    assert!(outcome.stdout.is_empty(), "{reader} reads {name}: nothing is made of it: {}", outcome.stdout);
    for expected in [name, expected] {
        assert!(outcome.stderr.contains(expected), "{reader} reads {name}: «{expected}»? {}", outcome.stderr);
    }
}

#[test]
fn a_flipped_byte_is_told_by_every_stage_that_reads_it() {
    let pipeline = pipeline();
    for (name, readers) in READ {
        let bytes = pipeline.read(name);
        for at in [0, bytes.len() - 1] {
            pipeline.write(name, flipped(&bytes, at));
            for reader in readers {
                told(&pipeline, reader, name, "");
            }
        }
        // The table of tensors and its length are in front: what is at the end is numbers.
        let (folder, _) = name.split_once("/hf").or_else(|| name.rsplit_once('/')).unwrap();
        for reader in readers {
            told(&pipeline, reader, name, &format!("as in {folder}/{MANIFEST}; it was edited or damaged"));
        }
        fs::remove_file(pipeline.path(name)).unwrap();
        for reader in readers {
            told(&pipeline, reader, name.rsplit('/').next().unwrap(), "");
        }
        pipeline.write(name, bytes);
    }
    assert_eq!(pipeline.run_all(), [] as [&str; 0], "all are as they were");
}

#[test]
fn an_edited_manifest_is_told_by_every_stage_that_trusts_it() {
    let pipeline = pipeline();
    for (name, readers) in MANIFESTS {
        let text = pipeline.text(name);
        pipeline.write(name, text.replacen("\"bytes\": ", "\"bytes\": 1", 1));
        for reader in readers {
            told(&pipeline, reader, name, "was edited: its text does not match its seal");
        }
        pipeline.write(name, &text[..text.len() / 2]);
        for reader in readers {
            told(&pipeline, reader, name, "cannot be read as the manifest of a stage");
        }
        pipeline.write(name, text);
    }
    assert_eq!(pipeline.run_all(), [] as [&str; 0], "all are as they were");
}

#[test]
fn an_edited_figure_is_told() {
    let pipeline = pipeline();
    let metrics = pipeline.text("eval/test/metrics.json");
    let at = metrics.find("\"accuracy\": 0.").unwrap() + "\"accuracy\": 0.".len();
    pipeline.write("eval/test/metrics.json", format!("{}9{}", &metrics[..at], &metrics[at + 1..]));
    told(&pipeline, "export", "eval/test/metrics.json", "is not what `bert-eval` wrote: SHA-256 ");
}

#[test]
fn a_trial_is_ranked_by_the_log_that_it_wrote() {
    let pipeline = pipeline();
    let log = pipeline.text("sweep/best/train/log.jsonl");
    fs::remove_file(pipeline.path("sweep/manifest.json")).unwrap();
    let id = fs::read_link(pipeline.path("sweep/best")).unwrap();
    pipeline.write("sweep/best/train/log.jsonl", log.replacen("\"eval_accuracy\":0.", "\"eval_accuracy\":1.", 1));
    told(&pipeline, "sweep", &format!("sweep/{}/train/log.jsonl", id.display()), "is not what `bert-finetune` wrote");
}

#[test]
fn short_stages_make_edited_outputs_again() {
    let pipeline = pipeline();
    for (stage, file) in [
        ("raw", "raw/train.parquet"),
        ("model", "model/config.json"),
        ("tokens", "tokens/report.json"),
        ("eval/test", "eval/test/metrics.json"),
        ("export", "export/hf/README.md"),
        ("eval/test", "eval/test/manifest.json"),
    ] {
        let bytes = pipeline.read(file);
        let at = if file.ends_with(MANIFEST) { bytes.len() - 10 } else { bytes.len() / 2 };
        pipeline.write(file, flipped(&bytes, at));
        let explained = pipeline.run_stage(stage, "--explain");
        let name = file.strip_prefix(&format!("{stage}/")).unwrap();
        assert!(explained.stdout.contains(&format!("{name}: edited")), "{file}: {}", explained.stdout);
        assert_ne!(pipeline.read(file), bytes);
        let again = pipeline.run_stage(stage, "");
        again.assert_success(stage);
        assert!(
            again.stderr.contains(&format!("edited since it was written, and made again: {file}")),
            "{}",
            again.stderr
        );
        assert_eq!(pipeline.read(file), bytes, "{file}");
    }
    fs::remove_file(pipeline.path("raw/test.parquet")).unwrap();
    let explained = pipeline.run_stage("raw", "--explain").stdout;
    assert_eq!(explained, "sst-fetch dataset: raw is out of date:\n  output test.parquet: missing\n");
}

#[test]
fn what_took_long_is_made_again_only_with_force() {
    let pipeline = pipeline();
    for (reader, file) in
        [("train", "train/model.safetensors"), ("sweep", "sweep/best.toml"), ("train", "train/manifest.json")]
    {
        let bytes = pipeline.read(file);
        pipeline.write(file, flipped(&bytes, bytes.len() - 10));
        told(&pipeline, reader, file, "restore what was written, give another --out, or start over with --force");
        pipeline.write(file, bytes);
    }
    let bytes = pipeline.read("train/config.json");
    pipeline.write("train/config.json", "{}");
    let explained = pipeline.run_stage("train", "--explain").stdout;
    assert!(explained.ends_with("only --force makes it again, since outputs of it were edited\n"), "{explained}");
    pipeline.run_stage("train", "--force").assert_success("train");
    assert_eq!(pipeline.read("train/config.json"), bytes);
}

#[test]
fn a_finished_run_that_gives_way_is_said_first() {
    let mut pipeline = pipeline();
    pipeline.training.push_str(" --weight-decay 0.02 --seed 7");
    let expected = "bert-finetune: the finished result in train gives way to other settings: \
        data_seed: 42 -> 7; seed: 42 -> 7; weight_decay: 0.0 -> 0.02\n  \
        another --out keeps it; --model train --out OTHER goes on from its weights\n";
    let explained = pipeline.run_stage("train", "--explain");
    assert_eq!(explained.stderr, expected);
    assert!(Manifest::read(&pipeline.path("train")).is_some());
    let trained = pipeline.run_stage("train", "--quiet");
    assert_eq!(trained.stderr, expected, "also with --quiet");

    pipeline.write("sweep.toml", pipeline.text("sweep.toml").replace("3e-3", "2e-3"));
    let swept = run(&pipeline, "sweep");
    swept.assert_success("sweep");
    assert!(
        swept.stderr.contains("bert-sweep: the finished result in sweep gives way to other settings: "),
        "{}",
        swept.stderr
    );
    // What is short is made anew without a word.
    let again = pipeline.run_stage("eval/test", "");
    assert!(!again.stderr.contains("gives way"), "{}", again.stderr);
}
