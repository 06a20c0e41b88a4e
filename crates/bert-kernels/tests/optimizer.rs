//! One-pass optimizers: dense and sparse gradients, deferred rows, the gradient norm, and ATen's fused operators.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed unwrap fails the test")]

mod tensors;

use bert_kernels::{
    AdamConstants, DeferredRows, DeferredTable, DistinctRows, Gradient, ParameterRun, UpdateRule, UpdateStep,
    aten_norm, aten_update, global_norm, update,
};
use tch::{Device, Kind, Tensor};
use tensors::{device, largest_difference, random};

const ADAMW: UpdateRule = UpdateRule::Adamw(AdamConstants { beta1: 0.9, beta2: 0.99, eps: 1e-8 });

fn step(rule: UpdateRule, step: u64) -> UpdateStep {
    UpdateStep { rule, step, grad_scale: 0.5 }
}

/// A parameter with two moments.
type State = [Tensor; 3];

fn run<'a>([param, first, second]: &State, gradient: &'a Gradient) -> ParameterRun<'a> {
    ParameterRun {
        param: param.shallow_clone(),
        gradient,
        moments: vec![first.shallow_clone(), second.shallow_clone()],
        learning_rate: 1e-2,
        weight_decay: 0.1,
        deferred: None,
    }
}

#[test]
fn adamw_follows_the_formula() {
    let shape = [37, 1111];
    let state = [
        random(&shape) * 0.2, // as weights are: a bound of 1e-6 is below the rounding of numbers above 4
        Tensor::zeros(shape, (Kind::Float, Device::Cpu)),
        Tensor::zeros(shape, (Kind::Float, Device::Cpu)),
    ];
    let [mut p, mut m, mut v] = state.each_ref().map(|tensor| tensor.to_kind(Kind::Double));
    for t in 1..=5 {
        let gradient = random(&shape);
        let g = gradient.to_kind(Kind::Double) * 0.5;
        m = &m * 0.9 + &g * 0.1;
        v = &v * 0.99 + g.square() * 0.01;
        let corrected = (&v / (1.0 - 0.99_f64.powi(t))).sqrt() + 1e-8;
        p = &p * (1.0 - 1e-2 * 0.1) - &m / (1.0 - 0.9_f64.powi(t)) / corrected * 1e-2;
        let gradient = Gradient::new(&gradient).unwrap();
        update(&mut [run(&state, &gradient)], step(ADAMW, t as u64), None).unwrap();
    }
    for (state, expected) in state.iter().zip([p, m, v]) {
        assert!(largest_difference(&state.to_kind(Kind::Double), &expected) < 1e-6);
    }
}

#[test]
fn a_gradient_of_a_few_rows_is_bit_for_bit_the_dense_one() {
    let table = || Tensor::arange(50 * 8, (Kind::Float, Device::Cpu)).view([50, 8]) / 400.0;
    let ids = Tensor::from_slice(&[3_i64, 49, 3, 0, 17]);
    let weights = random(&[5, 8]);
    let gradient = |sparse: bool| {
        let table = table().set_requires_grad(true);
        let loss = (Tensor::embedding(&table, &ids, -1, false, sparse) * &weights).sum(Kind::Float);
        Gradient::new(&Tensor::run_backward(&[loss], &[&table], false, false)[0]).unwrap()
    };
    let (dense, sparse) = (gradient(false), gradient(true));
    assert!(matches!(&sparse, Gradient::Rows { rows, .. } if *rows == [0, 3, 17, 49]));
    let norm = |gradient: &Gradient| global_norm(std::slice::from_ref(gradient), None).unwrap();
    assert!((norm(&dense) - norm(&sparse)).abs() < 1e-12);

    let state = || [table(), table() * 0.1, table() * 0.01];
    for rule in UpdateRule::EACH {
        let (by_dense, by_sparse) = (state(), state());
        update(&mut [run(&by_dense, &dense)], step(rule, 1), None).unwrap();
        update(&mut [run(&by_sparse, &sparse)], step(rule, 1), None).unwrap();
        assert_eq!(by_dense, by_sparse, "{rule:?}");
        assert!(largest_difference(&by_dense[0], &table()) > 1e-4, "{rule:?} moved the weights");
    }

    let sum = gradient(true).plus(gradient(true));
    assert!(largest_difference(&sum.to_dense(), &(dense.to_dense() * 2.0)) < 1e-6);
}

