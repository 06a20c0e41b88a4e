//! Every stage, given a folder as `--out` that is not its own: refused with exit code 2, and nothing is touched.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use testkit::{Pipeline, fixture, outcome};

use crate::snapshot::Snapshot;

/// The folders that stages wrote, and the stage of each.
const FINISHED: [(&str, &str); 8] = [
    ("raw", "sst-fetch dataset"),
    ("model", "sst-fetch model"),
    ("tokens", "sst-tokenize"),
    ("train", "bert-finetune"),
    ("eval/validation", "bert-eval"),
    ("eval/test", "bert-eval"),
    ("export", "bert-export"),
    ("sweep", "bert-sweep"),
];

/// A command without `--out`, and the folders and files that it reads.
struct Reader {
    line: &'static str,
    stage: &'static str,
    inputs: &'static [&'static str],
}

const READERS: [Reader; 10] = [
    Reader { line: "sst-fetch dataset --source reviews", stage: "sst-fetch dataset", inputs: &["reviews"] },
    Reader {
        line: "sst-fetch dataset --train reviews/train.csv --test reviews/test.csv",
        stage: "sst-fetch dataset",
        inputs: &["reviews/train.csv"],
    },
    Reader { line: "sst-fetch model --source checkpoint", stage: "sst-fetch model", inputs: &["checkpoint"] },
    Reader {
        line: "sst-tokenize --raw raw --model model --task labels",
        stage: "sst-tokenize",
        inputs: &["raw", "model"],
    },
    Reader {
        line: "bert-finetune --tokens tokens --model model --threads 1",
        stage: "bert-finetune",
        inputs: &["tokens", "model"],
    },
    // A stage goes on from the weights of its own kind.
    Reader {
        line: "bert-finetune --tokens tokens --model train",
        stage: "bert-finetune",
        inputs: &["train", "tokens"],
    },
    Reader {
        line: "bert-eval --run train --tokens tokens --split test --threads 1",
        stage: "bert-eval",
        inputs: &["train", "tokens"],
    },
    Reader {
        line: "bert-export --run train --eval eval/validation,eval/test",
        stage: "bert-export",
        inputs: &["train", "eval/validation", "eval/test"],
    },
    Reader {
        line: "bert-sweep --tokens tokens --model model --threads 1 --profile sweep.toml",
        stage: "bert-sweep",
        inputs: &["tokens", "model"],
    },
    Reader {
        line: "bert-sweep plan --tokens tokens --model model --threads 1 --profile sweep.toml",
        stage: "bert-sweep",
        inputs: &["tokens", "model"],
    },
];

/// All stages once, a small search, and a model folder of the user's own.
fn pipeline() -> Pipeline {
    let pipeline = Pipeline::small();
    for file in fs::read_dir(fixture("small-bert")).unwrap() {
        let file = file.unwrap();
        pipeline.write(&format!("checkpoint/{}", file.file_name().display()), fs::read(file.path()).unwrap());
    }
    pipeline.run_all();
    let profile =
        "[finetune]\nnum_train_epochs = 1\n[sweep]\nmethod = 'grid'\n[sweep.space]\nlearning_rate = [1e-3, 3e-3]\n";
    pipeline.write("sweep.toml", profile);
    pipeline.succeed("bert-sweep --tokens tokens --model model --threads 1 --profile sweep.toml --out sweep");
    pipeline
}

/// Refused whatever else is asked for; the flags change from call to call.
fn refuse(pipeline: &Pipeline, line: &str, out: &str, expected: &str) {
    let flags = ["", "--force", "--explain"][(line.len() + out.len()) % 3];
    let before = Snapshot::of(&pipeline.path(""));
    let outcome = outcome(pipeline.command(line).args(flags.split_whitespace()).arg("--out").arg(out));
    let what = format!("{line} {flags} --out {out}");
    assert_eq!(outcome.code, Some(2), "{what}: {}{}", outcome.stdout, outcome.stderr);
    assert!(outcome.stderr.contains(expected), "{what}: expected «{expected}» in: {}", outcome.stderr);
    let changes = before.changes(&Snapshot::of(&pipeline.path("")));
    assert!(changes.is_empty(), "{what}: touched {changes:?}");
}

#[test]
fn the_work_of_another_stage_is_refused() {
    let pipeline = pipeline();
    for (folder, owner) in FINISHED {
        let killed = format!("killed/{folder}");
        leave_unfinished(&pipeline.path(folder), &pipeline.path(&killed));
        for reader in READERS.iter().filter(|reader| reader.stage != owner) {
            if !reader.inputs.contains(&folder) {
                refuse(&pipeline, reader.line, folder, &format!("{folder} holds the output of `{owner}`"));
            }
            refuse(&pipeline, reader.line, &killed, &format!("{killed} holds the unfinished work of `{owner}`"));
        }
    }
}

