//! Training steps as a device takes them: with graphs the bytes of its operators, without them the numbers of the plain model. On
//! the CPU a graph is a list of the operators that libtorch's dispatcher saw; `just test-gpu` runs all of it on CUDA.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed unwrap fails the test")]

#[allow(dead_code, reason = "what the reference computes is for the tests of parity")]
mod variant;

use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bert::{
    Batch, DeviceMicroBatch, DeviceNumbers, DeviceSteps, DeviceStepsOptions, DropoutCounters, DropoutRates,
    DropoutSites, Model, ParameterUpdate, Parameters, Precision, Recording,
};
use bert_kernels::{AdamConstants, ProcessGroup, Store, StoreAddress, UpdateRule, UpdateStep};
use tch::{Kind, Tensor};
use variant::{Variant, device};

const ADAMW: UpdateRule = UpdateRule::Adamw(AdamConstants { beta1: 0.9, beta2: 0.999, eps: 1e-8 });
const DROPOUT: DropoutRates = DropoutRates { hidden: 0.1, attention: 0.1, classifier: 0.1 };
const N_STEPS: usize = 8;
/// The step in which each process tells the others its rank.
const TOLD: usize = 5;
const TIMEOUT: Duration = Duration::from_secs(60);

/// A device's generator draws for one test at a time.
fn generator() -> MutexGuard<'static, ()> {
    static GENERATOR: Mutex<()> = Mutex::new(());
    GENERATOR.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How a model is trained.
#[derive(Clone, Copy)]
struct Training {
    precision: Precision,
    rule: UpdateRule,
    dropout: DropoutRates,
    n_micro_batches: usize,
    recording: Recording,
}

const TRAINING: Training = Training {
    precision: Precision::Float32,
    rule: ADAMW,
    dropout: DROPOUT,
    n_micro_batches: 1,
    recording: Recording::Repeated,
};

/// What training has made of a model.
#[derive(Debug)]
struct Trained {
    weights: Tensor,
    moments: Vec<Tensor>,
    numbers: Vec<DeviceNumbers>,
    n_graphs: usize,
}

/// Sentences of `variant` for a micro-batch, of other lengths each time: three shapes take turns.
fn sentences(variant: &Variant, index: usize) -> (Vec<&[i32]>, Tensor) {
    let all = variant.sentences();
    let n = [4, 6, 4][index % 3];
    let first = [0, 1, 2][index % 3];
    let targets = variant.targets(first + n).narrow(0, first as i64, n as i64).to_device(tch::Device::Cpu);
    (all[first..first + n].to_vec(), targets)
}

fn loss(logits: &Tensor, targets: &Tensor, of: usize) -> Tensor {
    let loss = match targets.kind() {
        Kind::Int64 => logits.cross_entropy_for_logits(targets),
        _ => logits.squeeze_dim(1).mse_loss(targets, tch::Reduction::Mean),
    };
    loss / of as f64
}

/// The part of each trained parameter: two learning rates, decay for matrices.
fn updates(parameters: &Parameters, rule: UpdateRule) -> Vec<ParameterUpdate> {
    let update = |(index, parameter): (usize, &bert::Parameter)| ParameterUpdate {
        moments: (0..rule.n_moments()).map(|_| parameter.tensor.detach().zeros_like()).collect(),
        learning_rate: if index % 5 == 0 { 2e-3 } else { 1e-3 },
        weight_decay: if parameter.decay { 0.01 } else { 0.0 },
    };
    parameters.trained().enumerate().map(update).collect()
}

fn counters(step: usize, micro_batch: usize) -> DropoutCounters {
    DropoutCounters { seed: 42, step: step as u64, micro_batch: micro_batch as u64 }
}

fn trained(variant: &Variant, training: Training) -> Trained {
    trained_by(variant, training, None)
}

