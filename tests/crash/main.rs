//! A training run survives: kills, failing calls, damage, a full disk, rivals, and a long life; and so do predictions in parts.
//!
//! Every proof runs at a size that takes seconds; `CRASH_TESTS=full` (`just test-crash`) runs it at its full one and holds
//! it to the figures that are promised. What was counted is printed as rows of one table. It looks into `/proc` and
//! preloads a library, so it is Linux's alone.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed unwrap fails the test")]

mod damage;
mod disk;
mod faults;
mod kills;
mod life;
mod minilm;
mod predictions;
mod processes;
mod sandbox;
mod soak;

/// Whether the promised figures are asked for.
fn is_full() -> bool {
    match std::env::var("CRASH_TESTS") {
        Ok(size) if size == "full" => true,
        Ok(size) => panic!("CRASH_TESTS is {size}; expected full, or nothing"),
        Err(_) => false,
    }
}

/// `full` where the promised figures are asked for, else `small`.
fn size<T>(small: T, full: T) -> T {
    if is_full() { full } else { small }
}

/// A row of the table.
fn tell(proof: &str, counted: &[(&str, u64)]) {
    let counted: Vec<String> = counted.iter().map(|(what, n)| format!("{what} {n}")).collect();
    eprintln!("| {proof} | {} |", counted.join(", "));
}
