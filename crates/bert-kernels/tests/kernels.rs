//! The fast kernels against plain operators and formulas.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed unwrap fails the test")]

use bert_kernels::{
    AttentionDropout, DeferredRows, DeferredTable, DistinctRows, Gradient, ParameterRun, UpdateRule, UpdateStep,
    aten_norm, aten_update, dropout, global_norm, heads_from_rows, packed_attention, packed_attention_runs,
    rows_from_heads, update,
};
use tch::{Device, Kind, Tensor};

/// Operators are tested on CUDA with `BERT_TEST_DEVICE=cuda`; else on the CPU.
fn device() -> Device {
    match std::env::var("BERT_TEST_DEVICE").as_deref() {
        Ok("cuda") => Device::Cuda(0),
        _ => Device::Cpu,
    }
}

fn random(shape: &[i64]) -> Tensor {
    Tensor::randn(shape, (Kind::Float, Device::Cpu))
}

fn largest_difference(a: &Tensor, b: &Tensor) -> f64 {
    (a - b).abs().max().double_value(&[])
}

#[test]
fn dropout_keeps_the_right_share_scales_it_and_passes_gradients_through_the_same_mask() {
    let x = Tensor::ones([1000, 333], (Kind::Float, device())).set_requires_grad(true);
    let y = dropout(&x, 0.1, 42, 7).unwrap();
    let kept = y.detach().ne(0.0);
    let share = kept.mean(Kind::Double).double_value(&[]);
    assert!((share - 0.9).abs() < 0.002, "kept {share}");
    assert!(largest_difference(&y.detach(), &(kept.to_kind(Kind::Float) / 0.9)) < 1e-6);

    let weights = random(&[1000, 333]).to_device(device());
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
    let mask = dropout(&Tensor::ones([n, 64], (Kind::Float, device())), 0.5, 1, 2).unwrap() - 1.0; // ±1
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
    let rows = random(&[12, 2 * 3 * 5]).to_device(device()).set_requires_grad(true);
    let heads = heads_from_rows(&rows, &cu_seqlens, 5, 2, 3).unwrap();
    assert_eq!(heads.size(), [2, 9, 5, 5]);
    // Row 5 is the second token of the third sentence; its second part's first head is columns 15..20.
    assert_eq!(heads.get(1).get(6).get(1), rows.get(5).narrow(0, 15, 5));
    assert_eq!(heads.get(0).get(3).narrow(0, 1, 4).abs().sum(Kind::Float).double_value(&[]), 0.0);

    let back = rows_from_heads(&heads, &cu_seqlens, 12, 3).unwrap();
    assert_eq!(back.narrow(0, 0, 9), rows.narrow(0, 0, 9));
    assert_eq!(back.narrow(0, 9, 3).abs().sum(Kind::Float).double_value(&[]), 0.0);

    let weights = random(&[12, 30]).to_device(device());
    (&back * &weights).sum(Kind::Float).backward();
    assert_eq!(rows.grad().narrow(0, 0, 9), weights.narrow(0, 0, 9));
    assert_eq!(rows.grad().narrow(0, 9, 3).abs().sum(Kind::Float).double_value(&[]), 0.0);
}

/// Three sentences of 3, 1 and 5 tokens.
fn sentences() -> (Tensor, Tensor) {
    let cu_seqlens = Tensor::from_slice(&[0_i64, 3, 4, 9]);
    let first_rows = cu_seqlens.narrow(0, 0, 3).to_device(device());
    (cu_seqlens.to_kind(Kind::Int).to_device(device()), first_rows)
}

/// Attention of nine rows with two heads of eight, sentence by sentence in double precision.
fn attention_by_formula(rows: &Tensor) -> Tensor {
    let parts = rows.to_kind(Kind::Double).view([9, 3, 2, 8]).permute([1, 2, 0, 3]); // (3, heads, rows, size)
    let of_sentence = |(begin, length)| {
        let part = |place| parts.get(place).narrow(1, begin, length);
        let scores = part(0).matmul(&part(1).transpose(1, 2)) / 8_f64.sqrt();
        let context = scores.softmax(-1, Kind::Double).matmul(&part(2)); // (heads, length, size)
        context.permute([1, 0, 2]).reshape([length, 16])
    };
    Tensor::cat(&[(0, 3), (3, 1), (4, 5)].map(of_sentence), 0)
}