/// By this process alone, or as one of `processes`.
fn trained_by(variant: &Variant, training: Training, processes: Option<&ProcessGroup>) -> Trained {
    let Training { precision, rule, dropout, n_micro_batches, recording } = training;
    let parameters = variant.parameters().trainable();
    let mut model = Model::with_operators(parameters, &variant.folder.config, precision).unwrap();
    let updates = updates(model.parameters(), rule);
    let moments = updates.iter().flat_map(|update| update.moments.iter().map(Tensor::shallow_clone)).collect();
    let optimizer = Some((rule, updates));
    let options = DeviceStepsOptions { optimizer, max_grad_norm: 1.0, n_micro_batches, recording, processes };
    let mut steps = DeviceSteps::new(&model, options).unwrap();
    let (rank, size) = processes.map_or((0, 1), |group| (group.rank(), group.size()));
    let mut numbers = Vec::new();
    for step in 0..N_STEPS {
        for first in (0..n_micro_batches).step_by(size) {
            let index = first + rank;
            if index < n_micro_batches {
                let (sentences, targets) = sentences(variant, step + index);
                let sites = DropoutSites::new(dropout, counters(step, index));
                let micro_batch =
                    DeviceMicroBatch { sentences: &sentences, targets: &targets, sites, index, of: n_micro_batches };
                let _generator = generator();
                steps.add(&mut model, &micro_batch, |logits, targets| loss(logits, targets, n_micro_batches)).unwrap();
            }
            steps.exchange(size.min(n_micro_batches - first)).unwrap();
        }
        steps.finish_exchange(if step == TOLD { rank as f64 } else { 0.0 }).unwrap();
        steps.update(&mut model, step as u64 + 1, |highest| highest / (step + 1) as f64).unwrap();
        // A step's numbers are read while the next one is on its way.
        if step > 0 {
            numbers.push(steps.receive(n_micro_batches).unwrap());
        }
    }
    numbers.push(steps.receive(n_micro_batches).unwrap());
    assert_eq!(steps.take_remark(), None, "{}", variant.name);
    Trained { weights: model.parameters().flat.copy(), moments, numbers, n_graphs: steps.n_graphs() }
}

