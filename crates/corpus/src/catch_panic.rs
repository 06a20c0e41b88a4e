//! Panic to error: decoders of binary formats and the tokenizer library may panic on a crafted file.
//!
//! The hook that a program prints panics with stays as it is for all others: those that are caught here are errors, and
//! are told as such.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

thread_local! {
    /// How many calls of [`catch_panic`] this thread is in.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// How many calls there are in all threads: a library may hand its work to the threads of rayon, which hand its panic back.
static CALLS: AtomicUsize = AtomicUsize::new(0);

/// Runs a library's code on a file; a panic becomes an error like that of any other damaged file.
///
/// # Errors
/// Fails, in words, when `run` does or panics.
pub fn catch_panic<T, E: ToString>(run: impl FnOnce() -> Result<T, E>) -> Result<T, String> {
    silence_caught_panics();
    let call = Call::begin();
    let result = catch_unwind(AssertUnwindSafe(run));
    drop(call);
    match result {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(payload) => Err(format!("the library that reads it gave up ({}); the file is damaged", message(&*payload))),
    }
}

struct Call;

impl Call {
    fn begin() -> Self {
        DEPTH.set(DEPTH.get() + 1);
        CALLS.fetch_add(1, Ordering::SeqCst);
        Self
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
        CALLS.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Puts a hook before the one that is there, once.
fn silence_caught_panics() {
    static SET: Once = Once::new();
    if std::thread::panicking() {
        return; // the hook may not be changed now, and a later call will do it
    }
    SET.call_once(|| {
        let otherwise = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !is_caught() {
                otherwise(panic);
            }
        }));
    });
}

/// Whether a panic of this thread comes back to [`catch_panic`].
fn is_caught() -> bool {
    let works_for_another = rayon::current_thread_index().is_some() && CALLS.load(Ordering::SeqCst) > 0;
    DEPTH.get() > 0 || works_for_another
}

/// The first line of what a panic says.
fn message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.and_then(|text| text.lines().next()).unwrap_or("no reason given")
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use rayon::iter::{IntoParallelIterator, ParallelIterator};

    use super::*;

    #[test]
    fn a_panic_is_an_error() {
        assert_eq!(catch_panic(|| Ok::<_, String>(1)), Ok(1));
        assert_eq!(catch_panic(|| Err::<(), _>("no")), Err("no".to_owned()));
        let index = std::hint::black_box(3);
        let panicked = catch_panic(|| Ok::<_, String>([1, 2][index]));
        let expected = "the library that reads it gave up (index out of bounds: the len is 2 but the index is 3); the file is damaged";
        assert_eq!(panicked, Err(expected.to_owned()));
        assert_eq!((DEPTH.get(), is_caught()), (0, false));
    }

    #[test]
    fn a_panic_in_a_thread_of_rayon_is_one_too() {
        let caught = Mutex::new(Vec::new());
        let panicked = catch_panic(|| {
            (0..8).into_par_iter().for_each(|_| {
                caught.lock().unwrap().push(is_caught());
            });
            (0..8).into_par_iter().for_each(|n| assert!(n < 3, "part {n} is too much"));
            Ok::<_, String>(())
        });
        let problem = panicked.unwrap_err();
        assert!(problem.starts_with("the library that reads it gave up (part "), "{problem}");
        assert!(caught.into_inner().unwrap().into_iter().all(|caught| caught));
    }
}
