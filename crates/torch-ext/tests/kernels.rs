//! The fast kernels against plain operators and formulas.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed unwrap fails the test")]

use tch::{Device, Kind, Tensor};
use torch_ext::{
    Gradient, LateRows, ParameterRun, Table, UpdateRule, UpdateStep, dropout, global_norm, heads_from_rows,
    rows_from_heads, update,
};

fn random(shape: &[i64]) -> Tensor {
    Tensor::randn(shape, (Kind::Float, Device::Cpu))
}

fn largest_difference(a: &Tensor, b: &Tensor) -> f64 {
    (a - b).abs().max().double_value(&[])
}

#[test]
fn dropout_keeps_the_right_share_scales_it_and_passes_gradients_through_the_same_mask() {
    let x = Tensor::ones([1000, 333], (Kind::Float, Device::Cpu)).set_requires_grad(true);
    let y = dropout(&x, 0.1, 42, 7).unwrap();
    let kept = y.detach().ne(0.0);
    let share = kept.mean(Kind::Double).double_value(&[]);
    assert!((share - 0.9).abs() < 0.002, "kept {share}");
    assert!(largest_difference(&y.detach(), &(kept.to_kind(Kind::Float) / 0.9)) < 1e-6);

    let weights = random(&[1000, 333]);
    (&y * &weights).sum(Kind::Float).backward();
    assert_eq!(x.grad(), y.detach() * weights);
    assert_eq!(dropout(&x, 0.1, 42, 7).unwrap(), y);
    assert_ne!(dropout(&x, 0.1, 42, 8).unwrap(), y);
    assert_ne!(dropout(&x, 0.1, 43, 7).unwrap(), y);
}

/// Neighbours, rows and columns of a mask are independent: no share strays from its expectation by six deviations.
#[test]
fn dropout_has_no_visible_pattern() {
    let n = 1 << 12;
    let mask = dropout(&Tensor::ones([n, 64], (Kind::Float, Device::Cpu)), 0.5, 1, 2).unwrap() - 1.0; // ±1
    for column in 0..64 {
        let sum = mask.select(1, column).sum(Kind::Double).double_value(&[]);
        assert!(sum.abs() < 6.0 * (n as f64).sqrt(), "column {column}: {sum}");
    }
    for lag in [1, 2, 4, 63, 64, 256] {
        let flat = mask.view([-1]);
        let length = flat.size()[0] - lag;
        let product = flat.narrow(0, 0, length) * flat.narrow(0, lag, length);
        let sum = product.sum(Kind::Double).double_value(&[]);
        assert!(sum.abs() < 6.0 * (length as f64).sqrt(), "lag {lag}: {sum}");
    }
}

#[test]
fn rows_and_heads_are_each_other_s_way_back() {
    let cu_seqlens = Tensor::from_slice(&[0_i64, 3, 4, 9]);
    let rows = random(&[12, 2 * 3 * 5]).set_requires_grad(true);
    let heads = heads_from_rows(&rows, &cu_seqlens, 5, 2, 3).unwrap();
    assert_eq!(heads.size(), [2, 9, 5, 5]);
    // Row 5 is the second token of the third sentence; its second part's first head is columns 15..20.
    assert_eq!(heads.get(1).get(6).get(1), rows.get(5).narrow(0, 15, 5));
    assert_eq!(heads.get(0).get(3).narrow(0, 1, 4).abs().sum(Kind::Float).double_value(&[]), 0.0);

    let back = rows_from_heads(&heads, &cu_seqlens, 12, 3).unwrap();
    assert_eq!(back.narrow(0, 0, 9), rows.narrow(0, 0, 9));
    assert_eq!(back.narrow(0, 9, 3).abs().sum(Kind::Float).double_value(&[]), 0.0);

    let weights = random(&[12, 30]);
    (&back * &weights).sum(Kind::Float).backward();
    assert_eq!(rows.grad().narrow(0, 0, 9), weights.narrow(0, 0, 9));
    assert_eq!(rows.grad().narrow(0, 9, 3).abs().sum(Kind::Float).double_value(&[]), 0.0);
}

const ADAMW: UpdateRule = UpdateRule::Adamw { beta1: 0.9, beta2: 0.99, eps: 1e-8 };
const ADAM: UpdateRule = UpdateRule::Adam { beta1: 0.9, beta2: 0.99, eps: 1e-8 };

