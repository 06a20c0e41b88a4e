//! Profiles under typed flags in every program: what is typed wins, keys are taken out, lists are lists.

use std::process::Command;

use testkit::{Pipeline, outcome};

fn succeed(command: &mut Command) -> String {
    let outcome = outcome(command);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    outcome.stdout
}

#[test]
fn another_source_replaces_that_of_a_profile() {
    let pipeline = Pipeline::small();
    pipeline.write(
        "x.toml",
        "[fetch.dataset]\nsource = 'hub:nobody/nothing'\nconfig = 'a'\nlabel_names = ['bad, or worse', 'good']\nout = 'raw'\n",
    );
    pipeline.write("few.csv", "text,label\nw5,0\nw6,1\n");
    pipeline.succeed("sst-fetch dataset --profile x.toml --train few.csv");
    let manifest = stage::Manifest::read(&pipeline.path("raw")).unwrap();
    assert_eq!(manifest.plan["label_names"], serde_json::json!(["bad, or worse", "good"]));

    let mut typed = pipeline.command("sst-fetch dataset --profile x.toml --train few.csv --explain");
    let typed = succeed(typed.args(["--label-names", "\"bad, or worse\",good"]));
    assert_eq!(typed, "sst-fetch dataset: raw is fresh\n");
    let typed = pipeline.run("sst-fetch dataset --profile x.toml --train few.csv --label-names bad,good, --explain");
    assert_eq!(typed.code, Some(2));
    assert!(
        typed.stderr.starts_with(
            "error: invalid value 'bad,good,' for '--label-names <A,B,...>': item 3 of the list is empty\n"
        ),
        "{}",
        typed.stderr
    );
    let twice = pipeline.refuse("sst-fetch dataset --train few.csv --train few.csv --out raw");
    assert_eq!(twice, "error: --train names few.csv twice\n");
    let twice = pipeline.refuse("sst-fetch dataset --source sample --source reviews --out raw");
    assert!(twice.starts_with("error: the argument '--source <SOURCE>' cannot be used multiple times\n"), "{twice}");
}

#[test]
fn a_folder_with_a_comma_is_one_evaluation() {
    let pipeline = Pipeline::small();
    pipeline.run_all();
    std::fs::rename(pipeline.path("eval"), pipeline.path("eval, of the run")).unwrap();
    let mut export = pipeline.command("bert-export --run train --tokens tokens --out again");
    let folders = ["--eval", "\"eval, of the run/validation\"", "--eval", "\"eval, of the run/test\""];
    succeed(export.args(folders));
    assert_eq!(pipeline.read("again/hf/README.md"), pipeline.read("export/hf/README.md"));
    pipeline.write("x.toml", "[export]\neval = ['eval, of the run/validation', 'eval, of the run/test']\n");
    pipeline.succeed("bert-export --profile x.toml --run train --tokens tokens --out again");
    assert_eq!(
        pipeline.run("bert-export --profile x.toml --run train --tokens tokens --out again").stderr,
        "bert-export: again is fresh\n"
    );

    pipeline.write("x.toml", "[predict]\ninput = 'missing.csv'\ntext_column = 'review'\nmax_length = 'x'\n");
    let predict = || pipeline.command("bert-predict --profile x.toml --model export/hf --threads 1");
    let answer = succeed(predict().args(["--unset", "max-length", "w50 w51"]));
    assert_eq!(answer.lines().count(), 1);
    let wrong = outcome(predict().arg("w50 w51"));
    assert_eq!(
        (wrong.code, wrong.stderr.as_str()),
        (Some(2), "error: in the profile x.toml: [predict] max_length = \"x\": expected a whole number\n")
    );
}

#[test]
fn a_sweep_takes_keys_out_of_the_sections_that_it_reads() {
    let pipeline = Pipeline::small();
    pipeline.run_up_to("tokens");
    pipeline.write(
        "sweep.toml",
        "[finetune]\nnum_train_epochs = 1\nwarmup_ratio = 0.5\n[sweep]\nmethod = 'random'\ntrials = 2\n\
         [sweep.space]\nlearning_rate = [1e-3, 3e-3]\nweight_decay = [0.0, 0.1]\n",
    );
    let common = "bert-sweep plan --profile sweep.toml --tokens tokens --model model --threads 1";
    let typed = "--method grid --unset finetune.warmup_ratio,sweep.space.weight-decay";
    pipeline.succeed(&format!("{common} --out planned {typed}"));
    let trials: Vec<_> =
        std::fs::read_dir(pipeline.path("planned/trials")).unwrap().map(|it| it.unwrap().path()).collect();
    assert_eq!(trials.len(), 2, "the grid of what is left, and no number of trials");
    for trial in trials {
        let profile = std::fs::read_to_string(trial.join("profile.toml")).unwrap();
        assert!(!profile.contains("warmup_ratio") && !profile.contains("weight_decay"), "{profile}");
    }
    for (unset, expected) in [
        (
            "finetune.warmup_rate",
            "error: in the profile sweep.toml: --unset finetune.warmup_rate: [finetune] has no warmup_rate, only \
             num_train_epochs, warmup_ratio\n",
        ),
        (
            "eval.split",
            "error: --unset eval.split: [eval] is not read here; expected a key of [sweep] or [finetune] or \
             [sweep.space] or [sweep.halving]\n",
        ),
    ] {
        assert_eq!(pipeline.refuse(&format!("{common} --out other --unset {unset}")), expected);
    }
    let bare = pipeline.refuse(&format!("{common} --out other --unset warmup_ratio"));
    assert!(bare.starts_with("error: --unset warmup_ratio: unknown key warmup_ratio; did you mean "), "{bare}");
    assert!(bare.ends_with("A key of another section is named with it: finetune.warmup_ratio\n"), "{bare}");
}
