//! `bert-doctor provenance`: the chain from a folder back to the files that no stage wrote.

use std::fs;

use testkit::{Outcome, Pipeline};

fn provenance(pipeline: &Pipeline, folder: &str) -> Outcome {
    pipeline.run(&format!("bert-doctor provenance {folder}"))
}

#[test]
fn the_chain_leads_back_to_the_users_files() {
    let pipeline = Pipeline::small();
    pipeline.run_all();
    for folder in ["export", "export/hf", "export/hf/README.md"] {
        let told = provenance(&pipeline, folder);
        told.assert_success(folder);
        let heads: Vec<&str> = told.stdout.lines().filter(|line| line.ends_with("sealed")).collect();
        let expected = [
            "export: bert-export, sealed",
            "eval/test: bert-eval, sealed",
            "eval/validation: bert-eval, sealed",
            "tokens: sst-tokenize, sealed",
            "train: bert-finetune, sealed",
            "model: sst-fetch model from folder, sealed",
            "raw: sst-fetch dataset from local files, sealed",
        ];
        assert_eq!(heads, expected, "{folder}: {}", told.stdout);
        let hash = &stage::Fingerprint::of_file(&pipeline.path("reviews/test.csv")).unwrap().sha256[..12];
        let first = format!("  input   {hash}  ok  test.csv <- reviews/test.csv (no stage wrote it)\n");
        assert!(told.stdout.contains(&first), "{}", told.stdout);
        assert!(told.stdout.ends_with("files were checked: each is what was written\n"), "{}", told.stdout);
    }
}

#[test]
fn what_differs_anywhere_in_the_chain_is_told() {
    let pipeline = Pipeline::small();
    pipeline.run_all();
    let wrong = |expected: &[&str]| {
        let told = provenance(&pipeline, "export");
        assert_eq!(told.code, Some(2), "{}", told.stdout);
        for expected in expected {
            assert!(told.stdout.contains(expected), "«{expected}»? {}", told.stdout);
        }
        assert!(told.stderr.starts_with("error: "), "{}", told.stderr);
        told.stderr
    };
    let raw = pipeline.read("raw/train.parquet");
    pipeline.write("raw/train.parquet", [&raw[..raw.len() - 1], b"x"].concat());
    let summary =
        wrong(&["  edited: it is ", " now  train.parquet\n", " now  raw/train.parquet <- raw/train.parquet\n"]);
    assert!(summary.contains("2 of ") && summary.contains("files are not what was written"), "{summary}");
    pipeline.write("raw/train.parquet", raw);

    let manifest = pipeline.text("tokens/manifest.json");
    pipeline.write("tokens/manifest.json", manifest.replacen("\"version\": 1", "\"version\": 2", 1));
    wrong(&["tokens: sst-tokenize, edited: its manifest does not match its seal\n"]);
    pipeline.write("tokens/manifest.json", manifest);

    // Made anew since: what was trained on is not there any more.
    pipeline.run_stage("tokens", "--max-length 6").assert_success("tokens");
    wrong(&["  another one now: `sst-tokenize` made "]);
}

#[test]
fn a_chain_that_moved_is_found_and_what_is_gone_is_named() {
    let pipeline = Pipeline::small();
    pipeline.run_up_to("tokens");
    let elsewhere = testkit::Sandbox::new();
    let tokens = pipeline.path("tokens");
    let told = elsewhere.run(&format!("bert-doctor provenance {}", tokens.display()));
    told.assert_success("from another folder");
    assert!(told.stdout.contains(&format!("{}: sst-fetch dataset", pipeline.path("raw").display())), "{}", told.stdout);

    fs::remove_dir_all(pipeline.path("reviews")).unwrap();
    let told = provenance(&pipeline, "tokens");
    told.assert_success("the first files are gone");
    assert!(told.stdout.contains("  not found  test.csv (recorded as reviews/test.csv)\n"), "{}", told.stdout);
    assert!(told.stdout.contains("3 inputs were not found, and could not be checked\n"), "{}", told.stdout);

    let text = pipeline.text("raw/manifest.json");
    pipeline.write("raw/manifest.json", format!("{}\n}}\n", text.split(",\n  \"seal\"").next().unwrap()));
    let told = provenance(&pipeline, "tokens");
    assert!(told.stdout.contains("raw: sst-fetch dataset from local files, not sealed: made by an older program\n"));
    let nothing = provenance(&pipeline, "checkpoint-of-nobody");
    assert_eq!(nothing.code, Some(2), "{}", nothing.stderr);
    fs::create_dir(pipeline.path("empty")).unwrap();
    let message = provenance(&pipeline, "empty").stderr;
    assert!(message.contains("empty has no manifest.json: it is unfinished"), "{message}");
}

#[test]
fn of_a_chain_that_moved_what_changed_is_told_and_a_namesake_above_is_nobodys() {
    let pipeline = Pipeline::small();
    pipeline.run_up_to("tokens");
    let moved = testkit::Sandbox::new();
    let project = moved.path("far/project");
    fs::create_dir_all(project.parent().unwrap()).unwrap();
    fs::rename(pipeline.path(""), &project).unwrap();
    let told = || moved.run("bert-doctor provenance far/project/tokens");
    told().assert_success("moved as a whole");

    // Beside the others, which have their bytes, it is the one that was meant.
    let vocabulary = project.join("model/vocab.txt");
    let text = fs::read_to_string(&vocabulary).unwrap();
    fs::write(&vocabulary, text.replacen("w5", "w500", 1)).unwrap();
    let changed = told();
    assert_eq!(changed.code, Some(2), "{}", changed.stdout);
    assert!(changed.stdout.contains("  differs: it is "), "{}", changed.stdout);
    fs::write(&vocabulary, text).unwrap();

    // A folder of the same name further up has nothing to do with it.
    fs::rename(project.join("raw"), project.join("raw-of-may")).unwrap();
    moved.write("far/raw/train.parquet", "another project's");
    let gone = told();
    gone.assert_success("a namesake");
    assert!(
        gone.stdout.contains("  not found  raw/train.parquet (recorded as raw/train.parquet)\n"),
        "{}",
        gone.stdout
    );
    fs::create_dir_all(pipeline.path("")).unwrap();
}
