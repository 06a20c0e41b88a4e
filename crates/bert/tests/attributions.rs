//! Attributions of the small random BERTs: they add up to the change of the logit, and no thread or batch changes them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed unwrap fails the test")]

#[allow(dead_code, reason = "other tests read more of the fixtures")]
mod variant;

use bert::{Classifier, Compute, IntegratedGradients, attributions};
use variant::Variant;

fn classifier(variant: &Variant) -> Classifier {
    let device = std::env::var("BERT_TEST_DEVICE").unwrap_or_else(|_| "cpu".to_owned());
    Classifier::open(&variant.folder.path, Compute::resolve(&device, None, "float32").unwrap()).unwrap()
}

#[test]
fn contributions_add_up_to_the_change_of_the_logit_and_its_ends_are_those_of_the_model() {
    for variant in Variant::all() {
        let classifier = classifier(&variant);
        let gradients = IntegratedGradients::new(&classifier).unwrap();
        let n_outputs = classifier.output_names.len();
        for sentence in variant.sentences() {
            let pad_token_id = classifier.folder.config.padding_idx().max(0) as i32;
            let padding = vec![pad_token_id; sentence.len().saturating_sub(2)];
            let ends: Vec<i32> = [&sentence[..1], &padding[..], &sentence[1..][padding.len()..]].concat();
            let logits = classifier.logits(&[sentence, &ends], |_| ()).unwrap();
            let found = gradients.attribute(sentence, n_outputs - 1).unwrap();
            assert_eq!(found.contributions.len(), sentence.len(), "{}", variant.name);
            assert!(found.error() <= 0.01, "{}: misses by {}", variant.name, found.error());
            let [logit, baseline] = [logits[n_outputs - 1], logits[2 * n_outputs - 1]].map(f64::from);
            assert!((found.logit - logit).abs() < 1e-5 && (found.baseline_logit - baseline).abs() < 1e-5, "{found:?}");
            let [first, last] = [found.contributions[0], found.contributions[sentence.len() - 1]];
            assert_eq!((first, last), (0.0, 0.0), "what is not replaced contributes nothing");
        }
    }
}

#[test]
fn more_points_come_nearer() {
    let variant = &Variant::all()[0];
    let classifier = classifier(variant);
    let gradients = IntegratedGradients::new(&classifier).unwrap();
    let sentence = variant.sentences().into_iter().max_by_key(|sentence| sentence.len()).unwrap().to_vec();
    let error = |n_points| gradients.attribute_with(&sentence, 0, n_points).unwrap().error();
    assert!(error(64) < 1e-4 && error(64) <= error(1), "{} and {}", error(64), error(1));
}

#[test]
fn the_number_of_threads_changes_no_byte_and_progress_counts_up() {
    let variant = &Variant::all()[0];
    let classifier = classifier(variant);
    let sentences = variant.sentences();
    let requests: Vec<(&[i32], usize)> = sentences.iter().map(|&sentence| (sentence, 0)).collect();
    let of_threads = |threads| {
        let mut heard = Vec::new();
        let found = attributions(&classifier, &requests, threads, |done| heard.push(done)).unwrap();
        assert_eq!(heard, (1..=requests.len()).collect::<Vec<_>>());
        found
    };
    let one = of_threads(1);
    assert_eq!(one, of_threads(3));
    assert_eq!(one.len(), requests.len());
}
