//! Coverage of the 95 % intervals, and error and power of the comparisons, in a simulation; Markdown on stdout.
//!
//! A population of 200,000 rows with a known figure is sampled again and again, and it is counted how often the interval
//! holds the figure of the population. Everything is seeded. `coverage REPETITIONS PART...` (default 4000, of comparisons 5 for 2, and all
//! of `intervals`, `scores`, `comparisons`); `just coverage`.

mod population;
mod intervals;
mod scores;
mod comparisons;

fn main() {
    let mut words = std::env::args().skip(1);
    let repetitions = words.next().and_then(|number| number.parse().ok()).unwrap_or(4000);
    let parts: Vec<String> = words.collect();
    let wanted = |part: &str| parts.is_empty() || parts.iter().any(|name| name == part);
    if wanted("intervals") {
        intervals::print(repetitions);
    }
    if wanted("scores") {
        scores::print(repetitions);
    }
    if wanted("comparisons") {
        comparisons::print(5 * repetitions / 2);
    }
}

/// A share in per cent.
fn percent(count: usize, of: usize) -> f64 {
    100.0 * count as f64 / of.max(1) as f64
}
