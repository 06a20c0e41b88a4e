//! What the recipes run beside the programs: an installation and its removal, the removal of what was built, the word on a
//! stage that stopped, and the manual of every program.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use testkit::{Outcome, Sandbox, outcome, program, workspace};

fn sh(sandbox: &Sandbox, script: &Path, words: &[&str]) -> Outcome {
    outcome(Command::new("sh").arg(script).args(words).current_dir(sandbox.path("")))
}

fn script(name: &str) -> PathBuf {
    workspace().join("pipeline").join(name)
}

/// The files below a folder, in order.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => found.push(path.strip_prefix(folder).unwrap().display().to_string()),
            }
        }
    }
    found.sort();
    found
}

/// A folder as `dist.sh` makes it, with these files, which hold their own names.
fn distribution(sandbox: &Sandbox, names: &[&str]) {
    for name in names {
        sandbox.write(&format!("dist/{name}"), name);
    }
}

const INSTALLED: [&str; 4] =
    ["bin/bert-eval", "lib/bert/libtorch_cpu.so", "share/bert/installed.txt", "share/man/man1/bert-eval.1"];

#[test]
fn an_installation_replaces_the_one_before_and_its_removal_leaves_what_is_not_its_own() {
    let sandbox = Sandbox::new();
    let install = script("dist/install.sh");
    distribution(
        &sandbox,
        &["bin/bert-eval", "bin/bert-old", "lib/bert/libtorch_cpu.so", "share/man/man1/bert-eval.1"],
    );
    sandbox.write("prefix/bin/other", "of another");
    sandbox.write("prefix/share/man/man1/other.1", "of another");
    let done = sh(&sandbox, &install, &["dist", "prefix"]);
    assert_eq!((done.code, done.stderr.as_str()), (Some(0), "install: 4 files to prefix\n"));

    fs::remove_file(sandbox.path("dist/bin/bert-old")).unwrap();
    sandbox.write("dist/bin/bert-eval", "newer");
    let again = sh(&sandbox, &install, &["dist", "prefix"]);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert!(again.stderr.contains("install: removing the 5 files"), "{}", again.stderr);
    let mut expected: Vec<&str> = INSTALLED.into_iter().chain(["bin/other", "share/man/man1/other.1"]).collect();
    expected.sort_unstable();
    assert_eq!(files(&sandbox.path("prefix")), expected);
    assert_eq!(sandbox.text("prefix/bin/bert-eval"), "newer");

    let removed = sh(&sandbox, &install, &["--remove", "prefix"]);
    assert_eq!(removed.code, Some(0), "{}", removed.stderr);
    assert!(removed.stderr.contains("  prefix/bin/bert-eval\n"), "{}", removed.stderr);
    assert_eq!(files(&sandbox.path("prefix")), ["bin/other", "share/man/man1/other.1"]);
    assert!(!sandbox.path("prefix/lib").exists() && !sandbox.path("prefix/share/bert").exists());
    let twice = sh(&sandbox, &install, &["--remove", "prefix"]);
    assert_eq!((twice.code, twice.stderr.contains("nothing was installed there")), (Some(1), true), "{}", twice.stderr);
}

#[test]
fn files_of_others_are_neither_replaced_nor_removed() {
    let sandbox = Sandbox::new();
    let install = script("dist/install.sh");
    distribution(&sandbox, &["bin/bert-eval", "share/man/man1/bert-eval.1"]);
    sandbox.write("prefix/bin/bert-eval", "of another");
    let refused = sh(&sandbox, &install, &["dist", "prefix"]);
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    assert!(refused.stderr.contains("prefix/bin/bert-eval is there"), "{}", refused.stderr);
    assert_eq!(files(&sandbox.path("prefix")), ["bin/bert-eval"]);
    assert_eq!(sandbox.text("prefix/bin/bert-eval"), "of another");

    // A list that names what lies elsewhere is nobody's.
    sandbox.write("own/share/bert/installed.txt", "../prefix/bin/bert-eval\n");
    let refused = sh(&sandbox, &install, &["--remove", "own"]);
    assert_eq!((refused.code, refused.stderr.contains("which no installation wrote")), (Some(1), true));
    assert!(sandbox.path("prefix/bin/bert-eval").exists());
}

