//! What is told without libtorch is what libtorch and the kernels say.

#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use bert_kernels::{Encoder, EncoderMemory, libtorch};
use checkpoint::{Activation, BertConfig};

fn config(layers: usize, hidden: usize, heads: usize, intermediate: usize) -> BertConfig {
    BertConfig {
        vocab_size: 50,
        hidden_size: hidden,
        num_hidden_layers: layers,
        num_attention_heads: heads,
        intermediate_size: intermediate,
        hidden_act: Activation::Gelu,
        hidden_dropout_prob: 0.1,
        attention_probs_dropout_prob: 0.1,
        classifier_dropout: None,
        max_position_embeddings: 64,
        type_vocab_size: 2,
        initializer_range: 0.02,
        layer_norm_eps: 1e-12,
        pad_token_id: Some(0),
        id2label: None,
        num_labels: None,
        problem_type: None,
    }
}

#[test]
fn memory_is_counted_as_the_kernel_allocates_it() {
    for config in [config(1, 32, 2, 64), config(2, 34, 2, 50), config(3, 64, 4, 300), config(6, 96, 12, 384)] {
        for bf16 in [false, true] {
            let mut encoder = Encoder::new(&config, bf16).unwrap();
            for (n_rows, batch) in [(0, 0), (16, 1), (48, 5), (400, 16), (1040, 33), (16, 40)] {
                let counted = EncoderMemory::new(&config, bf16, n_rows, batch);
                let bytes = counted.weight_copies + counted.activations;
                assert_eq!(bytes, encoder.memory(n_rows, batch), "{config:?}, bf16 {bf16}, {n_rows} rows of {batch}");
            }
        }
    }
}

#[test]
fn whether_the_kernel_runs_is_foreseen() {
    let config = config(2, 32, 2, 64);
    for bf16 in [false, true] {
        assert_eq!(Encoder::probably_runs(&config, bf16), Encoder::runs(&config, bf16), "bf16 {bf16}");
    }
}

#[test]
fn libtorch_is_of_the_version_of_its_headers() {
    libtorch::load().unwrap();
    assert!(libtorch::description().starts_with(&format!("{}, ", libtorch::VERSION)), "{}", libtorch::description());
    assert_eq!(tch::Cuda::is_available(), libtorch::may_have_cuda() && tch::Cuda::device_count() > 0);
}
