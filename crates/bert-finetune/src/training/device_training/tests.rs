//! A trainer on a device, here the CPU: what it comes to beside one on the host, with graphs and without.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bert::{Compute, Precision, Recording};
use checkpoint::ModelFolder;
use clap::Parser;
use corpus::task::Task;
use corpus::tokens::{Labels, TokenSet, TokensMetadata};
use tch::{Device, Kind, Tensor};

use crate::optim::lr_scheduler::LearningRates;
use crate::settings::{Args, Plan, RunFacts};
use crate::training::loss::Objective;
use crate::training::step::{StepBatches, StepReport};
use crate::training::trainer::{Reports, Trainer, TrainerSetup};

/// A device's generator draws for one test at a time.
fn generator() -> MutexGuard<'static, ()> {
    static GENERATOR: Mutex<()> = Mutex::new(());
    GENERATOR.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Forty sentences of 2 to 23 tokens.
fn token_set(labels: Labels) -> TokenSet {
    let n = 40;
    let sentence = |row: usize| (0..2 + row * 7 % 22).map(move |at| ((row * 13 + at * 5) % 61) as i32);
    let sentences: Vec<Vec<i32>> = (0..n).map(|row| sentence(row).collect()).collect();
    let metadata = TokensMetadata::new(Task::Labels, ["a", "b", "c"].map(str::to_owned).to_vec(), 24);
    TokenSet { ids: (100..100 + n as i64).collect(), ..TokenSet::of_rows(metadata, &sentences, labels) }
}

fn classes() -> Labels {
    Labels::Classes((0..40).map(|row| Some(row * 7 % 3)).collect())
}

fn scores() -> Labels {
    Labels::Scores((0..40).map(|row| Some((row % 11) as f32 / 10.0)).collect())
}

/// What a run of a few steps comes to.
struct Outcome {
    reports: Vec<StepReport>,
    weights: Tensor,
}

/// Seven steps of micro-batches of four rows, two a step. `recording`: on a device; else on the host.
fn run(flags: &str, labels: Labels, recording: Option<Recording>) -> Outcome {
    let _generator = generator();
    let train = token_set(labels);
    let folder = ModelFolder::open(&testkit::fixture("small-bert")).unwrap();
    let (config, device) = (&folder.config, Device::Cpu);
    let compute = Compute { device, precision: Precision::Float32, threads: 1 };
    let line = format!(
        "bert-finetune --tokens tokens --model model --out train --gradient-accumulation-steps 2 --learning-rate 1e-3 {flags}"
    );
    let args = Args::parse_from(line.split_whitespace());
    let plan = Plan::resolve(&args, &compute, config, RunFacts { has_validation: true, processes: 1 }).unwrap();
    let n_outputs = if matches!(train.labels, Labels::Scores(_)) { 1 } else { 3 };
    let (parameters, loaded) = bert::load(&folder, n_outputs, 1, device).unwrap();
    let objective = Objective::new(&plan.objective, &train.labels, n_outputs, device);
    let setup = TrainerSetup { plan: &plan, config, compute, team: None, recording };
    let mut trainer = Trainer::new(parameters, &loaded.new, objective, setup).unwrap();
    let mut reports = Vec::new();
    for step in 0..7 {
        let rows: Vec<Vec<usize>> =
            (0..2).map(|batch| (0..4).map(|row| (step * 8 + batch * 4 + row) % 40).collect()).collect();
        // The last window is short.
        let rows = if step == 6 { &rows[..1] } else { &rows[..] };
        trainer
            .training_step(
                StepBatches { train: &train, rows, signal: None },
                LearningRates::Fraction(1.0 - step as f64 / 10.0),
            )
            .unwrap();
        reports.extend(trainer.take_report(Reports::Early, &train).unwrap());
        assert_eq!(trainer.take_remark(), None, "{flags}");
    }
    reports.extend(trainer.take_report(Reports::All, &train).unwrap());
    assert_eq!(trainer.take_report(Reports::All, &train).unwrap(), None);
    assert_eq!(reports.len(), 7);
    Outcome { reports, weights: trainer.result().flat.copy() }
}

