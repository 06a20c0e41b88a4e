//! Panic to error: decoders of binary formats and the tokenizer library may panic on a crafted file.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs a library's code on a file; a panic becomes an error like that of any other damaged file.
///
/// # Errors
/// Fails, in words, when `run` does or panics.
pub(crate) fn catch_panic<T, E: ToString>(run: impl FnOnce() -> Result<T, E>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(_) => Err("the decoder gave up; the file is damaged".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error() {
        assert_eq!(catch_panic(|| Ok::<_, String>(1)), Ok(1));
        assert_eq!(catch_panic(|| Err::<(), _>("no")), Err("no".to_owned()));
        let index = std::hint::black_box(3);
        let panicked = catch_panic(|| Ok::<_, String>([1, 2][index]));
        assert_eq!(panicked, Err("the decoder gave up; the file is damaged".to_owned()));
    }
}
