//! Bad input: the error type, and the macros that make one, for what the user gave and has to change (exit code 2).
//!
//! Whether an error is bad input is a property of its type, so a bare `?` carries it. A program makes a [`BadInput`]
//! with [`bad_input!`](crate::bad_input), [`bail_input!`](crate::bail_input), [`ensure_input!`](crate::ensure_input),
//! or puts one around another error as its context; the error types of libraries, which know nothing of exit codes, are
//! named once in `main` ([`bad_input_types!`](crate::bad_input_types)). The odd thing: an error that is transparent over
//! another one hides it from the chain, so such a type decides for both ([`BadInputType::when`]).

use std::error::Error;
use std::fmt;

/// Something that the user gave is wrong: an argument, a setting, a file. The exit code is 2.
///
/// As the context of another error it keeps that one as its cause:
///
/// ```
/// use anyhow::Context;
/// let parsed: Result<u32, _> = "seven".parse();
/// let error = parsed.context(stage::BadInput::new("--seed")).unwrap_err();
/// assert_eq!(format!("{error:#}"), "--seed: invalid digit found in string");
/// ```
#[derive(Debug)]
pub struct BadInput {
    message: String,
}

impl BadInput {
    /// An error that says `message`: what, where, what was expected, and what to do.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

impl fmt::Display for BadInput {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl Error for BadInput {}

/// Whether an error of a chain is of the type, and means bad input.
type Matcher = dyn Fn(&(dyn Error + 'static)) -> bool;

/// An error type that means bad input in one program, all of it or some of its values.
pub struct BadInputType {
    matches: Box<Matcher>,
}

impl BadInputType {
    /// Every `E` is bad input.
    pub fn of<E: Error + 'static>() -> Self {
        Self::when(|_: &E| true)
    }

    /// An `E` is bad input where `is_bad_input` says so.
    pub fn when<E: Error + 'static>(is_bad_input: impl Fn(&E) -> bool + 'static) -> Self {
        Self { matches: Box::new(move |error| error.downcast_ref::<E>().is_some_and(&is_bad_input)) }
    }
}

impl fmt::Debug for BadInputType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("BadInputType")
    }
}

/// Whether `error` is bad input: by itself, by one of its contexts, or as one of the registered `types` in its chain.
pub(crate) fn is_bad_input(error: &anyhow::Error, types: &[BadInputType]) -> bool {
    // A context is no cause of its own in the chain, so anyhow has to be asked for it.
    error.downcast_ref::<BadInput>().is_some()
        || error.chain().any(|cause| cause.is::<BadInput>() || types.iter().any(|known| (known.matches)(cause)))
}

/// Makes an [`anyhow::Error`] of a [`BadInput`] from a format string.
///
/// ```
/// let error = stage::bad_input!("--seed is {}, expected a number", "x");
/// assert!(error.is::<stage::BadInput>());
/// ```
#[macro_export]
macro_rules! bad_input {
    ($($message:tt)+) => {
        ::anyhow::Error::new($crate::BadInput::new(::std::format!($($message)+)))
    };
}

/// Returns a [`BadInput`] with the message of a format string.
#[macro_export]
macro_rules! bail_input {
    ($($message:tt)+) => {
        return ::std::result::Result::Err($crate::bad_input!($($message)+))
    };
}

/// Returns a [`BadInput`] with the message of a format string unless the condition holds.
#[macro_export]
macro_rules! ensure_input {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            $crate::bail_input!($($message)+);
        }
    };
}

/// The error types of libraries that mean bad input, for [`run_main`](crate::run_main).
///
/// ```
/// let types = stage::bad_input_types![std::num::ParseIntError, std::num::ParseFloatError];
/// assert_eq!(types.len(), 2);
/// ```
#[macro_export]
macro_rules! bad_input_types {
    ($($error:ty),* $(,)?) => { &[$($crate::BadInputType::of::<$error>()),*] };
}

pub(crate) use {bad_input, bail_input, ensure_input};
