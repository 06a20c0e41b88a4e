//! The parts of a profile that a sweep reads: `[finetune]`, which every trial begins with, `[sweep.space]` and
//! `[sweep.halving]`. The plain keys of `[sweep]` are flags, which crate `stage` has read.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use toml::{Table, Value};

use crate::halving::Halving;
use crate::space::{self, Space};

/// A profile, as far as a sweep is concerned.
#[derive(Debug, Default)]
pub(crate) struct Profile {
    /// All sections but `[sweep]`: what a profile of the best trial carries over.
    pub(crate) others: Table,
    pub(crate) finetune: Table,
    pub(crate) space: Space,
    pub(crate) halving: Option<Halving>,
}

/// Keys that the sweep sets by itself: those of a profile are replaced.
pub(crate) const OWN: [&str; 4] = ["model", "out", "threads", "tokens"];

/// Flags of a single run, which would make nonsense of many.
const OF_ONE_RUN: [&str; 4] = ["force", "plan", "quiet", "stop_at_step"];

impl Profile {
    /// Reads the file; without one there is nothing to search, but seeds can be studied.
    pub(crate) fn read(path: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = path else { return Ok(Self::default()) };
        let text = fs::read_to_string(path).with_context(|| format!("cannot read the profile {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("in the profile {}", path.display()))
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let mut others: Table = text.parse().context("not TOML")?;
        let mut profile = Self { finetune: section(&mut others, "finetune")?.unwrap_or_default(), ..Self::default() };
        let mut sweep = section(&mut others, "sweep")?.unwrap_or_default();
        if let Some(space) = section(&mut sweep, "space")? {
            profile.space = space::parse(&space)?;
        }
        if let Some(halving) = section(&mut sweep, "halving")? {
            profile.halving = Some(Halving::parse(&halving)?);
        }
        if let Some((name, _)) = sweep.iter().find(|(_, value)| value.is_table()) {
            bail!("unknown section [sweep.{name}]; there are [sweep.space] and [sweep.halving]");
        }
        for name in OF_ONE_RUN {
            ensure!(!profile.finetune.contains_key(name), "{name} in [finetune] is for a single run; take it out");
        }
        for name in OF_ONE_RUN.iter().chain(&OWN).chain(&["seed"]) {
            ensure!(
                !profile.space.contains_key(*name),
                "{name} in [sweep.space]: the sweep sets it by itself{}",
                hint(name)
            );
        }
        profile.others = others;
        Ok(profile)
    }
}

fn hint(name: &str) -> &'static str {
    if name == "seed" { "; see --seeds" } else { "" }
}

fn section(table: &mut Table, name: &str) -> anyhow::Result<Option<Table>> {
    match table.remove(name) {
        None => Ok(None),
        Some(Value::Table(section)) => Ok(Some(section)),
        Some(_) => bail!("{name} is a value, not a section"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sections_are_taken_apart() {
        let profile = Profile::parse(
            "description = 'x'\n[tokenize]\ntask = 'sst2'\n[finetune]\nseed = 7\n[sweep]\ntrials = 3\n\
             [sweep.space]\nweight_decay = [0.0, 0.1]\n[sweep.halving]\neta = 3\n",
        );
        let profile = profile.unwrap();
        assert_eq!(profile.others.to_string(), "description = \"x\"\n\n[tokenize]\ntask = \"sst2\"\n");
        assert_eq!(profile.finetune["seed"].as_integer(), Some(7));
        assert_eq!(profile.space.keys().collect::<Vec<_>>(), ["weight_decay"]);
        assert_eq!(profile.halving, Some(Halving { eta: 3, first: 0.25 }));
    }

    #[test]
    fn what_does_not_go_with_many_runs_is_refused() {
        let refusal = |text: &str| Profile::parse(text).unwrap_err().to_string();
        assert_eq!(
            refusal("[finetune]\nstop_at_step = 3"),
            "stop_at_step in [finetune] is for a single run; take it out"
        );
        assert_eq!(
            refusal("[sweep.space]\nseed = [1, 2]"),
            "seed in [sweep.space]: the sweep sets it by itself; see --seeds"
        );
        assert_eq!(
            refusal("[sweep.spaces]\nx = [1, 2]"),
            "unknown section [sweep.spaces]; there are [sweep.space] and [sweep.halving]"
        );
    }
}
