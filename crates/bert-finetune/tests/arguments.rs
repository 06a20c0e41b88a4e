//! Every argument from outside: what it does to a run, what it contradicts, and that a paused run with it goes on to the
//! same bytes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed unwrap fails the test")]

mod sandbox;

use std::collections::BTreeSet;

use checkpoint::SafetensorsFile;
use sandbox::Sandbox;

const TRAINING: &str = "--threads 1 --precision float32 --learning-rate 2e-3 --num-train-epochs 3 --logging-steps 3 \
     --hidden-dropout-prob 0.1 --attention-probs-dropout-prob 0.1";

/// The tensors of `train/model.safetensors` that are not those of the fixture.
fn changed(sandbox: &Sandbox) -> BTreeSet<String> {
    let mut before = SafetensorsFile::open(&sandbox.fixture("model.safetensors")).unwrap();
    let mut after = SafetensorsFile::open(&sandbox.path("train/model.safetensors")).unwrap();
    let names: Vec<String> = after.entries.keys().cloned().collect();
    assert_eq!(names, before.entries.keys().cloned().collect::<Vec<_>>());
    let differs = |name: &String| before.read(name).unwrap() != after.read(name).unwrap();
    names.into_iter().filter(differs).collect()
}

#[test]
fn a_paused_run_goes_on_to_the_same_bytes_with_every_kind_of_state() {
    for arguments in [
        "--optim adam --weight-decay 0.1 --ema-decay 0.9 --warmup-steps 6",
        "--optim sgd --sgd-momentum 0.9 --lr-scheduler-type cosine --group-by-length",
        "--optim adafactor --max-tokens-per-batch 60 --gradient-accumulation-steps 2",
        "--lora-rank 2 --lora-targets query,output --ema-decay 0.5 --precision bf16",
        "--lr-scheduler-type reduce_lr_on_plateau --eval-strategy steps --eval-steps 2 --lr-scheduler-kwargs {\"patience\":0}",
        "--freeze-embeddings --freeze-layers 1 --label-smoothing-factor 0.1 --class-weights auto --focal-loss-gamma 2",
        "--eval-strategy steps --eval-steps 2 --early-stopping-patience 2 --early-stopping-threshold 0.2",
    ] {
        let arguments = format!("{TRAINING} {arguments}");
        let (whole, paused) = (Sandbox::new(), Sandbox::new());
        whole.finetune(&arguments).assert_success("bert-finetune");
        for step in [2, 5] {
            let outcome = paused.finetune(&format!("{arguments} --stop-at-step {step}"));
            outcome.assert_success("bert-finetune");
            assert!(outcome.stderr.contains(&format!("paused at step {step}")), "{arguments}: {}", outcome.stderr);
        }
        let resumed = paused.finetune(&arguments);
        resumed.assert_success("bert-finetune");
        assert!(resumed.stderr.contains("continuing at step 5"), "{arguments}: {}", resumed.stderr);
        let last = whole.events("end")[0]["step"].as_u64().unwrap();
        let checkpoint = format!("checkpoints/step-{last:06}/optimizer.safetensors");
        for file in ["model.safetensors", "log.jsonl", "manifest.json", &checkpoint] {
            let name = format!("train/{file}");
            assert!(whole.read(&name) == paused.read(&name), "{arguments}: {file} differs");
        }
    }
}

#[test]
fn what_is_frozen_stays() {
    let sandbox = Sandbox::new();
    sandbox.finetune(&format!("{TRAINING} --freeze-embeddings --freeze-layers 1")).assert_success("bert-finetune");
    let changed = changed(&sandbox);
    assert!(changed.contains("bert.encoder.layer.1.attention.self.query.weight"), "{changed:?}");
    assert!(changed.contains("classifier.bias"), "{changed:?}");
    let frozen = |name: &String| name.starts_with("bert.embeddings.") || name.starts_with("bert.encoder.layer.0.");
    assert_eq!(changed.iter().find(|name| frozen(name)), None);
}

#[test]
fn lora_leaves_a_plain_model_with_its_products_merged() {
    let sandbox = Sandbox::new();
    let outcome = sandbox.finetune(&format!("{TRAINING} --lora-rank 2"));
    outcome.assert_success("bert-finetune");
    assert!(outcome.stderr.contains("M trainable)"), "{}", outcome.stderr);
    let matrices = [0, 1].into_iter().flat_map(|layer| {
        ["query", "value"].map(|name| format!("bert.encoder.layer.{layer}.attention.self.{name}.weight"))
    });
    let expected = matrices.chain(["classifier.bias".to_owned(), "classifier.weight".to_owned()]).collect();
    assert_eq!(changed(&sandbox), expected);
}

