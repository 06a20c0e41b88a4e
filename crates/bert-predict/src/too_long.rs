//! What is to be said of texts that have more tokens than the model takes.

use corpus::tokenizer::{Encodings, Overflow, Tokenizer};
use stage::counted;

/// How many texts were cut and what was lost of them, or in how many windows they are read; `None` where all fit.
pub(crate) fn too_long(encodings: &Encodings, tokenizer: &Tokenizer) -> Option<String> {
    let max_length = tokenizer.max_length();
    let n_texts = encodings.text_lengths.len();
    let longer: Vec<usize> = (0..n_texts).filter(|&text| encodings.text_lengths[text] > max_length).collect();
    if longer.is_empty() {
        return None;
    }
    let (n, were) = (longer.len(), if longer.len() == 1 { "was" } else { "were" });
    let beginning = format!("{n} of {} {were} longer than {max_length} tokens", counted(n_texts as u64, "text"));
    Some(match tokenizer.overflow() {
        Overflow::Truncate(_) => {
            let n_lost: usize = longer.iter().map(|&text| encodings.n_lost(text)).sum();
            let lost = counted(n_lost as u64, "token");
            format!(
                "{beginning} and {were} {}; {lost} {} lost",
                tokenizer.overflow().described(),
                if n_lost == 1 { "was" } else { "were" }
            )
        }
        Overflow::Windows { stride } => {
            let n_windows: usize = longer.iter().map(|&text| encodings.windows(text).len()).sum();
            format!("{beginning} and {were} read in {n_windows} windows that share {stride} tokens")
        }
    })
}