/// Folders that are links or were empty stay what they are, with their modes; a link that leads nowhere is somebody's file.
#[test]
fn folders_that_were_there_stay_as_they_were() {
    let sandbox = Sandbox::new();
    let install = script("dist/install.sh");
    distribution(&sandbox, &["bin/bert-eval", "lib/bert/libtorch_cpu.so", "share/man/man1/bert-eval.1"]);
    sandbox.write("dotfiles/bin/own", "of the user");
    for folder in ["prefix/lib", "prefix/share"] {
        fs::create_dir_all(sandbox.path(folder)).unwrap();
    }
    fs::set_permissions(sandbox.path("prefix/share"), fs::Permissions::from_mode(0o700)).unwrap();
    symlink("../dotfiles/bin", sandbox.path("prefix/bin")).unwrap();
    symlink("/nowhere", sandbox.path("dotfiles/bin/bert-eval")).unwrap();
    let refused = sh(&sandbox, &install, &["dist", "prefix"]);
    assert_eq!((refused.code, refused.stderr.contains("prefix/bin/bert-eval is there")), (Some(1), true));
    fs::remove_file(sandbox.path("dotfiles/bin/bert-eval")).unwrap();

    // `cd` of a shell with CDPATH says where it went.
    let command = |words: &[&str]| {
        let mut command = Command::new("sh");
        outcome(command.arg(&install).args(words).current_dir(sandbox.path("")).env("CDPATH", ".:.."))
    };
    for _ in 0..2 {
        let done = command(&["dist", "prefix"]);
        assert_eq!(done.code, Some(0), "{}", done.stderr);
        assert_eq!(files(&sandbox.path("dotfiles")), ["bin/bert-eval", "bin/own"]);
        assert!(sandbox.path("prefix/lib/bert/libtorch_cpu.so").exists());
    }
    let removed = command(&["--remove", "prefix"]);
    assert_eq!(removed.code, Some(0), "{}", removed.stderr);
    assert!(fs::symlink_metadata(sandbox.path("prefix/bin")).unwrap().is_symlink());
    assert_eq!(files(&sandbox.path("dotfiles")), ["bin/own"]);
    assert_eq!(fs::metadata(sandbox.path("prefix/share")).unwrap().permissions().mode() & 0o777, 0o700);
    let left = |folder: &str| fs::read_dir(sandbox.path(folder)).unwrap().count();
    assert_eq!((left("prefix/lib"), left("prefix/share")), (0, 0));

    let nothing = command(&["prefix/lib", "nowhere"]);
    assert_eq!((nothing.code, nothing.stderr.contains("nothing to install")), (Some(1), true), "{}", nothing.stderr);
    assert!(!sandbox.path("nowhere").exists());
}

/// Whatever `data` and the target folder are linked to.
#[test]
fn clean_leaves_alone_what_holds_data_or_the_checkout() {
    let sandbox = Sandbox::new();
    let checkouts = ["one/pipeline/setup/clean.sh", "two/pipeline/setup/clean.sh"];
    for place in checkouts {
        sandbox.write(place, fs::read(script("setup/clean.sh")).unwrap());
    }
    for file in ["one/.cache/data/runs/x", "one/target/x", "two/.cache/x", "two/data/x"] {
        sandbox.write(file, "x");
    }
    symlink(".cache/data", sandbox.path("one/data")).unwrap();
    let clean = |target: &str| {
        let mut command = Command::new("sh");
        command.args(["pipeline/setup/clean.sh"]).current_dir(sandbox.path("one"));
        outcome(command.env("CARGO_TARGET_DIR", target).env("CDPATH", sandbox.path("two")))
    };
    let parent = sandbox.path("").display().to_string();
    for target in [parent.as_str(), ".", "..", "-i"] {
        let done = clean(target);
        assert!(done.stderr.contains("clean: .cache holds data/ or the checkout, and stays\n"), "{}", done.stderr);
        assert!(done.stderr.ends_with("clean: there is nothing to remove\n"), "{}", done.stderr);
    }
    let done = clean("target");
    assert!(done.stderr.contains("clean: removing\n  target ("), "{}", done.stderr);
    let kept = files(&sandbox.path(""));
    assert!(["two/.cache/x", "two/data/x"].iter().all(|it| kept.iter().any(|file| file == it)), "{kept:?}");
    assert!(sandbox.path("one/data/runs/x").exists() && !sandbox.path("one/target").exists());
}

