//! Profile of a sweep: the sections `[finetune]`, which every trial starts from, `[sweep.space]` and `[sweep.halving]`.
//! The plain keys of `[sweep]` are flags, which crate `stage` has read.

use std::fs;

use anyhow::Context;
use stage::{BadInput, CommonArgs, bail_input, ensure_input};
use toml::{Table, Value};

use crate::search::halving::Halving;
use crate::search::space::{self, Space};

/// The sections of a profile that concern a sweep.
#[derive(Debug, Default)]
pub(crate) struct Profile {
    pub(crate) finetune: Table,
    pub(crate) space: Space,
    pub(crate) halving: Option<Halving>,
    /// All sections but `[finetune]` and `[sweep]`, which the profile of the best trial repeats.
    pub(crate) other_sections: Table,
}

/// The sections beside its own that a sweep reads, and `--unset SECTION.KEY` reaches.
pub const OTHER_SECTIONS: [&str; 3] = ["finetune", "sweep.space", "sweep.halving"];

/// Keys of `[finetune]` that the sweep sets itself: those of a profile are replaced.
pub(crate) const SET_BY_SWEEP: [&str; 4] = ["model", "out", "threads", "tokens"];

/// Keys of `[finetune]`, and what has no effect beside each.
const OVERRIDES: [(&str, &str); 2] = [("max_steps", "num_train_epochs"), ("warmup_steps", "warmup_ratio")];

/// Flags of `bert-finetune` that do not make sense for many runs.
const SINGLE_RUN_ONLY: [&str; 7] = ["force", "json_summary", "log_format", "plan", "quiet", "stop_at_step", "timed"];

impl Profile {
    /// Reads the file; without one there is nothing to search, but seeds can be compared.
    pub(crate) fn read(common: &CommonArgs) -> anyhow::Result<Self> {
        let Some(path) = &common.profile else { return Ok(Self::default()) };
        let text = fs::read_to_string(path)
            .with_context(|| BadInput::new(format!("cannot read the profile {}", path.display())))?;
        let unset = OTHER_SECTIONS.map(|section| (section, common.unset_in(section)));
        Self::parse(&text, &unset).with_context(|| format!("in the profile {}", path.display()))
    }

    /// `unset`: the keys to take out of each section.
    fn parse(text: &str, unset: &[(&str, Vec<String>)]) -> anyhow::Result<Self> {
        let mut sections: Table = text.parse().context(BadInput::new("not valid TOML"))?;
        for (section, keys) in unset {
            keys.iter().try_for_each(|key| take_out(&mut sections, section, key))?;
        }
        let finetune = take_section(&mut sections, "finetune")?.unwrap_or_default();
        let mut sweep = take_section(&mut sections, "sweep")?.unwrap_or_default();
        let space = take_section(&mut sweep, "space")?;
        let halving = take_section(&mut sweep, "halving")?;
        if let Some((name, _)) = sweep.iter().find(|(_, value)| value.is_table()) {
            bail_input!("unknown section [sweep.{name}]; expected [sweep.space] or [sweep.halving]");
        }
        let profile = Self {
            finetune,
            space: space.map(|space| space::parse(&space)).transpose()?.unwrap_or_default(),
            halving: halving.map(|halving| Halving::parse(&halving)).transpose()?,
            other_sections: sections,
        };
        profile.check_names()?;
        Ok(profile)
    }

    fn check_names(&self) -> anyhow::Result<()> {
        for name in SINGLE_RUN_ONLY {
            let allowed = !self.finetune.contains_key(name);
            ensure_input!(allowed, "{name} in [finetune] applies to a single run only; remove it");
        }
        for name in SINGLE_RUN_ONLY.iter().chain(&SET_BY_SWEEP) {
            ensure_input!(!self.space.contains_key(*name), "{name} in [sweep.space] cannot be searched");
        }
        for (name, searched) in OVERRIDES {
            let is_set = self.finetune.get(name).is_some_and(|value| value.as_integer() != Some(0));
            ensure_input!(
                !is_set || self.space.contains_key(name) || !self.space.contains_key(searched),
                "{searched} is searched, but {name} in [finetune] takes its place; remove one of them"
            );
        }
        let seed_is_free = !self.space.contains_key("seed");
        ensure_input!(seed_is_free, "seed in [sweep.space] cannot be searched; use --seeds to compare seeds");
        Ok(())
    }
}