/// `None` where the kernel is not there.
fn rows_for_packed_attention() -> Option<Tensor> {
    let rows = random(&[9, 48]).to_device(device()).to_kind(Kind::BFloat16);
    let there = packed_attention_runs(&rows, 8);
    assert!(there || device() == Device::Cpu, "it is there for CUDA");
    there.then(|| rows.set_requires_grad(true))
}

#[test]
fn packed_attention_is_attention_within_sentences() {
    let Some(rows) = rows_for_packed_attention() else { return };
    let (cu_seqlens, first_rows) = sentences();
    for asked in [None, Some(&first_rows)] {
        let no_dropout = AttentionDropout { p: 0.0, key: 0, stream: 0 };
        let context = packed_attention(&rows, &cu_seqlens, asked, 5, 2, no_dropout).unwrap();
        let expected = attention_by_formula(&rows);
        let expected = asked.map_or(expected.shallow_clone(), |asked| expected.index_select(0, asked));
        assert_eq!(context.size(), expected.size());
        assert!(largest_difference(&context.to_kind(Kind::Double), &expected) < 2e-2);

        let weights = random(&expected.size()).to_device(device());
        let gradient = |of: &Tensor| {
            let loss = (of.to_kind(Kind::Float) * &weights).sum(Kind::Float);
            Tensor::run_backward(&[loss], &[&rows], true, false)[0].to_kind(Kind::Double)
        };
        assert!(largest_difference(&gradient(&context), &gradient(&expected)) < 8e-2);
    }
}

#[test]
fn packed_attention_drops_by_its_counters_and_backward_the_same() {
    let Some(rows) = rows_for_packed_attention() else { return };
    let (cu_seqlens, first_rows) = sentences();
    let weights = random(&[9, 16]).to_device(device());
    for asked in [None, Some(&first_rows)] {
        let pass = |key, stream| {
            let dropout = AttentionDropout { p: 0.5, key, stream };
            let context = packed_attention(&rows, &cu_seqlens, asked, 5, 2, dropout).unwrap();
            let weighted = &context * weights.narrow(0, 0, context.size()[0]);
            let gradient = Tensor::run_backward(&[weighted.sum(Kind::Float)], &[&rows], false, false).remove(0);
            (weighted.detach(), gradient)
        };
        assert_eq!(pass(1, 2), pass(1, 2));
        assert_ne!(pass(1, 2).0, pass(1, 3).0);
        assert_ne!(pass(1, 2).0, pass(2, 2).0);

        // With one mask the result is linear in the values: the sum is that of each value with its gradient.
        let (weighted, gradient) = pass(1, 2);
        let of_values = |tensor: &Tensor| tensor.view([9, 3, 16]).select(1, 2).to_kind(Kind::Double);
        let by_gradient = (of_values(&gradient) * of_values(&rows)).sum(Kind::Double).double_value(&[]);
        let sum = weighted.sum(Kind::Double).double_value(&[]);
        let size = weighted.abs().sum(Kind::Double).double_value(&[]);
        assert!((sum - by_gradient).abs() < 0.02 * size, "{sum} and {by_gradient} of {size}");
    }
}

const ADAMW: UpdateRule = UpdateRule::EACH[0];

fn step(rule: UpdateRule, step: u64) -> UpdateStep {
    UpdateStep { rule, step, grad_scale: 0.5 }
}

