//! Whatever the bytes of an input file, the readers read it or refuse it by name: mutants of every input format.
//!
//! Worker processes read mutants with the libraries' own readers, under a limit of memory and, for each mutant, of time; one
//! that dies is restarted behind the mutant that killed it. A mutant is a function of its format and its number, so that a
//! failure can be had again; it is saved, and made smaller where parts can go. `just test-mutants` makes 100,000 of each
//! format (MUTANTS=100000, MUTANTS_OF=names), the ordinary tests a few hundred; a sample goes through the real programs. It needs Linux.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed unwrap fails the test")]
#![allow(clippy::disallowed_methods, reason = "mutants are a test's own files")]

mod bytes;
mod text;
mod json;

mod mutant;
mod formats;

mod worker;
mod workers;
mod failures;
mod table;

mod programs;

/// Mutants of each format in the ordinary tests.
const FEW: u64 = 400;

/// How many mutants of each format are asked for.
fn n_mutants() -> u64 {
    match std::env::var("MUTANTS") {
        Ok(number) => number.parse().unwrap_or_else(|_| panic!("MUTANTS is {number}; expected a number")),
        Err(_) => FEW,
    }
}

/// The formats that are asked for; all, if none is.
fn formats_asked_for() -> Vec<&'static str> {
    let asked = std::env::var("MUTANTS_OF").unwrap_or_default();
    let asked: Vec<&str> = asked.split([',', ' ']).filter(|name| !name.is_empty()).collect();
    for name in &asked {
        assert!(formats::NAMES.contains(name), "MUTANTS_OF has {name}; the formats are {}", formats::NAMES.join(", "));
    }
    formats::NAMES.into_iter().filter(|name| asked.is_empty() || asked.contains(name)).collect()
}

#[test]
fn no_mutant_makes_a_reader_panic_hang_or_lie() {
    let mut wrong = Vec::new();
    println!("{}", table::HEADER);
    for format in formats_asked_for() {
        let counts = workers::run(format, n_mutants());
        println!("{}", table::row(format, &counts));
        wrong.extend(counts.failures.iter().cloned());
        if counts.accepted * 10 < counts.mutants {
            wrong.push(format!(
                "{}: only {} of {} are accepted by the outer parser",
                format, counts.accepted, counts.mutants
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Not a test: the process that reads mutants, started by the others.
#[test]
#[ignore = "the worker of the other tests"]
fn worker() {
    worker::run();
}
