//! Seal of a JSON text: its last field holds the SHA-256 of the text with that field empty, so that any change is told.
//!
//! The seal is taken of the text and not of the values: it covers every byte, white space and unknown fields included.

use anyhow::Context;
use serde::Serialize;

use crate::fingerprint::sha256_hex;

/// What the seal of a text says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Seal {
    /// The text is what was sealed.
    Intact,
    /// There is none: an older program wrote the text.
    #[default]
    Missing,
    /// The text was changed after it was sealed.
    Broken,
}

/// `value` as indented JSON, sealed in its last field `name`, which is empty in `value`.
///
/// # Errors
/// Fails when `value` has no JSON form, or its last field is not an empty `name`.
pub fn sealed(value: &impl Serialize, name: &str) -> anyhow::Result<String> {
    let text = serde_json::to_string_pretty(value)?;
    let before = text.strip_suffix(&ending(name, "")).with_context(|| format!("the last field is not {name}"))?;
    Ok(format!("{before}{}", ending(name, &sha256_hex(text.as_bytes()))))
}

/// Whether `text` is what [`sealed`] made in the field `name`; what follows the JSON object is part of the text.
pub fn check_seal(text: &str, name: &str) -> Seal {
    let Some((before, last)) = text.rfind(&beginning(name)).map(|at| text.split_at(at)) else { return Seal::Missing };
    let last = &last[beginning(name).len()..];
    let Some((seal, rest)) = last.split_once('"') else { return Seal::Broken };
    let unsealed = format!("{before}{}\"{rest}", beginning(name));
    if seal == sha256_hex(unsealed.as_bytes()) { Seal::Intact } else { Seal::Broken }
}

fn beginning(name: &str) -> String {
    format!("\n  \"{name}\": \"")
}

fn ending(name: &str, seal: &str) -> String {
    format!("{}{seal}\"\n}}", beginning(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_changed_byte_is_told() {
        let text = sealed(&json!({"files": {"a": "b"}, "seal": ""}), "seal").unwrap();
        assert_eq!(check_seal(&text, "seal"), Seal::Intact);
        assert_eq!(check_seal("{\n  \"files\": {}\n}", "seal"), Seal::Missing);
        for at in 0..text.len() {
            let mut flipped = text.clone().into_bytes();
            flipped[at] ^= 1;
            assert_ne!(check_seal(&String::from_utf8_lossy(&flipped), "seal"), Seal::Intact, "byte {at}");
        }
        assert_eq!(check_seal(&format!("{text}\n"), "seal"), Seal::Broken);
    }

    #[test]
    fn the_seal_is_the_last_field() {
        assert!(sealed(&json!({"seal": "", "z": 1}), "seal").is_err());
    }
}