/// Forty steps whose gradients touch other rows each time; the deferred table is brought up to date where a gradient is to
/// come, once in between, and at the end.
#[test]
fn deferred_rows_come_to_the_same_bits() {
    let n_rows = 23;
    let state = || {
        let table = Tensor::arange(n_rows * 20, (Kind::Float, Device::Cpu)).view([n_rows, 20]) / 460.0;
        [table.shallow_clone(), table.zeros_like(), table.zeros_like()]
    };
    for rule in UpdateRule::EACH {
        let (punctual, deferred) = (state(), state());
        let [param, first, second] = deferred.each_ref().map(Tensor::shallow_clone);
        let mut rows =
            DeferredRows::new(DeferredTable { param, moments: vec![first, second], weight_decay: 0.1, rule });
        for t in 1..=40_i64 {
            let ids = DistinctRows::new(&[(t * t) % 7, 8 + t % 5, (t * t) % 7, 8 + t % 3]);
            let values: Vec<f32> = (0..80).map(|i| ((i * 37 + t * 11) % 19) as f32 / 19.0 - 0.5).collect();
            let gradient = Gradient::embedding_backward(&ids, &values, 20, n_rows, -1);
            let learning_rate = 1e-2 / t as f64;
            let punctual_run = ParameterRun { learning_rate, ..run(&punctual, &gradient) };
            update(&mut [punctual_run], step(rule, t as u64), None).unwrap();
            rows.apply(ids.ids());
            let deferred_run = ParameterRun { learning_rate, deferred: Some(&mut rows), ..run(&deferred, &gradient) };
            update(&mut [deferred_run], step(rule, t as u64), None).unwrap();
            if t == 25 {
                assert_ne!(punctual, deferred, "{rule:?}: some rows are behind");
                rows.flush();
                assert_eq!(punctual, deferred, "{rule:?}, step {t}");
            }
        }
        assert_eq!(rows.n_steps(), 15);
        rows.flush();
        assert_eq!(punctual, deferred, "{rule:?}");
    }
}

#[test]
fn the_norm_is_the_same_for_every_number_of_threads() {
    let gradients: Vec<Gradient> =
        [&[300, 1000][..], &[77], &[1]].iter().map(|shape| Gradient::new(&random(shape)).unwrap()).collect();
    let norms: Vec<f64> = [1, 2, 3]
        .iter()
        .map(|&threads| {
            tch::set_num_threads(threads);
            global_norm(&gradients, None).unwrap()
        })
        .collect();
    assert!(norms[0] == norms[1] && norms[1] == norms[2]);
    let expected: f64 = gradients
        .iter()
        .map(|gradient| gradient.values().to_kind(Kind::Double).square().sum(Kind::Double).double_value(&[]))
        .sum();
    assert!((norms[0] - expected.sqrt()).abs() < 1e-9);

    let on_device: Vec<Gradient> =
        gradients.iter().map(|gradient| Gradient::new(&gradient.values().to_device(device())).unwrap()).collect();
    let relative = aten_norm(&on_device).unwrap() / norms[0] - 1.0;
    assert!(relative.abs() < 1e-5, "float32 sums are {relative} off");
}

fn runs_of_two_rates<'a>(states: &[State; 3], gradients: &'a [Gradient; 3]) -> Vec<ParameterRun<'a>> {
    let runs = states.iter().zip(gradients).zip([1e-2, 1e-3, 1e-2]);
    runs.map(|((state, gradient), learning_rate)| ParameterRun { learning_rate, ..run(state, gradient) }).collect()
}

/// Three steps from a state that is not zero.
#[test]
fn aten_s_fused_operators_take_the_same_step() {
    for rule in UpdateRule::EACH {
        let state = || [random(&[7, 33]) * 0.2, random(&[7, 33]) * 0.01, random(&[7, 33]).square() * 0.01];
        let by_kernel = [state(), state(), state()];
        let by_aten = by_kernel.each_ref().map(|state| state.each_ref().map(|it| it.to_device(device()).copy()));
        for t in 4..7 {
            let gradients = [(); 3].map(|()| random(&[7, 33]));
            let on = |device| gradients.each_ref().map(|it| Gradient::new(&it.to_device(device).copy()).unwrap());
            let (kernel_gradients, aten_gradients) = (on(Device::Cpu), on(device()));
            update(&mut runs_of_two_rates(&by_kernel, &kernel_gradients), step(rule, t), None).unwrap();
            aten_update(&runs_of_two_rates(&by_aten, &aten_gradients), step(rule, t)).unwrap();
        }
        for (kernel, aten) in by_kernel.iter().flatten().zip(by_aten.iter().flatten()) {
            assert!(largest_difference(kernel, &aten.to_device(Device::Cpu)) < 1e-6, "{rule:?}");
        }
    }
}
