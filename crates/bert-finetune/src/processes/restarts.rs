//! Restarts (`restarts.jsonl`): with how many processes each part of a run was computed. Its result does not depend on it, so no
//! deterministic output holds any of it.

use std::fs;
use std::path::Path;

use run_files::layout::train;
use serde::{Deserialize, Serialize};
use stage::{OutputFolder, bail_input, remove_if_there, sha256_hex};

use crate::settings::Plan;

/// How a part of a run was computed, from its first step on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Part {
    step: u64,
    processes: usize,
    /// Of each process.
    gradient_accumulation_steps: usize,
    /// A hash of all that defines the result but for the number of micro-batches in a step.
    settings: String,
}

/// The parts of a run of these settings so far, and the one that begins.
#[derive(Debug)]
pub(crate) struct Restarts {
    earlier: Vec<Part>,
    now: Part,
}

impl Restarts {
    /// Those of the folder, before a run of `plan` by so many processes.
    pub(crate) fn read(output: &OutputFolder, plan: &Plan, processes: usize) -> anyhow::Result<Self> {
        let text = fs::read_to_string(output.folder().join(train::RESTARTS)).unwrap_or_default();
        let mut settings = serde_json::to_value(plan)?;
        settings["gradient_accumulation_steps"] = serde_json::Value::Null;
        let settings = format!("{settings} {}", serde_json::to_string(output.inputs())?);
        let gradient_accumulation_steps = plan.batches.gradient_accumulation_steps / processes;
        let settings = sha256_hex(settings.as_bytes());
        // A run of other settings may have begun in between, and come to nothing.
        let of_this = |part: &Part| part.settings == settings;
        let earlier = text.lines().filter_map(|line| serde_json::from_str(line).ok()).filter(of_this).collect();
        Ok(Self { earlier, now: Part { step: 0, processes, gradient_accumulation_steps, settings } })
    }

    /// Refuses to begin anew where an unfinished run has other steps only because it was divided otherwise.
    pub(crate) fn refuse_other_division(&self, out: &Path) -> anyhow::Result<()> {
        let micro_batches = |part: &Part| part.processes * part.gradient_accumulation_steps;
        let Some(last) = self.earlier.last() else { return Ok(()) };
        let (before, now) = (micro_batches(last), micro_batches(&self.now));
        if before == now {
            return Ok(());
        }
        let processes = self.now.processes;
        let advice = match before.is_multiple_of(processes) {
            true => format!("--gradient-accumulation-steps {} goes on with it", before / processes),
            false => {
                format!("{processes} processes cannot go on with it: start a number of them that divides {before}")
            }
        };
        bail_input!(
            "{} holds an unfinished run of {before} micro-batches in a step ({}), and {} make {now}; {advice}. --force starts over",
            out.display(),
            described(last),
            described(&self.now)
        )
    }

    /// What to say where the run goes on at `step` with other processes than before.
    pub(crate) fn changed(&self) -> Option<String> {
        let last = self.earlier.last()?;
        let same = (last.processes, last.gradient_accumulation_steps)
            == (self.now.processes, self.now.gradient_accumulation_steps);
        (!same).then(|| format!("{}; before: {}", described(&self.now), described(last)))
    }

    /// Adds the part that begins at `step`. A process alone, of a run that always was, leaves no file.
    pub(crate) fn write(mut self, output: &mut OutputFolder, step: u64) -> anyhow::Result<()> {
        if step == 0 {
            self.earlier.clear();
        }
        self.now.step = step;
        if self.now.processes == 1 && self.earlier.is_empty() {
            return remove_if_there(&output.folder().join(train::RESTARTS)); // of a run that this one replaces
        }
        let lines = self.earlier.iter().chain([&self.now]).map(|part| Ok(serde_json::to_string(part)? + "\n"));
        output.write_unlisted(train::RESTARTS, lines.collect::<anyhow::Result<String>>()?)
    }
}

fn described(part: &Part) -> String {
    let (n, steps) = (part.processes, part.gradient_accumulation_steps);
    format!("{n} process{} with --gradient-accumulation-steps {steps}", if n == 1 { "" } else { "es" })
}
