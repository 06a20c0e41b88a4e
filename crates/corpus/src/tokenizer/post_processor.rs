//! Post-processor: the two special tokens of BERT around a text, one before and one after it, and nothing else.

use tokenizers::PostProcessorWrapper;

use crate::catch_panic::catch_panic;

/// `[CLS]` and `[SEP]`.
pub(crate) const N_SPECIAL: usize = 2;
/// The first so many tokens of a vocabulary make a text, to see where special tokens are put.
const IDS_TRIED: u32 = 16;
pub(super) const EXPECTED: &str = "expected [CLS] before and [SEP] after it";

/// Checks that a text gets the special tokens where BERT has them, and token types of zero.
pub(super) fn check(inner: &mut tokenizers::Tokenizer, [cls, sep]: [u32; N_SPECIAL]) -> Result<(), String> {
    let text = (0..IDS_TRIED).filter_map(|id| inner.id_to_token(id)).collect::<Vec<_>>().join(" ");
    let whole = catch_panic(|| inner.encode_fast(text.as_str(), true))?;
    let processor = inner.get_post_processor().cloned();
    inner.with_post_processor(None::<PostProcessorWrapper>);
    let bare = catch_panic(|| inner.encode_fast(text, false));
    inner.with_post_processor(processor);
    if whole.get_ids() != [&[cls], bare?.get_ids(), &[sep]].concat() {
        return Err(format!("it puts special tokens elsewhere than around a text; {EXPECTED}"));
    }
    match whole.get_type_ids().iter().find(|&&kind| kind != 0) {
        Some(kind) => Err(format!("it gives tokens of one text the type {kind}; expected 0 of all")),
        None => Ok(()),
    }
}
