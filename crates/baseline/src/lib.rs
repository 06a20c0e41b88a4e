//! Baseline: TF-IDF with logistic regression, or with ridge regression for scores; what a model has to be better than.
//!
//! The definitions and the defaults are scikit-learn's: `TfidfVectorizer()` with `LogisticRegression()` or `Ridge()`. No I/O;
//! the same texts give the same numbers on every machine.
//!
//! ```
//! use baseline::Baseline;
//!
//! let texts = ["a fine film", "fine work", "a dull film", "dull work"];
//! let baseline = Baseline::fit(&texts, &[1, 1, 0, 0], 2)?;
//! assert!(baseline.predict_proba(&["fine"])[1] > 0.5);
//! # Ok::<(), baseline::BaselineError>(())
//! ```

mod error;
mod words;
mod tfidf;
mod lbfgs;
mod linear;
mod classifier;
mod ridge;

pub use classifier::Baseline;
pub use error::BaselineError;
pub use ridge::RidgeBaseline;
