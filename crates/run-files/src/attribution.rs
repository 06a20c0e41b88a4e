//! Attribution of a text: its tokens in their order, and what each contributes; in `errors.jsonl` of `bert-eval` and in the
//! answers of `bert-predict`.

use serde::{Deserialize, Serialize};

/// A token and what it contributes to the logit of the predicted class, or to the score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TokenContribution {
    /// As the tokenizer spells it.
    pub token: String,
    /// In the unit of the logit.
    pub contribution: f64,
}

/// Tokens with their contributions, `(n_tokens)` each.
#[must_use]
pub fn token_contributions(tokens: Vec<String>, contributions: Vec<f64>) -> Vec<TokenContribution> {
    let pairs = tokens.into_iter().zip(contributions);
    pairs.map(|(token, contribution)| TokenContribution { token, contribution }).collect()
}