#[test]
fn on_a_device_a_run_comes_to_what_it_comes_to_on_the_host() {
    for (flags, labels) in [
        ("", classes()),
        ("--max-grad-norm 0.05 --weight-decay 0.1", classes()),
        ("--optim sgd --sgd-momentum 0.9 --ema-decay 0.9", classes()),
        ("--optim adafactor", classes()),
        ("--freeze-embeddings --layerwise-lr-decay 0.5", classes()),
        ("--lora-rank 2 --lora-targets query,intermediate,output", classes()),
        ("--class-weights auto --focal-loss-gamma 2 --label-smoothing-factor 0.1", classes()),
        ("", scores()),
    ] {
        let host = run(flags, labels.clone(), None);
        let device = run(flags, labels, Some(Recording::Repeated));
        for (host, device) in host.reports.iter().zip(&device.reports) {
            let StepReport { step, learning_rate, sentences, tokens, .. } = *host;
            assert_eq!((step, learning_rate), (device.step, device.learning_rate), "{flags}");
            assert_eq!((sentences, tokens), (device.sentences, device.tokens), "{flags}");
            assert!((host.loss - device.loss).abs() < 1e-4, "{flags}: {host:?}, {device:?}");
            assert!((host.grad_norm / device.grad_norm - 1.0).abs() < 1e-2, "{flags}: {host:?}, {device:?}");
        }
        // Adam divides by the root of a mean square: where a gradient is rounding alone, so is its step.
        let differs = (&host.weights - &device.weights).abs().gt(2e-5);
        let share = differs.mean(Kind::Double).double_value(&[]);
        assert!(share < 0.02, "{flags}: {share} of the weights differ");
    }
}

#[test]
fn with_dropout_graphs_give_the_bytes_of_their_operators() {
    const DROPOUT: &str = "--hidden-dropout-prob 0.1 --attention-probs-dropout-prob 0.1 --classifier-dropout 0.2";
    for flags in [
        "",
        "--optim adafactor",
        "--lora-rank 2",
        "--ema-decay 0.9 --freeze-layers 1",
        "--class-weights auto --focal-loss-gamma 2 --label-smoothing-factor 0.1",
    ] {
        let flags = format!("{DROPOUT} {flags}");
        let graphs = run(&flags, classes(), Some(Recording::Repeated));
        let operators = run(&flags, classes(), Some(Recording::Off));
        assert_eq!(graphs.reports, operators.reports, "{flags}");
        assert_eq!(graphs.weights, operators.weights, "{flags}");
        let without = run("", classes(), Some(Recording::Off));
        assert_ne!(graphs.reports[0].loss, without.reports[0].loss, "{flags}: nothing was dropped");
    }
}

/// The numbers of a step are read when the next one is on its way, or when all are wanted; what is not finite ends the run with the
/// message that it has on the host.
#[test]
fn a_report_comes_late_and_so_does_its_error() {
    let train = token_set(classes());
    let folder = ModelFolder::open(&testkit::fixture("small-bert")).unwrap();
    let compute = Compute { device: Device::Cpu, precision: Precision::Float32, threads: 1 };
    let args = Args::parse_from("bert-finetune --tokens tokens --model model --out train".split_whitespace());
    let facts = RunFacts { has_validation: true, processes: 1 };
    let plan = Plan::resolve(&args, &compute, &folder.config, facts).unwrap();
    let mut messages = Vec::new();
    for recording in [None, Some(Recording::Off)] {
        let (parameters, loaded) = bert::load(&folder, 3, 1, Device::Cpu).unwrap();
        let objective = Objective::new(&plan.objective, &train.labels, 3, Device::Cpu);
        let setup = TrainerSetup { plan: &plan, config: &folder.config, compute, team: None, recording };
        let mut trainer = Trainer::new(parameters, &loaded.new, objective, setup).unwrap();
        let step = |trainer: &mut Trainer<'_>| {
            trainer.training_step(
                StepBatches { train: &train, rows: &[vec![3, 5]], signal: None },
                LearningRates::Fraction(1.0),
            )
        };
        let is_late = recording.is_some();
        step(&mut trainer).unwrap();
        assert_eq!(trainer.take_report(Reports::Early, &train).unwrap().is_none(), is_late);
        step(&mut trainer).unwrap();
        let report = trainer.take_report(Reports::Early, &train).unwrap().unwrap();
        assert_eq!(report.step, if is_late { 1 } else { 2 });
        assert_eq!(trainer.take_report(Reports::All, &train).unwrap().is_some(), is_late);
        // On the host rows of the word embeddings wait until they are read: a step brings no other one up to date.
        assert_eq!(trainer.model.n_deferred_steps(), if is_late { 0 } else { 2 });

        let bias = trainer.parameters().get("classifier.bias").tensor.detach();
        let _ = bias.shallow_clone().fill_(f64::NAN);
        trainer.weights_were_set().unwrap();
        let before = trainer.parameters().get("classifier.weight").tensor.detach().copy();
        let error = step(&mut trainer).and_then(|()| trainer.take_report(Reports::All, &train)).unwrap_err();
        assert_eq!(trainer.parameters().get("classifier.weight").tensor.detach(), before);
        messages.push(error.to_string());
    }
    assert!(messages[0].contains("the loss of step 3 is NaN") && messages[0].contains("103, 105"), "{}", messages[0]);
    assert_eq!(messages[0], messages[1]);
}
