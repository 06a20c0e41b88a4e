//! Where a model came from: the files from the texts to the weights, with their hashes.

use std::fmt::Write;

use stage::{Fingerprint, Manifest};

use crate::card_facts::Card;

pub(super) fn provenance(card: &Card<'_>) -> String {
    let trained = &card.inputs.trained.manifest;
    let mut text = String::from("## Made from\n\n| file | bytes | SHA-256 |\n|---|---|---|\n");
    // Writing to a string cannot fail.
    let mut row = |role: &str, it: &Fingerprint| _ = writeln!(text, "| {role} | {} | `{}` |", it.bytes, it.sha256);
    for (role, fingerprint) in texts_of(card, trained) {
        row(role, fingerprint);
    }
    trained.inputs.iter().for_each(|(role, fingerprint)| row(role, fingerprint));
    if let Some(weights) = card.inputs.weights() {
        row("trained weights", weights);
    }
    if let Some(raw) = card.raw.as_ref() {
        let _ = writeln!(text, "\nThe texts: {}.", raw.source);
    }
    if let Some((base, commit)) = card.base_model() {
        let _ = writeln!(text, "\nThe run began with {base} at commit {commit}.");
    }
    let _ = writeln!(text, "\nWritten by {} (version {}); key `{}`.", trained.stage, trained.version, trained.key);
    text
}

/// The texts that the tokens of the training were made from, where the tokens that were given are these.
fn texts_of<'a>(card: &'a Card<'_>, trained: &Manifest) -> Vec<(&'a str, &'a Fingerprint)> {
    let Some(tokens) = card.inputs.tokens.as_ref().map(|tokens| &tokens.manifest) else { return Vec::new() };
    let train = corpus::Split::Train.file();
    if tokens.outputs.get(&train) != trained.inputs.get(&format!("tokens/{train}")) {
        return Vec::new();
    }
    let inputs = tokens.inputs.iter().filter(|(role, _)| role.starts_with("raw/"));
    inputs.map(|(role, fingerprint)| (role.as_str(), fingerprint)).collect()
}