/// Copies a finished folder as a kill leaves it: its lock, an output that is half written, and no manifest.
fn leave_unfinished(finished: &Path, unfinished: &Path) {
    fs::create_dir_all(unfinished).unwrap();
    let mut is_first = true;
    for entry in fs::read_dir(finished).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_symlink() || name == stage::MANIFEST {
            continue;
        }
        if path.is_dir() {
            leave_unfinished(&path, &unfinished.join(name));
        } else if !name.starts_with('.') && is_first {
            is_first = false;
            let bytes = fs::read(&path).unwrap();
            put(&unfinished.join(format!(".{name}.partial")), &bytes[..bytes.len() / 2]);
        } else {
            put(&unfinished.join(name), &fs::read(&path).unwrap());
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "what a kill leaves is no output")]
fn put(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap();
}

#[test]
fn an_input_and_what_lies_in_or_around_it_is_refused_however_it_is_spelled() {
    let pipeline = pipeline();
    fs::create_dir_all(pipeline.path("links/deep")).unwrap();
    for (index, reader) in READERS.iter().enumerate() {
        for input in reader.inputs {
            let link = format!("links/{index}-{}", input.replace('/', "-"));
            symlink(pipeline.path(input), pipeline.path(&link)).unwrap();
            let absolute = pipeline.path(input).display().to_string();
            let name = Path::new(input).file_name().unwrap().to_string_lossy();
            let same = [
                (*input).to_owned(),
                link.clone(),
                format!("./{input}"),
                format!("links/../{input}"),
                format!("{input}/../{name}"),
                absolute,
            ];
            // A path through a file is none.
            let is_folder = pipeline.path(input).is_dir();
            for out in same.iter().filter(|out| is_folder || !out.contains(&format!("{name}/.."))) {
                refuse(&pipeline, reader.line, out, &format!("is the input {input}"));
            }
            if is_folder {
                refuse(&pipeline, reader.line, &format!("{input}/"), "is the input");
                for out in [format!("{input}/new"), format!("{link}/new/er"), format!("{input}/gone/../new")] {
                    refuse(&pipeline, reader.line, &out, &format!("lies in the input {input}"));
                }
            }
            for around in [".", "links/..", "links/deep/../.."] {
                refuse(&pipeline, reader.line, around, "holds the input");
            }
        }
    }
}

#[test]
fn what_cannot_be_written_is_refused_by_its_path() {
    let pipeline = pipeline();
    symlink(pipeline.path("nowhere"), pipeline.path("dangling")).unwrap();
    pipeline.write("notes.txt", "");
    for reader in &READERS {
        refuse(&pipeline, reader.line, "notes.txt/below", "notes.txt is a file");
        refuse(&pipeline, reader.line, "sweep.toml", "sweep.toml is not a folder that can be read");
        refuse(&pipeline, reader.line, "dangling", "dangling is a link that leads nowhere");
        refuse(&pipeline, reader.line, "dangling/below", "dangling is a link that leads nowhere");
    }
    // No permission is needed to see that: nobody can make a folder there.
    let outcome = pipeline.run("sst-fetch dataset --source reviews --out /proc/nobody/raw");
    assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("/proc/nobody/raw"), "{}", outcome.stderr);
}

#[test]
fn predictions_are_not_written_over_what_is_not_theirs() {
    let pipeline = pipeline();
    let predict = |output: &str, expected: &str| {
        let before = Snapshot::of(&pipeline.path(""));
        let line = format!("bert-predict --model export/hf --input reviews/test.csv --output {output}");
        let message = pipeline.refuse(&line);
        assert!(message.contains(expected), "{output}: {message}");
        assert!(before.changes(&Snapshot::of(&pipeline.path(""))).is_empty(), "{output}");
    };
    symlink(pipeline.path("reviews"), pipeline.path("link")).unwrap();
    predict("reviews/test.csv", "is the input reviews/test.csv");
    predict("link/../reviews/test.csv", "is the input reviews/test.csv");
    predict("link/test.csv", "is the input reviews/test.csv");
    predict("export/hf/answers.jsonl", "lies in the input export/hf");
    predict("train/log.jsonl", "train/log.jsonl is an output of `bert-finetune`, as train/manifest.json says");
    predict("eval/test/manifest.json", "eval/test/manifest.json is a file of `bert-eval`");
    predict("reviews", "reviews is a folder");
    predict("nowhere/answers.jsonl", "there is no folder nowhere");
    fs::remove_file(pipeline.path("train/manifest.json")).unwrap();
    predict("train/log.jsonl", "train/log.jsonl is a file of `bert-finetune`");
    pipeline.succeed("bert-predict --model export/hf --input reviews/test.csv --output answers.jsonl");
    pipeline.succeed("bert-predict --model export/hf --input reviews/test.csv --output answers.jsonl");
}

#[test]
fn a_folder_in_which_nothing_was_made_yet_may_be_taken() {
    let pipeline = Pipeline::small();
    pipeline.write("raw/.lock", "1 bert-finetune");
    pipeline.write("raw/.hashes.json", "{ \"files\": {} }");
    pipeline.run_stage("raw", "").assert_success("raw");
    assert!(pipeline.text("raw/.lock").ends_with(" sst-fetch dataset"));
}