/// Which keys there are is `bert-finetune`'s to say, so one that the section does not have is taken for a slip.
fn take_out(sections: &mut Table, section: &str, key: &str) -> anyhow::Result<()> {
    let mut parts = section.split('.');
    let table = parts.try_fold(sections, |table, part| table.get_mut(part)?.as_table_mut());
    let Some(table) = table else { bail_input!("--unset {section}.{key}: there is no section [{section}]") };
    if table.remove(key).is_none() {
        let keys: Vec<&str> = table.keys().map(String::as_str).collect();
        bail_input!("--unset {section}.{key}: [{section}] has no {key}, only {}", keys.join(", "));
    }
    Ok(())
}

fn take_section(table: &mut Table, name: &str) -> anyhow::Result<Option<Table>> {
    match table.remove(name) {
        None => Ok(None),
        Some(Value::Table(section)) => Ok(Some(section)),
        Some(_) => bail_input!("{name} is a value; expected a section"),
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
            &[],
        );
        let profile = profile.unwrap();
        assert_eq!(profile.other_sections.to_string(), "description = \"x\"\n\n[tokenize]\ntask = \"sst2\"\n");
        assert_eq!(profile.finetune["seed"].as_integer(), Some(7));
        assert_eq!(profile.space.keys().collect::<Vec<_>>(), ["weight_decay"]);
        assert_eq!(profile.halving, Some(Halving { eta: 3, first: 0.25 }));
    }

    #[test]
    fn what_does_not_apply_to_many_runs_is_refused() {
        let refusal = |text: &str| Profile::parse(text, &[]).unwrap_err().to_string();
        assert_eq!(
            refusal("[finetune]\nstop_at_step = 3"),
            "stop_at_step in [finetune] applies to a single run only; remove it"
        );
        assert_eq!(
            refusal("[sweep.space]\nseed = [1, 2]"),
            "seed in [sweep.space] cannot be searched; use --seeds to compare seeds"
        );
        assert_eq!(
            refusal("[finetune]\nmax_steps = 5\n[sweep.space]\nnum_train_epochs = [1, 2]"),
            "num_train_epochs is searched, but max_steps in [finetune] takes its place; remove one of them"
        );
        let none = "[finetune]\nwarmup_steps = 0\n[sweep.space]\nwarmup_ratio = [0.1, 0.2]";
        assert!(Profile::parse(none, &[]).is_ok());
        assert_eq!(
            refusal("[sweep.spaces]\nx = [1, 2]"),
            "unknown section [sweep.spaces]; expected [sweep.space] or [sweep.halving]"
        );
    }

    #[test]
    fn a_key_of_another_section_is_taken_out() {
        let text = "[finetune]\nseed = 7\nweight_decay = 0.1\n[sweep.space]\nadam_beta1 = [0.8, 0.9]\nseed = [1]\n";
        let parse = |section: &'static str, key: &str| Profile::parse(text, &[(section, vec![key.to_owned()])]);
        let unknown = parse("finetune", "weight_dekay").unwrap_err().to_string();
        assert_eq!(unknown, "--unset finetune.weight_dekay: [finetune] has no weight_dekay, only seed, weight_decay");
        let missing = parse("sweep.halving", "eta").unwrap_err().to_string();
        assert_eq!(missing, "--unset sweep.halving.eta: there is no section [sweep.halving]");
        let unset = [("finetune", vec!["weight_decay".to_owned()]), ("sweep.space", vec!["seed".to_owned()])];
        let profile = Profile::parse(text, &unset).unwrap();
        assert_eq!(profile.finetune.to_string(), "seed = 7\n");
        assert_eq!(profile.space.keys().collect::<Vec<_>>(), ["adam_beta1"]);
    }
}