fn step(rule: UpdateRule, step: u64) -> UpdateStep {
    UpdateStep { rule, step, grad_scale: 0.5 }
}

fn run<'a>(state: &'a [Tensor; 3], gradient: &'a Gradient) -> ParameterRun<'a> {
    ParameterRun {
        param: state[0].shallow_clone(),
        gradient,
        first: Some(state[1].shallow_clone()),
        second: Some(state[2].shallow_clone()),
        learning_rate: 1e-2,
        weight_decay: 0.1,
        late: None,
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
        update(&mut [run(&state, &gradient)], step(ADAMW, t as u64), None);
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
    let norm = |gradient: &Gradient| global_norm(std::slice::from_ref(gradient));
    assert!((norm(&dense) - norm(&sparse)).abs() < 1e-12);

    let state = || [table(), table() * 0.1, table() * 0.01];
    for rule in [ADAMW, ADAM, UpdateRule::Sgd { momentum: 0.0 }, UpdateRule::Sgd { momentum: 0.9 }] {
        let (of_dense, of_sparse) = (state(), state());
        update(&mut [run(&of_dense, &dense)], step(rule, 1), None);
        update(&mut [run(&of_sparse, &sparse)], step(rule, 1), None);
        assert_eq!(of_dense, of_sparse, "{rule:?}");
        assert!(largest_difference(&of_dense[0], &table()) > 1e-4, "{rule:?} moved the weights");
    }

    let sum = gradient(true).plus(gradient(true));
    assert!(largest_difference(&sum.to_dense(), &(dense.to_dense() * 2.0)) < 1e-6);
}

/// Forty steps whose gradients touch other rows each time; the late table is brought up to date where a gradient is to come,
/// once in between, and at the end.
#[test]
fn rows_that_are_late_come_to_the_same_bits() {
    let n_rows = 23;
    let state = || {
        let table = Tensor::arange(n_rows * 20, (Kind::Float, Device::Cpu)).view([n_rows, 20]) / 460.0;
        [table.shallow_clone(), table.zeros_like(), table.zeros_like()]
    };
    for rule in [ADAMW, ADAM, UpdateRule::Sgd { momentum: 0.0 }, UpdateRule::Sgd { momentum: 0.9 }] {
        let (punctual, late) = (state(), state());
        let table = Table {
            param: late[0].shallow_clone(),
            first: Some(late[1].shallow_clone()),
            second: Some(late[2].shallow_clone()),
            weight_decay: 0.1,
            rule,
        };
        let mut rows_behind = LateRows::new(n_rows as usize);
        for t in 1..=40_i64 {
            let ids = [(t * t) % 7, 8 + t % 5, (t * t) % 7, 8 + t % 3];
            let values: Vec<f32> = (0..80).map(|i| ((i * 37 + t * 11) % 19) as f32 / 19.0 - 0.5).collect();
            let gradient = Gradient::of_rows(&ids, &values, n_rows);
            let learning_rate = 1e-2 / t as f64;
            let punctual_run = ParameterRun { learning_rate, ..run(&punctual, &gradient) };
            update(&mut [punctual_run], step(rule, t as u64), None);
            rows_behind.catch_up(&table, &ids);
            let late_run = ParameterRun { learning_rate, late: Some(&mut rows_behind), ..run(&late, &gradient) };
            update(&mut [late_run], step(rule, t as u64), None);
            if t == 25 {
                assert_ne!(punctual, late, "{rule:?}: some rows are behind");
                rows_behind.catch_up_all(&table);
                assert_eq!(punctual, late, "{rule:?}, step {t}");
            }
        }
        assert_eq!(rows_behind.n_steps(), 15);
        rows_behind.catch_up_all(&table);
        assert_eq!(punctual, late, "{rule:?}");
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
            global_norm(&gradients)
        })
        .collect();
    assert!(norms[0] == norms[1] && norms[1] == norms[2]);
    let expected: f64 = gradients
        .iter()
        .map(|gradient| gradient.values().to_kind(Kind::Double).square().sum(Kind::Double).double_value(&[]))
        .sum();
    assert!((norms[0] - expected.sqrt()).abs() < 1e-9);
}
