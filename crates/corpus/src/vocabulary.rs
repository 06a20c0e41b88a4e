//! Vocabulary check: every token id must have a row in the model's word embeddings (`vocab_size` in `config.json`).
//!
//! Tokens and model are made by different programs from different folders; the check stands wherever the two meet, so
//! that no lookup in the embeddings ever reads beyond them.

use std::path::Path;

use crate::error::{CorpusError, Location, Result};
use crate::tokenizer::{Encodings, Tokenizer};
use crate::tokens::TokenSet;

/// How many characters of a text are shown.
const SHOWN: usize = 80;

/// Checks all ids that a tokenizer can produce.
///
/// # Errors
/// Fails when the largest one is not below `vocab_size`.
pub fn check_tokenizer(tokenizer: &Tokenizer, vocab_size: usize) -> Result<()> {
    if tokenizer.vocab_size() <= vocab_size {
        return Ok(());
    }
    let problem = format!(
        "it has ids up to {}, but the model's word embeddings have only {vocab_size} rows (vocab_size in config.json); \
         they are not from the same checkpoint",
        tokenizer.vocab_size() - 1
    );
    Err(CorpusError::Tokenizer { file: tokenizer.file().to_owned(), problem })
}

/// Checks the ids that `tokenizer` produced for `texts`.
///
/// # Errors
/// Fails when one is not below `vocab_size`, and names it and its text.
pub fn check_encodings(encodings: &Encodings, texts: &[&str], tokenizer: &Tokenizer, vocab_size: usize) -> Result<()> {
    let Some(index) = first_beyond(&encodings.input_ids, vocab_size) else { return Ok(()) };
    let id = encodings.input_ids[index];
    let row = encodings.offsets.partition_point(|&offset| offset <= index) - 1;
    let text = encodings.window_offsets.partition_point(|&first| first <= row) - 1;
    let shown: String = texts.get(text).unwrap_or(&"").chars().take(SHOWN).collect();
    let problem = format!(
        "it makes {} (token {id}) of a part of the text {shown:?}, but the model has word embeddings of {vocab_size} tokens alone; \
         leave the text out",
        tokenizer.spelled(&[id]).concat()
    );
    Err(CorpusError::Tokenizer { file: tokenizer.file().to_owned(), problem })
}

/// Checks the ids of a token file.
///
/// # Errors
/// Fails when one is not below `vocab_size`, and names its row by the id.
pub fn check_token_set(set: &TokenSet, file: &Path, vocab_size: usize) -> Result<()> {
    let Some(index) = first_beyond(&set.input_ids, vocab_size) else { return Ok(()) };
    let row = set.offsets.partition_point(|&offset| offset <= index) - 1;
    Err(CorpusError::Value {
        file: file.to_owned(),
        location: Location::Id(set.ids[row]),
        problem: format!(
            "token {} is not below the model's vocab_size {vocab_size}; tokenize with this model's tokenizer",
            set.input_ids[index]
        ),
    })
}

/// The index of the first id that has no row in the word embeddings.
fn first_beyond(input_ids: &[i32], vocab_size: usize) -> Option<usize> {
    input_ids.iter().position(|&id| usize::try_from(id).map_or(true, |id| id >= vocab_size))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::Task;
    use crate::tokens::{Labels, TokensMetadata};

    #[test]
    fn the_first_id_beyond_the_embeddings_is_named_with_its_row() {
        let names = ["negative", "positive"].map(str::to_owned).to_vec();
        let rows = [vec![2, 3], vec![2, 9, 3], vec![2, 3]];
        let set = TokenSet::of_rows(TokensMetadata::new(Task::Sst2, names, 4), &rows, Labels::Classes(vec![None; 3]));
        let set = TokenSet { ids: vec![0, 11, 12], ..set };
        let file = Path::new("train.parquet");
        assert!(check_token_set(&set, file, 10).is_ok());
        assert_eq!(
            check_token_set(&set, file, 9).unwrap_err().to_string(),
            "train.parquet, the row with id 11 of the raw file: token 9 is not below the model's vocab_size 9; \
             tokenize with this model's tokenizer"
        );
    }

    #[test]
    fn negative_ids_have_no_row() {
        assert_eq!(first_beyond(&[0, 4, -1, 5], 5), Some(2));
        assert_eq!(first_beyond(&[0, 4], 5), None);
    }
}