#[test]
fn clean_names_what_it_removes_and_leaves_data_alone() {
    let sandbox = Sandbox::new();
    sandbox.write("pipeline/setup/clean.sh", fs::read(script("setup/clean.sh")).unwrap());
    for file in
        ["target/release/bert-eval", "elsewhere/torch/lib.so", "data/runs/x/manifest.json", "data/cache/x", "README.md"]
    {
        sandbox.write(file, "x");
    }
    symlink(sandbox.path("elsewhere/torch"), sandbox.path(".libtorch")).unwrap();
    symlink(sandbox.path("data/cache"), sandbox.path(".cache")).unwrap();
    let clean = || {
        let script = sandbox.path("pipeline/setup/clean.sh");
        outcome(Command::new("sh").arg(script).current_dir("/").env_remove("CARGO_TARGET_DIR"))
    };
    let done = clean();
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert!(
        done.stderr.contains("clean: .cache lies in data/, and stays\nclean: removing\n  target ("),
        "{}",
        done.stderr
    );
    let kept = ["README.md", "data/cache/x", "data/runs/x/manifest.json", "elsewhere/torch/lib.so"];
    let there = files(&sandbox.path(""));
    assert!(kept.iter().all(|kept| there.iter().any(|file| file == kept)), "{there:?}");
    assert!(!sandbox.path("target").exists() && fs::symlink_metadata(sandbox.path(".libtorch")).is_err());
    assert_eq!(clean().stderr, "clean: .cache lies in data/, and stays\nclean: there is nothing to remove\n");
}

