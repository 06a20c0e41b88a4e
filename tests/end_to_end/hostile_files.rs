//! Files that were made to do harm: weights that are no numbers, tokenizers that make a library panic, names that leave the folder.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::{Value, json};
use stage::sha256_hex;
use testkit::{Pipeline, fixture};

const TENSOR: &str = "bert.encoder.layer.1.output.dense.weight";

/// A copy of the small BERT in the folder `bad`, without its weights.
fn model_without_weights(pipeline: &Pipeline) {
    for name in ["config.json", "vocab.txt"] {
        pipeline.write(&format!("bad/{name}"), fs::read(fixture("small-bert").join(name)).unwrap());
    }
}

/// The fixture's weights with `bytes` as a number of one tensor.
fn weights_with(position: usize, bytes: [u8; 4]) -> Vec<u8> {
    let mut file = fs::read(fixture("small-bert/model.safetensors")).unwrap();
    let size = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
    let header: Value = serde_json::from_slice(&file[8..8 + size]).unwrap();
    let begin = 8 + size + header[TENSOR]["data_offsets"][0].as_u64().unwrap() as usize;
    file[begin + 4 * position..][..4].copy_from_slice(&bytes);
    file
}

#[test]
fn weights_that_are_not_finite_are_refused_by_tensor_wherever_they_are_read() {
    let pipeline = Pipeline::small();
    pipeline.run_up_to("tokens");
    model_without_weights(&pipeline);
    for (number, name) in [(f32::NAN, "NaN"), (f32::INFINITY, "infinity"), (f32::NEG_INFINITY, "-infinity")] {
        pipeline.write("bad/model.safetensors", weights_with(44 + 7, number.to_le_bytes()));
        let expected = format!(
            "bad/model.safetensors: tensor {TENSOR}: 1 of its 1320 numbers are NaN or infinite, the first, {name}, at [1, 7]; no figure"
        );
        for line in [
            "sst-fetch model --source bad --out fetched",
            "bert-finetune --tokens tokens --model bad --num-train-epochs 1 --out trained",
            "bert-predict --model bad w5",
        ] {
            let message = pipeline.refuse(line);
            assert!(message.contains(&expected), "{line}: {message}");
        }
        assert!(!pipeline.path("fetched/manifest.json").exists() && !pipeline.path("trained/manifest.json").exists());
    }
}

#[test]
fn a_tokenizer_that_makes_the_library_panic_is_refused_with_its_file() {
    let pipeline = Pipeline::small();
    model_without_weights(&pipeline);
    pipeline.write("bad/model.safetensors", fs::read(fixture("small-bert/model.safetensors")).unwrap());
    let vocabulary: serde_json::Map<String, Value> = fs::read_to_string(fixture("small-bert/vocab.txt"))
        .unwrap()
        .lines()
        .enumerate()
        .map(|(id, token)| (token.to_owned(), json!(id)))
        .collect();
    let file = |single: Value| {
        json!({
            "version": "1.0", "added_tokens": [], "normalizer": null, "pre_tokenizer": {"type": "BertPreTokenizer"}, "decoder": null,
            "post_processor": {"type": "TemplateProcessing", "single": single, "pair": [], "special_tokens": {
                "[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]}, "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]}}},
            "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
                      "vocab": vocabulary}
        })
        .to_string()
    };
    let special = |id: &str| json!({"SpecialToken": {"id": id, "type_id": 0}});
    let text = json!({"Sequence": {"id": "A", "type_id": 0}});
    let sound = file(json!([special("[CLS]"), text, special("[SEP]")]));
    pipeline.write("bad/tokenizer.json", &sound);
    // The class whose rules are all in the file.
    pipeline.write("bad/tokenizer_config.json", r#"{"tokenizer_class": "PreTrainedTokenizerFast"}"#);
    pipeline.succeed("sst-fetch model --source bad --out fetched");
    for (content, expected) in [
        (
            file(json!([special("[GONE]"), text, special("[SEP]")])),
            "the library that reads it gave up (no entry found for key)",
        ),
        (sound.replace("\"w5\"", "\"w5"), "expected `:` at line 1"),
        (
            sound.replace("\"ids\":[2]", "\"ids\":[4000000000]"),
            "it adds the token 4000000000 to a text, which its vocabulary does not have",
        ),
        (
            sound.replace("\"max_input_chars_per_word\":100", "\"max_input_chars_per_word\":4611686018427387904"),
            "max_input_chars_per_word is 4611686018427387904, and a word takes time by the cube of its length",
        ),
    ] {
        pipeline.write("bad/tokenizer.json", content);
        for line in ["sst-fetch model --source bad --out other", "bert-predict --model bad w5"] {
            let message = pipeline.refuse(line);
            assert!(message.contains("bad/tokenizer.json: ") && message.contains(expected), "{line}: {message}");
            assert_eq!(message.lines().count(), 1, "one line, and none of the panic: {message}");
        }
    }
}

