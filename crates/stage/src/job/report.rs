//! What a job says of its folder once that is judged: fresh, out of date and why, edited, or to be removed.

use std::path::Path;

use crate::freshness::Verdict;
use crate::input_error::bail_input;
use crate::job::Job;
use crate::manifest::Manifest;
use crate::print_line::print_line;
use crate::summary::{State, summarize_folder};

impl Job {
    /// Whether nothing is to be made: the folder is fresh, or was only asked about; then that is said.
    pub(super) fn is_done(&self, folder: &Path, expected: &Manifest, verdict: &Verdict) -> anyhow::Result<bool> {
        if self.common.explain {
            self.explain(verdict, self.farewell(verdict).as_deref())?;
            return Ok(true);
        }
        let is_fresh = verdict.reasons.is_empty() && !self.common.force;
        if is_fresh {
            self.common.say(&format!("{}: {} is fresh", self.stage.name, folder.display()));
            summarize_folder(self.stage.name, &expected.key, folder, State::Fresh, self.figures)?;
        }
        Ok(is_fresh)
    }

    /// What is said before a finished result that took long is removed.
    pub(super) fn farewell(&self, verdict: &Verdict) -> Option<String> {
        let (stage, out) = (self.stage.name, self.common.out.display());
        let (differences, how_to_go_on) = (verdict.gives_way.as_ref()?, self.how_to_go_on.as_ref()?);
        Some(format!(
            "{stage}: the finished result in {out} gives way to other settings: {differences}\n  \
             another --out keeps it; {how_to_go_on}"
        ))
    }

    fn explain(&self, verdict: &Verdict, farewell: Option<&str>) -> anyhow::Result<()> {
        let (stage, folder) = (self.stage.name, self.common.out.display());
        if verdict.reasons.is_empty() && !self.common.force {
            return print_line(format_args!("{stage}: {folder} is fresh"));
        }
        print_line(format_args!("{stage}: {folder} is out of date:"))?;
        verdict.reasons.iter().try_for_each(|reason| print_line(format_args!("  {reason}")))?;
        if self.common.force {
            print_line("  --force was given")?;
        } else if self.how_to_go_on.is_some() && !verdict.edited.is_empty() {
            print_line("  only --force makes it again, since outputs of it were edited")?;
        }
        if let Some(farewell) = farewell {
            self.common.say(farewell);
        }
        Ok(())
    }

    /// Names the outputs that were edited. They are made again; but where that takes long, only when it is requested.
    pub(super) fn spare_edited(&self, verdict: &Verdict) -> anyhow::Result<()> {
        if verdict.edited.is_empty() {
            return Ok(());
        }
        let (stage, folder) = (self.stage.name, &self.common.out);
        let names: Vec<String> = verdict.edited.iter().map(|name| folder.join(name).display().to_string()).collect();
        let names = names.join(", ");
        if self.how_to_go_on.is_some() && !self.common.force {
            bail_input!(
                "edited since {stage} wrote it: {names}; restore what was written, give another --out, \
                 or start over with --force, which removes the folder's result"
            );
        }
        self.common.say(&format!("{stage}: edited since it was written, and made again: {names}"));
        Ok(())
    }
}