fn run<'a>(state: &'a [Tensor; 3], gradient: &'a Gradient) -> ParameterRun<'a> {
    ParameterRun {
        param: state[0].shallow_clone(),
        gradient,
        moments: vec![state[1].shallow_clone(), state[2].shallow_clone()],
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
        let (of_dense, of_sparse) = (state(), state());
        update(&mut [run(&of_dense, &dense)], step(rule, 1), None).unwrap();
        update(&mut [run(&of_sparse, &sparse)], step(rule, 1), None).unwrap();
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
    for rule in UpdateRule::EACH {
        let (punctual, late) = (state(), state());
        let mut rows_behind = DeferredRows::new(DeferredTable {
            param: late[0].shallow_clone(),
            moments: vec![late[1].shallow_clone(), late[2].shallow_clone()],
            weight_decay: 0.1,
            rule,
        });
        for t in 1..=40_i64 {
            let ids = [(t * t) % 7, 8 + t % 5, (t * t) % 7, 8 + t % 3];
            let values: Vec<f32> = (0..80).map(|i| ((i * 37 + t * 11) % 19) as f32 / 19.0 - 0.5).collect();
            let ids = DistinctRows::new(&ids);
            let gradient = Gradient::embedding_backward(&ids, &values, 20, n_rows, -1);
            let learning_rate = 1e-2 / t as f64;
            let punctual_run = ParameterRun { learning_rate, ..run(&punctual, &gradient) };
            update(&mut [punctual_run], step(rule, t as u64), None).unwrap();
            rows_behind.apply(ids.ids());
            let late_run = ParameterRun { learning_rate, deferred: Some(&mut rows_behind), ..run(&late, &gradient) };
            update(&mut [late_run], step(rule, t as u64), None).unwrap();
            if t == 25 {
                assert_ne!(punctual, late, "{rule:?}: some rows are behind");
                rows_behind.flush();
                assert_eq!(punctual, late, "{rule:?}, step {t}");
            }
        }
        assert_eq!(rows_behind.n_steps(), 15);
        rows_behind.flush();
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
            global_norm(&gradients, None).unwrap()
        })
        .collect();
    assert!(norms[0] == norms[1] && norms[1] == norms[2]);
    let expected: f64 = gradients
        .iter()
        .map(|gradient| gradient.values().to_kind(Kind::Double).square().sum(Kind::Double).double_value(&[]))
        .sum();
    assert!((norms[0] - expected.sqrt()).abs() < 1e-9);

    let there: Vec<Gradient> =
        gradients.iter().map(|gradient| Gradient::new(&gradient.values().to_device(device())).unwrap()).collect();
    let relative = aten_norm(&there).unwrap() / norms[0] - 1.0;
    assert!(relative.abs() < 1e-5, "float32 sums are {relative} off");
}

fn runs_of_two_rates<'a>(states: &'a [[Tensor; 3]; 3], gradients: &'a [Gradient; 3]) -> Vec<ParameterRun<'a>> {
    let runs = states.iter().zip(gradients).zip([1e-2, 1e-3, 1e-2]);
    runs.map(|((state, gradient), learning_rate)| ParameterRun { learning_rate, ..run(state, gradient) }).collect()
}

/// Three steps from a state that is not zero.
#[test]
fn libtorch_s_fused_operators_take_the_same_step() {
    let there = |state: &[Tensor; 3]| state.each_ref().map(|tensor| tensor.to_device(device()).copy());
    for rule in UpdateRule::EACH {
        let begin = || [random(&[7, 33]) * 0.2, random(&[7, 33]) * 0.01, random(&[7, 33]).square() * 0.01];
        let here = [begin(), begin(), begin()];
        let there = here.each_ref().map(there);
        for t in 4..7 {
            let gradients = [(); 3].map(|()| random(&[7, 33]));
            let of = |device| gradients.each_ref().map(|it| Gradient::new(&it.to_device(device).copy()).unwrap());
            let (of_here, of_there) = (of(Device::Cpu), of(device()));
            update(&mut runs_of_two_rates(&here, &of_here), step(rule, t), None).unwrap();
            aten_update(&runs_of_two_rates(&there, &of_there), step(rule, t)).unwrap();
        }
        for (here, there) in here.iter().flatten().zip(there.iter().flatten()) {
            assert!(largest_difference(here, &there.to_device(Device::Cpu)) < 1e-6, "{rule:?}");
        }
    }
}
