//! Which files an export has, in which dtype, and what its key is made of.

use std::fs::File;
use std::io::Write;
use std::time::Instant;

use serde_json::json;
use testkit::{Random, Sandbox};

use crate::common::{EXPORT, files, json_file, plan, run};

/// The dtype of each tensor of a safetensors file.
fn dtypes(bytes: &[u8]) -> Vec<String> {
    let n = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header: serde_json::Value = serde_json::from_slice(&bytes[8..8 + n]).unwrap();
    let entries = header.as_object().unwrap().iter().filter(|(name, _)| *name != "__metadata__");
    entries.map(|(_, entry)| entry["dtype"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn all_formats_are_in_one_folder() {
    let sandbox = Sandbox::new();
    run(&sandbox, &json!({}), |_| ());
    let exported = sandbox.succeed(&format!("{EXPORT} --format onnx-int8,hf,onnx"));
    assert_eq!(exported.stderr, "bert-export: export/hf\n");
    assert_eq!(
        files(&sandbox, "export"),
        [
            "export/hf/README.md",
            "export/hf/config.json",
            "export/hf/model.safetensors",
            "export/hf/onnx/model.onnx",
            "export/hf/onnx/model_int8.onnx",
            "export/hf/vocab.txt",
            "export/manifest.json",
        ]
    );
    assert_eq!(plan(&sandbox), json!({"format": "hf,onnx,onnx-int8"}));
    assert_eq!(
        sandbox.succeed(&format!("{EXPORT} --format hf,onnx,onnx-int8")).stderr,
        "bert-export: export is fresh\n"
    );
    let (weights, graph) = (sandbox.read("export/hf/model.safetensors"), sandbox.read("export/hf/onnx/model.onnx"));
    assert!(weights == sandbox.read("train/model.safetensors"));
    sandbox.succeed(&format!("{EXPORT} --format onnx"));
    assert!(graph == sandbox.read("export/hf/onnx/model.onnx"), "the same model has the same bytes");
    assert!(
        !sandbox.path("export/hf/model.safetensors").exists()
            && !sandbox.path("export/hf/onnx/model_int8.onnx").exists()
    );
}

#[test]
fn weights_are_written_in_16_bits_on_request() {
    let sandbox = Sandbox::new();
    run(&sandbox, &json!({}), |config| config["torch_dtype"] = json!("float32"));
    for (dtype, element) in [("bfloat16", "BF16"), ("float16", "F16")] {
        sandbox.succeed(&format!("{EXPORT} --dtype {dtype}"));
        let config = json_file(&sandbox, "export/hf/config.json");
        assert_eq!((&config["dtype"], config.get("torch_dtype")), (&json!(dtype), None));
        let weights = sandbox.read("export/hf/model.safetensors");
        assert_eq!(dtypes(&weights), vec![element; 41], "{dtype}");
        assert_eq!(plan(&sandbox), json!({"format": "hf", "config_changes": ["dtype"], "dtype": dtype}));
    }
    sandbox.succeed(EXPORT);
    assert_eq!(dtypes(&sandbox.read("export/hf/model.safetensors")), vec!["F32"; 41]);
}

#[test]
fn what_does_not_fit_is_refused_before_anything_is_written() {
    let sandbox = Sandbox::new();
    run(&sandbox, &json!({}), |_| ());
    let refused = |flags: &str, expected: &str| {
        let problem = sandbox.refuse(&format!("{EXPORT} {flags}"));
        assert!(problem.contains(expected), "{problem}");
        assert_eq!(files(&sandbox, "export"), Vec::<String>::new());
    };
    refused("--format gguf", "\"gguf\" is no format; expected one of hf, onnx, onnx-int8");
    refused("--format onnx --dtype float16", "--dtype is for the format hf, but --format is onnx;");
    refused("--max-flips 3", "--tokens <DIR>");
    refused("--tokens tokens --max-flips few", "expected a number such as 3, or a share such as 0.5%");
    refused("--tokens tokens", "tokens does not exist; `sst-tokenize` makes it");
}

#[test]
fn weights_that_were_changed_or_cut_are_refused() {
    let sandbox = Sandbox::new();
    run(&sandbox, &json!({}), |_| ());
    let whole = sandbox.read("train/model.safetensors");
    let mut changed = whole.clone();
    let last = changed.len() - 1;
    changed[last] ^= 1;
    for weights in [&changed[..], &whole[..whole.len() - 4], &whole[..0]] {
        File::options()
            .write(true)
            .truncate(true)
            .open(sandbox.path("train/model.safetensors"))
            .unwrap()
            .write_all(weights)
            .unwrap();
        let problem = sandbox.refuse(&format!("{EXPORT} --format hf,onnx,onnx-int8"));
        assert!(problem.contains("train/model.safetensors"), "{problem}");
        assert_eq!(files(&sandbox, "export"), Vec::<String>::new());
    }
}

#[test]
fn a_kill_leaves_nothing_that_is_finished_and_half() {
    let sandbox = Sandbox::new();
    run(&sandbox, &json!({}), |_| ());
    let line = format!("{EXPORT} --format hf,onnx,onnx-int8 --quiet --force");
    let started = Instant::now();
    sandbox.succeed(&line.replace("--out export", "--out whole"));
    let takes = started.elapsed();
    let names = |folder: &str| -> Vec<String> {
        files(&sandbox, folder).iter().map(|name| name.replacen(folder, "", 1)).collect()
    };
    let mut random = Random::new(1);
    let (mut n_hits, mut n_lives) = (0, 0);
    // Every other one that is hit makes its files beside an earlier export, which stays as it is.
    while n_hits < 8 {
        if n_hits % 2 == 1 {
            sandbox.succeed(&line);
        }
        let child = sandbox.command(&line).spawn().unwrap();
        std::thread::sleep(takes.mul_f64(random.below(1000) as f64 / 1000.0));
        testkit::kill(child);
        n_hits += usize::from(sandbox.path("export/.staged.partial").exists());
        n_lives += 1;
        assert!(n_lives < 400, "{n_hits} of {n_lives} kills found something half-made");
        if sandbox.path("export/manifest.json").exists() {
            let mut visible = names("export");
            visible.retain(|name| !name.starts_with("/.staged.partial/") && name != "/.outputs.jsonl");
            assert_eq!(visible, names("whole"));
        }
        sandbox.succeed(&line);
        assert_eq!(names("export"), names("whole"));
        for name in names("whole").iter().filter(|name| *name != "/manifest.json") {
            assert!(sandbox.read(&format!("export{name}")) == sandbox.read(&format!("whole{name}")), "{name}");
        }
        std::fs::remove_dir_all(sandbox.path("export")).unwrap();
    }
}