#[test]
fn nothing_outside_the_folder_is_removed_or_written_whatever_a_manifest_lists() {
    let pipeline = Pipeline::small();
    pipeline.run_stage("raw", "").assert_success("raw");
    pipeline.write("victim.txt", "years of work");
    pipeline.write("raw-of-others/victim.txt", "years of work");
    let mut manifest: Value = serde_json::from_slice(&pipeline.read("raw/manifest.json")).unwrap();
    let work = json!({"bytes": 13, "sha256": sha256_hex(b"years of work")});
    let absolute = pipeline.path("victim.txt").display().to_string();
    for name in [
        "../victim.txt",
        "./../victim.txt",
        "x/../../victim.txt",
        &absolute,
        "../raw-of-others/victim.txt",
        "..",
        "/",
        "",
    ] {
        manifest["outputs"][name] = work.clone();
    }
    manifest.as_object_mut().unwrap().remove("seal");
    let text = format!("{manifest:#}");
    let sealed = |seal: &str| format!("{},\n  \"seal\": \"{seal}\"\n}}", text.strip_suffix("\n}").unwrap());
    pipeline.write("raw/manifest.json", sealed(&sha256_hex(sealed("").as_bytes())) + "\n");
    // A link instead of an output: what it points to is not the stage's.
    fs::remove_file(pipeline.path("raw/test.parquet")).unwrap();
    symlink(pipeline.path("victim.txt"), pipeline.path("raw/test.parquet")).unwrap();
    for flags in ["--max-samples 50", "--force"] {
        pipeline.run_stage("raw", flags).assert_success(flags);
        assert_eq!(pipeline.text("victim.txt"), "years of work");
        assert_eq!(pipeline.text("raw-of-others/victim.txt"), "years of work");
    }
    assert!(!fs::symlink_metadata(pipeline.path("raw/test.parquet")).unwrap().is_symlink());
}

/// A folder from strangers may have links in the place of what a stage writes.
#[test]
fn no_stage_writes_or_removes_through_a_link_in_its_folder() {
    let pipeline = Pipeline::small();
    pipeline.run_all();
    pipeline.write("precious/diary.txt", "years of work");
    let precious = pipeline.path("precious");
    let diary = precious.join("diary.txt");

    // What a killed run is said to have left, behind a link to a folder.
    pipeline.write("a/.lock", pipeline.read("raw/.lock"));
    pipeline.write("a/.outputs.jsonl", "\"ln/diary.txt\"\n");
    symlink(&precious, pipeline.path("a/ln")).unwrap();
    pipeline.run_stage("raw", "--out a").assert_success("a link to a folder is let alone");
    assert_eq!(pipeline.text("precious/diary.txt"), "years of work");

    for name in [".lock", ".outputs.jsonl"] {
        let folder = format!("b{}", name.replace('.', "-"));
        fs::create_dir(pipeline.path(&folder)).unwrap();
        if name != ".lock" {
            pipeline.write(&format!("{folder}/.lock"), pipeline.read("raw/.lock"));
        }
        symlink(&diary, pipeline.path(&format!("{folder}/{name}"))).unwrap();
        let told = pipeline.run_stage("raw", &format!("--out {folder}"));
        assert!(told.code != Some(0) && told.stderr.contains(name), "{}", told.stderr);
        assert_eq!(pipeline.text("precious/diary.txt"), "years of work");
    }

    pipeline.write("answers/in.txt", "w50 w51\n");
    symlink(&diary, pipeline.path("answers/.out.jsonl.partial")).unwrap();
    let told = pipeline.run("bert-predict --model train --input answers/in.txt --output answers/out.jsonl");
    assert!(told.code != Some(0) && told.stderr.contains("out.jsonl"), "{}", told.stderr);
    assert_eq!(pipeline.text("precious/diary.txt"), "years of work");

    // A folder of the export that is another stage's.
    pipeline.write("c/.lock", pipeline.read("export/.lock"));
    symlink(pipeline.path("train"), pipeline.path("c/hf")).unwrap();
    let weights = pipeline.read("train/model.safetensors");
    let told = pipeline.run_stage("export", "--out c");
    assert_eq!(told.code, Some(2), "{}", told.stderr);
    assert!(
        told.stderr.ends_with("c/hf is a link, and a stage writes into its own folder alone; remove it\n"),
        "{}",
        told.stderr
    );
    assert!(pipeline.read("train/model.safetensors") == weights && !pipeline.path("train/README.md").exists());
}

/// Who asks where a folder comes from has doubts about it.
#[test]
fn provenance_tells_a_terminal_nothing_to_obey() {
    let pipeline = Pipeline::small();
    pipeline.run_stage("raw", "").assert_success("raw");
    let manifest: Value = serde_json::from_slice(&pipeline.read("raw/manifest.json")).unwrap();
    let mut hostile = manifest.clone();
    hostile["recorded"]["paths"]["train.csv"] = json!("/x/\u{1b}[31m\u{202e}");
    hostile.as_object_mut().unwrap().remove("seal");
    pipeline.write("raw/manifest.json", format!("{hostile:#}\n"));
    let told = pipeline.run("bert-doctor provenance raw").stdout;
    assert!(told.contains("/x/\u{fffd}[31m\u{fffd}"), "{told}");
}

#[test]
fn a_pipe_in_a_model_folder_is_no_file() {
    let pipeline = Pipeline::small();
    for name in ["config.json", "vocab.txt", "model.safetensors"] {
        pipeline.write(&format!("bad/{name}"), fs::read(fixture("small-bert").join(name)).unwrap());
    }
    let made = std::process::Command::new("mkfifo").arg(pipeline.path("bad/special_tokens_map.json")).status();
    assert!(made.unwrap().success());
    let told = pipeline.refuse("sst-fetch model --source bad --out fetched");
    assert!(told.contains("bad/special_tokens_map.json: it is no file"), "{told}");
}

#[test]
fn an_index_of_shards_is_not_followed() {
    let pipeline = Pipeline::small();
    model_without_weights(&pipeline);
    let index = json!({"metadata": {}, "weight_map": {TENSOR: "../../secret.safetensors"}});
    pipeline.write("bad/model.safetensors.index.json", index.to_string());
    let message = pipeline.refuse("sst-fetch model --source bad --out fetched");
    let expected = format!(
        "weight_map of {TENSOR} is \"../../secret.safetensors\"; expected a .safetensors file below the folder"
    );
    assert!(message.contains(&format!("bad/model.safetensors.index.json: {expected}")), "{message}");
}
