//! Programs whose libtorch is missing or broken: what needs none is done, what needs it says what is wrong, and so does
//! `bert-doctor`.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a failed unwrap fails the test, which makes broken installations"
)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use bert_kernels::libtorch::{LibtorchFiles, TORCH_CPU};
use testkit::{Outcome, Pipeline, outcome, program};

/// Programs as they are installed, `bin/` and `lib/bert/`, in the folder of a pipeline.
struct Installed(Pipeline);

const PROGRAMS: [&str; 4] = ["bert-finetune", "bert-eval", "bert-predict", "bert-doctor"];

impl Installed {
    /// With this project's library, and none of libtorch.
    fn without_libtorch() -> Self {
        let mut pipeline = Pipeline::small();
        pipeline.training = "--max-steps 4 --per-device-train-batch-size 16 --threads 1".to_owned();
        let installed = Self(pipeline);
        for folder in ["bin", "lib/bert"] {
            fs::create_dir_all(installed.0.path(folder)).unwrap();
        }
        for name in PROGRAMS {
            let there = installed.0.path(&format!("bin/{name}"));
            fs::hard_link(program(name), &there).or_else(|_| fs::copy(program(name), &there).map(|_| ())).unwrap();
        }
        let library = LibtorchFiles::find().bert_torch;
        symlink(&library, installed.library(library.file_name().unwrap())).unwrap();
        installed
    }

    fn library(&self, name: impl AsRef<Path>) -> std::path::PathBuf {
        self.0.path("lib/bert").join(name)
    }

    fn run(&self, line: &str) -> Outcome {
        outcome(&mut self.command(line))
    }

    fn command(&self, line: &str) -> Command {
        let mut command = self.0.command(&format!("{}/{line}", self.0.path("bin").display()));
        command.env("HF_HUB_OFFLINE", "1");
        command
    }

    /// The libraries of libtorch and what they need beside those of the system, but for one.
    fn link_libraries(&self, left_out: &str) {
        let torch_cpu = fs::canonicalize(LibtorchFiles::find().torch_cpu()).unwrap();
        let needed = Command::new("ldd").arg(&torch_cpu).output().unwrap().stdout;
        let needed = String::from_utf8(needed).unwrap();
        let needed = needed.lines().filter_map(|line| Some(line.split_once(" => ")?.1.split(' ').next()?.to_owned()));
        let brought = torch_cpu.ancestors().nth(3).unwrap(); // the folder of libtorch's package
        let needed = needed.filter_map(|path| fs::canonicalize(path).ok()).filter(|path| path.starts_with(brought));
        for path in needed.chain([torch_cpu.clone()]).filter(|path| !path.ends_with(left_out)) {
            symlink(&path, self.library(path.file_name().unwrap())).unwrap();
        }
    }

    /// What `bert-doctor` says of libtorch.
    fn diagnosis(&self) -> Outcome {
        let mut outcome = self.run("bert-doctor");
        let lines: Vec<&str> = outcome.stdout.lines().take(2).collect();
        outcome.stdout = lines.join("\n");
        outcome
    }

    fn assert_wrong(&self, problem: &str) {
        let Outcome { code, stdout, stderr } = self.diagnosis();
        assert!(stdout.starts_with("WRONG  libtorch ") && stdout.contains(problem), "{stdout}\n{stderr}");
        assert!(stdout.contains("install the programs anew"), "{stdout}");
        assert_eq!((code, stderr.contains("wrong; what to do stands below")), (Some(1), true), "{stderr}");
    }
}

/// Everything that is made of a trained run, by the programs of the build.
fn trained(pipeline: &Pipeline) {
    for stage in ["raw", "model", "tokens", "train", "eval/validation"] {
        pipeline.run_stage(stage, "").assert_success(stage);
    }
}

const FINETUNE: &str =
    "bert-finetune --tokens tokens --model model --max-steps 4 --per-device-train-batch-size 16 --threads 1";
const EVAL: &str = "bert-eval --run train --tokens tokens --split validation --threads 1";
const PREDICT: &str = "bert-predict --model train --input reviews/test.csv --threads 1";