#[test]
fn the_head_learns_alone_at_a_rate_of_its_own() {
    let sandbox = Sandbox::new();
    sandbox
        .finetune(&format!("{TRAINING} --learning-rate 0 --head-learning-rate 1e-3"))
        .assert_success("bert-finetune");
    assert_eq!(changed(&sandbox), ["classifier.bias", "classifier.weight"].map(str::to_owned).into());
}

#[test]
fn a_validation_loss_that_is_not_finite_stops_the_run() {
    let sandbox = Sandbox::new();
    let outcome = sandbox.finetune(&format!("{TRAINING} --learning-rate 1e30 --max-grad-norm 0 --max-steps 1"));
    assert_eq!(outcome.code, Some(3), "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("the validation loss after step 1 is NaN; nothing of this step was saved"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn what_weighs_the_loss_and_what_an_average_forgets_is_said_at_the_start() {
    let sandbox = Sandbox::new();
    let arguments = "--max-steps 4 --class-weights 1,2.5,0.25 --ema-decay 0.99 --device cpu";
    let said = sandbox.finetune(&format!("{TRAINING} {arguments}")).stderr;
    assert!(said.contains("  class weights: a 1.0000, b 2.5000, c 0.2500\n"), "{said}");
    assert!(
        said.contains(
            "  warning: after 4 steps the average of --ema-decay 0.99 still consists of 96 % of what the run began with, a new \
             classifier included; a smaller decay forgets it\n"
        ),
        "{said}"
    );
    assert!(!said.contains("without class weights"), "{said}");
    let single = "--max-steps 2 --class-weights 1e-5,2.5,0.25 --max-tokens-per-batch 2 --force";
    let said = sandbox.finetune(&format!("{TRAINING} {single}")).stderr;
    assert!(said.contains("  class weights: a 1.000e-5, b 2.5000, c 0.2500\n"), "{said}");
    assert!(
        said.contains("  warning: the training is that without class weights: each forward pass has one row, and"),
        "{said}"
    );
    let quiet = sandbox.finetune(&format!("{TRAINING} --max-steps 4 --ema-decay 0.5 --force")).stderr;
    assert!(!quiet.contains("class weights") && !quiet.contains("average"), "{quiet}");
}

#[test]
fn early_stopping_ends_the_run_and_says_so() {
    let sandbox = Sandbox::new();
    let arguments = "--num-train-epochs 50 --early-stopping-patience 2 --early-stopping-threshold 1";
    sandbox.finetune(&format!("{TRAINING} {arguments}")).assert_success("bert-finetune");
    let evaluations = sandbox.events("evaluate").len();
    let end = &sandbox.events("end")[0];
    assert_eq!((evaluations, end["stopped_early"].as_bool(), end["step"].as_u64()), (3, Some(true), Some(15)));
}

#[test]
fn what_early_stopping_ends_between_two_log_entries_is_logged() {
    let sandbox = Sandbox::new();
    let arguments = "--num-train-epochs 50 --logging-steps 4 --eval-strategy steps --eval-steps 3 --save-strategy no \
                     --early-stopping-patience 1 --early-stopping-threshold 1";
    sandbox.finetune(&format!("{TRAINING} {arguments}")).assert_success("bert-finetune");
    let steps = |name| sandbox.events(name).iter().map(|event| event["step"].as_u64().unwrap()).collect::<Vec<_>>();
    assert_eq!((steps("evaluate"), steps("train"), steps("end")), (vec![3, 6], vec![4, 6], vec![6]));
}

#[test]
fn a_budget_of_tokens_makes_epochs_of_different_lengths() {
    let sandbox = Sandbox::new();
    sandbox.finetune(&format!("{TRAINING} --max-tokens-per-batch 60")).assert_success("bert-finetune");
    let evaluations = sandbox.events("evaluate");
    let epochs: Vec<f64> = evaluations.iter().map(|event| event["epoch"].as_f64().unwrap()).collect();
    assert_eq!(epochs, [1.0, 2.0, 3.0]);
    assert_eq!(evaluations[2]["step"], sandbox.events("begin")[0]["total_steps"]);
}

#[test]
fn the_last_step_of_an_average_is_not_the_average() {
    let (plain, averaged) = (Sandbox::new(), Sandbox::new());
    plain.finetune(&format!("{TRAINING} --eval-strategy no")).assert_success("bert-finetune");
    averaged.finetune(&format!("{TRAINING} --eval-strategy no --ema-decay 0.9")).assert_success("bert-finetune");
    assert_eq!(plain.events("train"), averaged.events("train"));
    assert_ne!(plain.read("train/model.safetensors"), averaged.read("train/model.safetensors"));
    let checkpoint = "train/checkpoints/step-000015/model.safetensors";
    assert_eq!(plain.read(checkpoint), averaged.read(checkpoint));
}

#[test]
fn the_event_file_of_tensorboard_grows_with_the_log() {
    let sandbox = Sandbox::new();
    sandbox.finetune(&format!("{TRAINING} --stop-at-step 4")).assert_success("bert-finetune");
    sandbox.finetune(TRAINING).assert_success("bert-finetune");
    let file = sandbox.read("train/tensorboard/events.out.tfevents.0.bert-finetune");
    let count = |tag: &str| file.windows(tag.len()).filter(|window| *window == tag.as_bytes()).count();
    assert_eq!(count("train/grad_norm"), sandbox.events("train").len());
    assert_eq!(count("eval/accuracy"), sandbox.events("evaluate").len());
}

#[test]
fn contradictions_are_named_before_anything_is_loaded() {
    let sandbox = Sandbox::new();
    for (arguments, expected) in [
        (
            "--per-device-train-batch-size 4 --max-tokens-per-batch 60",
            "--per-device-train-batch-size and --max-tokens-per-batch both limit a batch; give only one of them",
        ),
        ("--optim sgd --adam-beta1 0.8", "--adam-beta1, --adam-beta2 and --adam-epsilon require --optim adamw or adam"),
        (
            "--gradient-accumulation-steps 4097 --classifier-dropout 0.1",
            "a step has 4097 micro-batches, --gradient-accumulation-steps of all processes; at most 4096 have masks \
             of dropout of their own: take larger batches, or no dropout",
        ),
        ("--sgd-momentum 0.9", "--sgd-momentum requires --optim sgd"),
        ("--adam-epsilon 1e-46", "--adam-epsilon is 1e-46, which is 0 in single precision"),
        (
            "--lr-scheduler-type polynomial --lr-scheduler-kwargs {\"power\":-1}",
            "--lr-scheduler-kwargs {\"power\":-1} of polynomial: power is -1; expected more than 0",
        ),
        (
            "--lr-scheduler-type cosine --lr-scheduler-kwargs [2]",
            "--lr-scheduler-kwargs [2] of cosine: expected a JSON object",
        ),
        ("--layerwise-lr-decay 1.5", "--layerwise-lr-decay is 1.5; expected more than 0 and at most 1"),
        (
            "--lr-scheduler-type constant --warmup-steps 3",
            "--lr-scheduler-type constant has no warmup; remove --warmup-steps and --warmup-ratio",
        ),
        (
            "--lr-scheduler-type cosine --lr-scheduler-kwargs {\"cycles\":2}",
            "--lr-scheduler-kwargs {\"cycles\":2} of cosine: unknown field `cycles`, expected `num_cycles`",
        ),
        (
            "--lr-scheduler-type reduce_lr_on_plateau --eval-strategy no",
            "--lr-scheduler-type reduce_lr_on_plateau requires evaluation, but --eval-strategy is no",
        ),
        (
            "--lora-rank 2 --freeze-layers 1",
            "--lora-rank freezes everything but the adapters and the classifier; remove --freeze-embeddings and --freeze-layers",
        ),
        ("--lora-alpha 2", "--lora-alpha and --lora-targets require --lora-rank"),
        ("--lora-rank 1000", "--lora-rank is 1000; expected 1 to 30, the model's hidden_size"),
        ("--freeze-layers 9", "--freeze-layers is 9, but the model has 2 layers"),
        (
            "--class-weights 1,x,2",
            "--class-weights is 1,x,2; expected auto or comma-separated numbers: invalid float literal",
        ),
        ("--class-weights 1,2", "--class-weights lists 2 weights, but there are 3 classes"),
        (
            "--class-weights 1,1e-50,1",
            "--class-weights has 1e-50, of which single precision cannot hold a sum; expected 1e-30 to 1e30",
        ),
        ("--early-stopping-threshold 0.1", "--early-stopping-threshold requires --early-stopping-patience"),
        (
            "--eval-strategy no --early-stopping-patience 2",
            "--early-stopping-patience requires evaluation, but --eval-strategy is no",
        ),
        (
            "--metric-for-best-model pearson",
            "--metric-for-best-model pearson is not defined for the labels of the token files, which are classes",
        ),
        ("--logging-strategy epoch --logging-steps 5", "--logging-steps requires --logging-strategy steps"),
    ] {
        let outcome = sandbox.finetune(&format!("{arguments} --plan"));
        assert_eq!(outcome.stderr.trim_end(), format!("error: {expected}"));
        assert_eq!(outcome.code, Some(2), "{arguments}");
    }
}
