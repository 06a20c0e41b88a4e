//! Autograd operators against plain operators and formulas, and what dropout promises.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed unwrap fails the test")]

mod tensors;

use bert_kernels::{
    PackedAttentionOptions, dropout, heads_from_rows, linear, packed_attention, packed_attention_runs, rows_from_heads,
    seed_generator,
};
use tch::{Device, Kind, Tensor};
use tensors::{device, largest_difference, random};

#[test]
fn dropout_keeps_its_fraction_scales_it_and_passes_gradients_through_the_same_mask() {
    let x = Tensor::ones([1000, 333], (Kind::Float, Device::Cpu)).set_requires_grad(true);
    let y = dropout(&x, 0.1, 42, 7).unwrap();
    let kept = y.detach().ne(0.0);
    let fraction = kept.mean(Kind::Double).double_value(&[]);
    assert!((fraction - 0.9).abs() < 0.002, "kept {fraction}");
    assert!(largest_difference(&y.detach(), &(kept.to_kind(Kind::Float) / 0.9)) < 1e-6);

    let weights = random(&[1000, 333]);
    (&y * &weights).sum(Kind::Float).backward();
    assert_eq!(x.grad(), y.detach() * weights);
    assert_eq!(dropout(&x, 0.1, 42, 7).unwrap(), y);
    assert_ne!(dropout(&x, 0.1, 42, 8).unwrap(), y);
    assert_ne!(dropout(&x, 0.1, 43, 7).unwrap(), y);
}

/// Neighbors, rows and columns of a mask are independent: no sum strays from its expectation by six standard deviations.
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

/// Tiles of rows and columns, and what is left of them; with threads whose number no bit depends on.
#[test]
fn linear_is_a_product_with_its_gradients() {
    for [n, n_in, n_out] in [[16, 48, 64], [5, 33, 3], [1, 1, 1], [70, 20, 2]] {
        let inputs = [random(&[n, n_in]), random(&[n_out, n_in]), random(&[n_out])];
        let dy = random(&[n, n_out]);
        let kernel: Vec<Tensor> = inputs.iter().map(|it| it.detach().copy().set_requires_grad(true)).collect();
        let exact: Vec<Tensor> =
            inputs.iter().map(|it| it.to_kind(Kind::Double).detach().set_requires_grad(true)).collect();
        let y = linear(&kernel[0], &kernel[1], &kernel[2]).unwrap();
        let expected = exact[0].linear(&exact[1], Some(&exact[2]));
        assert!(largest_difference(&y, &expected) < 2e-5, "{n} x {n_in} x {n_out}");
        (&y * &dy).sum(Kind::Float).backward();
        (&expected * &dy).sum(Kind::Double).backward();
        for (kernel, exact) in kernel.iter().zip(&exact) {
            assert!(largest_difference(&kernel.grad(), &exact.grad()) < 2e-5, "{n} x {n_in} x {n_out}");
        }
    }
    let error = linear(&random(&[2, 3]), &random(&[2, 4]), &random(&[2])).unwrap_err().to_string();
    assert!(error.contains("a weight [2, 4] cannot multiply [2, 3]"), "{error}");
    let double = random(&[2, 3]).to_kind(Kind::Double);
    assert!(linear(&double, &random(&[2, 3]), &random(&[2])).unwrap_err().to_string().contains("expected float32"));
}