/// What cannot be brought ends set-up; what was brought and is broken is brought anew.
#[test]
fn set_up_without_libtorch_is_none() {
    let sandbox = Sandbox::new();
    sandbox.write("pipeline/setup/setup.sh", fs::read(script("setup/setup.sh")).unwrap());
    sandbox.write(".cache/minilm/model", "x");
    let version = "TORCH=";
    let text = sandbox.text("pipeline/setup/setup.sh");
    let version = text.lines().find_map(|line| line.strip_prefix(version)).unwrap();
    let brought = format!(".cache/libtorch-{version}-cpu");
    sandbox.write(&format!("{brought}/torch/lib/libtorch_cpu.so"), "cut off");
    sandbox.write("bin/python3", "#!/bin/sh\ncase $* in *--version) exit 0 ;; esac\necho 'no network' >&2\nexit 1\n");
    fs::set_permissions(sandbox.path("bin/python3"), fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", sandbox.path("bin").display(), std::env::var("PATH").unwrap());
    let mut command = Command::new("sh");
    command.arg("pipeline/setup/setup.sh").current_dir(sandbox.path("")).env("PATH", path).env_remove("LIBTORCH");
    let done = outcome(&mut command);
    assert_eq!(done.code, Some(1), "{}", done.stderr);
    assert!(done.stderr.contains(&format!("set-up: {brought} is broken: bringing it anew\n")), "{}", done.stderr);
    assert!(done.stderr.ends_with("no network\n"), "{}", done.stderr);
    assert!(!sandbox.path(&brought).exists() && fs::symlink_metadata(sandbox.path(".libtorch")).is_err());
}

#[test]
fn a_stage_that_stopped_is_named_with_what_to_try() {
    let sandbox = Sandbox::new();
    sandbox.write("pipeline/profiles/sst2.toml", "");
    let stopped =
        |code: &str| sh(&sandbox, &script("setup/stopped.sh"), &[code, "bert-eval", "pipeline/profiles/sst2.toml"]);
    let expected = [
        ("1", "`just doctor`"),
        ("2", "a setting in pipeline/profiles/sst2.toml"),
        ("3", "free space"),
        ("4", "wait for the other run"),
        ("5", "--require"),
        ("127", "`just build`"),
        ("130", "goes on"),
    ];
    for (code, try_this) in expected {
        let said = stopped(code);
        assert_eq!(said.code.map(|code| code.to_string()).as_deref(), Some(code));
        let begins = format!(
            "just: bert-eval stopped with the profile pipeline/profiles/sst2.toml (exit code {code}). To try: "
        );
        assert!(said.stderr.starts_with(&begins) && said.stderr.contains(try_this), "{}", said.stderr);
    }
    fs::remove_file(sandbox.path("pipeline/profiles/sst2.toml")).unwrap();
    let said = stopped("2").stderr;
    assert!(!said.contains("a setting in") && said.contains("bert-eval --help` lists them all"), "{said}");
}

#[test]
fn every_program_and_subcommand_has_a_page_and_completions() {
    let sandbox = Sandbox::new();
    let programs = [
        "bert-doctor",
        "bert-eval",
        "bert-export",
        "bert-finetune",
        "bert-predict",
        "bert-sweep",
        "sst-fetch",
        "sst-tokenize",
    ];
    for name in programs {
        outcome(Command::new(program(name)).args(["--write-manual", "share"]).current_dir(sandbox.path("")))
            .assert_success(name);
        let bash = sandbox.text(&format!("share/bash-completion/completions/{name}"));
        assert!(bash.contains("--help"), "{name}");
    }
    let mut pages: Vec<String> = programs.iter().map(|name| format!("{name}.1")).collect();
    let subcommands = [
        "bert-doctor-provenance",
        "bert-eval-compare",
        "bert-eval-seeds",
        "bert-eval-suspects",
        "sst-fetch-check",
        "sst-fetch-dataset",
        "sst-fetch-model",
    ];
    pages.extend(subcommands.map(|name| format!("{name}.1")));
    pages.sort();
    assert_eq!(files(&sandbox.path("share/man/man1")), pages);
    assert!(sandbox.text("share/man/man1/bert-eval-compare.1").contains("\\-\\-out"));
    let zsh = sandbox.text("share/zsh/site-functions/_bert-eval");
    assert!(zsh.contains("compare") && zsh.contains("--calibration"), "{zsh}");
}

/// What begins with blanks below the options is to be copied: no line of it is broken, however narrow the terminal.
#[test]
fn commands_in_help_texts_fit_on_a_terminal() {
    let help = |words: &str, columns: &str| {
        let mut words = words.split(' ');
        let program = program(words.next().unwrap());
        outcome(Command::new(program).args(words).arg("--help").env("COLUMNS", columns)).stdout
    };
    for words in [
        "sst-fetch dataset",
        "sst-fetch model",
        "sst-fetch check",
        "sst-tokenize",
        "bert-finetune",
        "bert-eval",
        "bert-eval compare",
        "bert-eval seeds",
        "bert-eval suspects",
        "bert-export",
        "bert-predict",
        "bert-sweep",
        "bert-doctor",
    ] {
        let commands = |columns| {
            let text = help(words, columns);
            let (_, examples) =
                text.split_once("\nExample").unwrap_or_else(|| panic!("{words} has no example: {text}"));
            examples.lines().filter(|line| line.starts_with("  ")).map(str::to_owned).collect::<Vec<_>>()
        };
        let narrow = commands("80");
        assert_eq!(narrow, commands("300"), "{words}");
        assert!(!narrow.is_empty() && narrow.iter().all(|line| line.chars().count() <= 80), "{words}: {narrow:#?}");
    }
}