/// By `n` processes, here threads, whose gradients go through the host.
fn trained_by_several(n: usize, variant: &str, training: Training) -> Vec<Trained> {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let of_rank = |rank: usize| {
        let (host, prefix) = ("127.0.0.1".to_owned(), "steps".to_owned());
        let store = Store::open(&StoreAddress { host, port, is_server: rank == 0, prefix }, TIMEOUT).unwrap();
        let group = ProcessGroup::connect(&store, rank, n, Some(Ipv4Addr::LOCALHOST.into()), TIMEOUT).unwrap();
        let variant = Variant::all().into_iter().find(|it| it.name == variant).unwrap();
        let trained = trained_by(&variant, training, Some(&group));
        let _ = group.gathered(&Tensor::from(0_i64)).unwrap(); // nobody leaves before the others
        trained
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..n).map(|rank| scope.spawn(move || of_rank(rank))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn assert_same_bytes(one: &Trained, other: &Trained, what: &str) {
    assert_eq!(one.numbers, other.numbers, "{what}");
    assert_eq!(one.weights, other.weights, "{what}");
    assert!(one.moments == other.moments, "{what}: moments differ");
}

#[test]
fn graphs_give_the_bytes_of_their_operators() {
    for variant in Variant::all() {
        for precision in [Precision::Float32, Precision::Bf16] {
            for n_micro_batches in [1, 2] {
                let training = Training { precision, n_micro_batches, ..TRAINING };
                let one_by_one = trained(&variant, Training { recording: Recording::Off, ..training });
                let by_graphs = trained(&variant, training);
                let what = format!("{}, {precision}, {n_micro_batches} micro-batches", variant.name);
                assert_same_bytes(&one_by_one, &by_graphs, &what);
                assert_eq!(one_by_one.n_graphs, 0, "{what}");
                // One for each bucket, and the update's.
                assert!(by_graphs.n_graphs > 2, "{what}: {} graphs", by_graphs.n_graphs);
                let losses: Vec<f64> = by_graphs.numbers.iter().map(|numbers| numbers.losses[0]).collect();
                assert!(losses.windows(2).all(|pair| pair[0] != pair[1]), "{what}: {losses:?}");
            }
        }
    }
}

/// With fewer micro-batches than processes, as many, and a last round that is short.
#[test]
fn several_processes_give_the_bytes_of_one() {
    // Of one GPU that threads share there is one generator, which graphs read at their own pace.
    let recording = if device().is_cuda() { Recording::Off } else { Recording::Repeated };
    for (n_processes, n_micro_batches) in [(2, 1), (2, 3), (3, 3)] {
        for variant in Variant::all() {
            let training = Training { n_micro_batches, recording, ..TRAINING };
            let mut alone = trained(&variant, training);
            alone.numbers[TOLD].signal = (n_processes - 1) as f64;
            for (rank, one) in trained_by_several(n_processes, &variant.name, training).iter().enumerate() {
                let what = format!("{}, rank {rank} of {n_processes}, {n_micro_batches} micro-batches", variant.name);
                assert_same_bytes(&alone, one, &what);
            }
        }
    }
}

#[test]
fn every_optimizer_s_update_can_be_recorded() {
    let variant = &Variant::all()[0];
    for rule in UpdateRule::EACH {
        let training = Training { rule, ..TRAINING };
        let one_by_one = trained(variant, Training { recording: Recording::Off, ..training });
        assert_same_bytes(&one_by_one, &trained(variant, training), &format!("{rule:?}"));
    }
}

/// Sentences of padding, clipping on the device and rates in float32 change nothing but the last digits.
#[test]
fn the_numbers_are_those_of_the_plain_model() {
    for variant in Variant::all() {
        let training = Training { dropout: DropoutRates::NONE, ..TRAINING };
        let on_device = trained(&variant, training);
        let parameters = variant.parameters().trainable();
        let mut model = Model::with_operators(parameters, &variant.folder.config, Precision::Float32).unwrap();
        let parts = updates(model.parameters(), ADAMW);
        for (step, numbers) in on_device.numbers.iter().enumerate() {
            let (sentences, targets) = sentences(&variant, step);
            let batch = Batch::new(&sentences, device());
            let sites = DropoutSites::new(DropoutRates::NONE, counters(step, 0));
            let mut gradients = model.gradients();
            let forward = model.forward_train(&batch, &sites).unwrap();
            let loss = loss(&forward.logits, &targets.to_device(device()), 1);
            forward.backward(&loss, &mut gradients).unwrap();
            let (loss, norm) = (loss.double_value(&[]), model.gradient_norm(&gradients).unwrap());
            assert!((numbers.losses[0] - loss).abs() < 1e-5, "{}: {numbers:?}, {loss}", variant.name);
            assert!((numbers.grad_norm / norm - 1.0).abs() < 1e-4, "{}: {numbers:?}, {norm}", variant.name);
            let update = |part: &ParameterUpdate| ParameterUpdate {
                moments: part.moments.iter().map(Tensor::shallow_clone).collect(),
                learning_rate: part.learning_rate / (step + 1) as f64,
                weight_decay: part.weight_decay,
            };
            let step = UpdateStep { rule: ADAMW, step: step as u64 + 1, grad_scale: (1.0 / (norm + 1e-6)).min(1.0) };
            model.update(&gradients, parts.iter().map(update).collect(), step).unwrap();
        }
        // Adam divides by the root of a mean square: where a gradient is rounding alone, so is its step. Most numbers agree.
        let difference = (&model.parameters().flat - &on_device.weights).abs();
        let share = difference.gt(1e-5).mean(Kind::Double).double_value(&[]);
        assert!(share < 0.02, "{}: {share} of the weights differ", variant.name);
    }
}

/// A loss that is not finite: weights, moments and what comes after it are as if the step had not been.
#[test]
fn a_step_that_is_not_finite_changes_nothing() {
    let _generator = generator();
    let variant = &Variant::all()[0];
    let each = UpdateRule::EACH.into_iter().flat_map(|rule| [(rule, Recording::Off), (rule, Recording::Repeated)]);
    for (rule, recording) in each {
        let parameters = variant.parameters().trainable();
        let mut model = Model::with_operators(parameters, &variant.folder.config, Precision::Float32).unwrap();
        let updates = updates(model.parameters(), rule);
        let moments: Vec<Tensor> = updates.iter().flat_map(|it| it.moments.iter().map(Tensor::shallow_clone)).collect();
        let optimizer = Some((rule, updates));
        let options =
            DeviceStepsOptions { optimizer, max_grad_norm: 1.0, n_micro_batches: 1, recording, processes: None };
        let mut steps = DeviceSteps::new(&model, options).unwrap();
        let (sentences, _) = sentences(variant, 0);
        let sites = DropoutSites::new(DROPOUT, counters(0, 0));
        // The loss is a weighted sum of the logits, with weights that are uploaded.
        let mut step = |weight: f32, number| {
            let targets = Tensor::from_slice(&vec![weight; sentences.len()]);
            let micro_batch = DeviceMicroBatch { sentences: &sentences, targets: &targets, sites, index: 0, of: 1 };
            let loss = |logits: &Tensor, weights: &Tensor| (logits.select(1, 0) * weights).sum(Kind::Float);
            steps.add(&mut model, &micro_batch, loss).unwrap();
            steps.update(&mut model, number, |highest| highest).unwrap();
            (steps.receive(1).unwrap(), model.parameters().flat.copy(), steps.n_graphs())
        };
        for number in 1..4 {
            let _ = step(0.5, number);
        }
        let (_, weights, n_graphs) = step(0.5, 4);
        assert_eq!(n_graphs, if recording == Recording::Off { 0 } else { 2 });
        let before: Vec<Tensor> = moments.iter().map(Tensor::copy).collect();
        let (numbers, after, _) = step(f32::NAN, 5);
        assert!(numbers.losses[0].is_nan() && numbers.grad_norm.is_nan(), "{numbers:?}");
        assert_eq!(after, weights, "{rule:?}");
        assert!(moments == before, "moments of {rule:?} have changed");
        let (numbers, after, _) = step(0.5, 5);
        assert!(numbers.losses[0].is_finite() && numbers.grad_norm.is_finite(), "{numbers:?}");
        assert_ne!(after, weights);
    }
}