#[test]
fn rows_from_heads_undoes_heads_from_rows() {
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

/// Three sentences of 3, 1 and 5 tokens.
fn sentences() -> (Tensor, Tensor) {
    let cu_seqlens = Tensor::from_slice(&[0_i64, 3, 4, 9]);
    let first_rows = cu_seqlens.narrow(0, 0, 3).to_device(device());
    (cu_seqlens.to_kind(Kind::Int).to_device(device()), first_rows)
}

/// Attention of nine rows with two heads of eight, sentence by sentence in double precision.
fn attention_by_formula(rows: &Tensor) -> Tensor {
    let parts = rows.to_kind(Kind::Double).view([9, 3, 2, 8]).permute([1, 2, 0, 3]); // (3, heads, rows, size)
    let sentence_context = |(begin, length)| {
        let part = |index| parts.get(index).narrow(1, begin, length);
        let scores = part(0).matmul(&part(1).transpose(1, 2)) / 8_f64.sqrt();
        let context = scores.softmax(-1, Kind::Double).matmul(&part(2)); // (heads, length, size)
        context.permute([1, 0, 2]).reshape([length, 16])
    };
    Tensor::cat(&[(0, 3), (3, 1), (4, 5)].map(sentence_context), 0)
}

/// `None` where the kernel is not there.
fn rows_for_packed_attention() -> Option<Tensor> {
    let rows = random(&[9, 48]).to_device(device()).to_kind(Kind::BFloat16);
    let runs = packed_attention_runs(&rows, 8);
    assert!(runs || device() == Device::Cpu, "CUDA has it");
    runs.then(|| rows.set_requires_grad(true))
}

#[test]
fn packed_attention_is_attention_within_sentences() {
    let Some(rows) = rows_for_packed_attention() else { return };
    let (cu_seqlens, first_rows) = sentences();
    for cls_rows in [None, Some(&first_rows)] {
        let options = PackedAttentionOptions { max_seqlen: 5, heads: 2, dropout: 0.0 };
        let context = packed_attention(&rows, &cu_seqlens, cls_rows, options).unwrap();
        let expected = attention_by_formula(&rows);
        let expected = cls_rows.map_or(expected.shallow_clone(), |rows| expected.index_select(0, rows));
        assert_eq!(context.size(), expected.size());
        assert!(largest_difference(&context.to_kind(Kind::Double), &expected) < 2e-2);

        let weights = random(&expected.size()).to_device(device());
        let gradient = |context: &Tensor| {
            let loss = (context.to_kind(Kind::Float) * &weights).sum(Kind::Float);
            Tensor::run_backward(&[loss], &[&rows], true, false)[0].to_kind(Kind::Double)
        };
        assert!(largest_difference(&gradient(&context), &gradient(&expected)) < 8e-2);
    }
}

#[test]
fn packed_attention_drops_by_the_generator_and_backward_the_same() {
    let Some(rows) = rows_for_packed_attention() else { return };
    let (cu_seqlens, first_rows) = sentences();
    let weights = random(&[9, 16]).to_device(device());
    for cls_rows in [None, Some(&first_rows)] {
        let pass = |key, rng_stream| {
            let options = PackedAttentionOptions { max_seqlen: 5, heads: 2, dropout: 0.5 };
            seed_generator(&rows, key, rng_stream).unwrap();
            let context = packed_attention(&rows, &cu_seqlens, cls_rows, options).unwrap();
            let weighted = &context * weights.narrow(0, 0, context.size()[0]);
            let gradient = Tensor::run_backward(&[weighted.sum(Kind::Float)], &[&rows], false, false).remove(0);
            (weighted.detach(), gradient)
        };
        assert_eq!(pass(1, 2), pass(1, 2));
        assert_ne!(pass(1, 2).0, pass(1, 3).0);
        assert_ne!(pass(1, 2).0, pass(2, 2).0);

        // With one mask the result is linear in the values: the sum is that of each value with its gradient.
        let (weighted, gradient) = pass(1, 2);
        let values = |tensor: &Tensor| tensor.view([9, 3, 16]).select(1, 2).to_kind(Kind::Double);
        let by_gradient = (values(&gradient) * values(&rows)).sum(Kind::Double).double_value(&[]);
        let sum = weighted.sum(Kind::Double).double_value(&[]);
        let size = weighted.abs().sum(Kind::Double).double_value(&[]);
        assert!((sum - by_gradient).abs() < 0.02 * size, "{sum} and {by_gradient} of {size}");
    }
}