#[test]
fn what_needs_no_libtorch_is_done_without_it() {
    let installed = Installed::without_libtorch();
    trained(&installed.0);
    outcome(&mut installed.0.command(&format!("{PREDICT} --out answers"))).assert_success("answers");
    for name in PROGRAMS {
        for flag in ["--help", "--version"] {
            installed.run(&format!("{name} {flag}")).assert_success(name);
        }
    }
    let commands = [(FINETUNE, "train"), (EVAL, "eval/validation"), (PREDICT, "answers")];
    for fresh in commands.map(|(line, out)| format!("{line} --out {out}")) {
        let outcome = installed.run(&fresh);
        assert!(outcome.stderr.ends_with(" is fresh\n"), "{fresh}: {}", outcome.stderr);
        let outcome = installed.run(&format!("{fresh} --explain"));
        outcome.assert_success(&fresh);
    }
    let plan = |line: &str| outcome(&mut installed.0.command(line)).stdout;
    let with_libtorch = plan(&format!("{FINETUNE} --out another --plan"));
    let without = installed.run(&format!("{FINETUNE} --out another --plan"));
    assert_eq!((without.code, without.stdout == with_libtorch, with_libtorch.is_empty()), (Some(0), true, false));
}

#[test]
fn what_needs_libtorch_says_that_it_is_missing() {
    let installed = Installed::without_libtorch();
    trained(&installed.0);
    let lines = [
        format!("{FINETUNE} --out another"),
        format!("{FINETUNE} --out another --plan --timed"),
        format!("{EVAL} --out another"),
        "bert-predict --model train w1 w2".to_owned(),
    ];
    for line in lines {
        let Outcome { code, stdout, stderr } = installed.run(&line);
        assert_eq!((code, stdout.as_str()), (Some(1), ""), "{line}: {stderr}");
        let missing = format!("libtorch is missing: there is no {}", installed.library(TORCH_CPU).display());
        assert!(stderr.contains(&missing) && stderr.contains("install the programs anew"), "{line}: {stderr}");
    }
    installed.assert_wrong("libtorch is missing");
}

#[test]
fn a_truncated_libtorch_is_told() {
    let installed = Installed::without_libtorch();
    installed.link_libraries(TORCH_CPU);
    let mut bytes = fs::read(LibtorchFiles::find().torch_cpu()).unwrap();
    for (size, problem) in
        [(bytes.len() / 2, "is incomplete: its end is missing"), (40, "is incomplete"), (0, "is incomplete")]
    {
        bytes.truncate(size);
        fs::write(installed.library(TORCH_CPU), &bytes).unwrap();
        installed.assert_wrong(problem);
    }
    fs::write(installed.library(TORCH_CPU), "<html>".repeat(100)).unwrap();
    installed.assert_wrong("invalid ELF header");
}

#[test]
fn another_version_of_libtorch_is_told() {
    let source =
        "#include <stdint.h>\nuint64_t aoti_torch_abi_version(void) { return 2ull << 56 | 12ull << 48 | 1ull << 40; }";
    for (source, problem) in
        [(source, "is of version 2.12.1; expected 2.13.0"), ("int a;", "is of version 2.8 or older")]
    {
        let installed = Installed::without_libtorch();
        installed.0.write("other.c", source);
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-o"]).arg(installed.library(TORCH_CPU)).arg(installed.0.path("other.c"));
        assert!(compiler.status().unwrap().success());
        installed.assert_wrong(problem);
    }
}

#[test]
fn a_library_that_libtorch_needs_is_named() {
    let installed = Installed::without_libtorch();
    installed.link_libraries("libc10.so");
    installed.assert_wrong("libc10.so: cannot open shared object file");
}

#[test]
fn a_library_that_kills_who_loads_it_is_told_by_the_doctor() {
    let installed = Installed::without_libtorch();
    let source = "__attribute__((constructor)) static void dies(void) { __builtin_trap(); }";
    installed.0.write("dies.c", source);
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-o"]).arg(installed.library(TORCH_CPU)).arg(installed.0.path("dies.c"));
    assert!(compiler.status().unwrap().success());
    installed.assert_wrong("a program that loads it is killed by signal 4");
}

#[test]
fn installed_programs_compute_with_the_libtorch_beside_them() {
    let installed = Installed::without_libtorch();
    installed.link_libraries("none");
    trained(&installed.0);
    installed.run(&format!("{FINETUNE} --out another")).assert_success("training");
    assert_eq!(installed.0.read("another/model.safetensors"), installed.0.read("train/model.safetensors"));
    let Outcome { stdout, .. } = installed.diagnosis();
    assert!(stdout.starts_with("ok     libtorch       2.13.0, "), "{stdout}");
    assert!(stdout.contains(&installed.library("").display().to_string().trim_end_matches('/').to_owned()), "{stdout}");
}
