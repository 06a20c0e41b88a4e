//! TensorBoard's scalars of an evaluation: every figure at the step whose weights were evaluated.

use std::path::Path;

use run_files::event_file::{first_record, scalars_record, wall_time};
use run_files::layout::train;
use run_files::log::{self, Event};
use serde_json::{Map, Value};

/// The event file of `figures` of the run in `run`. Their tags are those of its own evaluations, such as `eval/accuracy`, so
/// that TensorBoard draws both in one chart; the step is 0 where the run has no log.
pub(crate) fn event_file(figures: &Map<String, Value>, run: &Path) -> Vec<u8> {
    let scalar = |(name, value): (&String, &Value)| Some((format!("eval/{name}"), value.as_f64()?));
    let scalars: Vec<(String, f64)> = figures.iter().filter_map(scalar).collect();
    let now = wall_time();
    [first_record(now), scalars_record(now, best_step(run).unwrap_or(0), &scalars)].concat()
}

fn best_step(run: &Path) -> Option<u64> {
    log::read(&run.join(train::LOG)).ok()?.into_iter().rev().find_map(|event| match event {
        Event::End { best_step, .. } => Some(best_step),
        _ => None,
    })
}
