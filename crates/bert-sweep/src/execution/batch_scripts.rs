//! Batch scripts, for Make and Slurm: `trials.txt`, a command a line, and `trials.mk`, a target for each trial.
//!
//! ```text
//! make -f OUT/trials.mk -j2
//! sbatch --array=1-$(wc -l < OUT/trials.txt) --wrap 'sh -c "$(sed -n ${SLURM_ARRAY_TASK_ID}p OUT/trials.txt)"'
//! bert-sweep collect ...        afterwards, with the same settings
//! ```
//!
//! The commands are those that the sweep itself would run, in the same working directory. Trials that are done are left
//! out.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use stage::{CommonArgs, counted, print_line, shell_quoted, write_file};

use crate::trials::trial::Trial;

/// Writes both files, and prints the commands.
pub(crate) fn write(trials: &[Trial], finetune_program: &Path, common: &CommonArgs) -> anyhow::Result<()> {
    let mut runs = Vec::new();
    for run in trials.iter().flat_map(|trial| &trial.runs) {
        if !run.folder.log()?.ended {
            runs.push(PlannedRun { id: &run.id, command: command_line(&run.command(finetune_program)) });
        }
    }
    let lines: String = runs.iter().map(|run| format!("{}\n", run.command)).collect();
    let makefile_path = common.out.join("trials.mk");
    write_file(&common.out.join("trials.txt"), &lines)?;
    write_file(&makefile_path, makefile(&runs))?;
    if !runs.is_empty() {
        print_line(lines.trim_end())?;
    }
    common.say(&format!(
        "bert-sweep: {} are planned; run them with make -f {} -j2, then `bert-sweep collect` ranks them",
        counted(runs.len() as u64, if trials.iter().any(|trial| trial.runs.len() > 1) { "run" } else { "trial" }),
        shell_quoted(&makefile_path.display().to_string())
    ));
    Ok(())
}

struct PlannedRun<'a> {
    id: &'a str,
    command: String,
}

/// All targets are phony: `bert-finetune` itself finds out whether its folder is fresh.
fn makefile(runs: &[PlannedRun]) -> String {
    let ids: Vec<&str> = runs.iter().map(|run| run.id).collect();
    let mut text = format!(".PHONY: all {0}\nall: {0}\n", ids.join(" "));
    for run in runs {
        let _ = write!(text, "{}:\n\t{}\n", run.id, run.command.replace('$', "$$"));
    }
    text
}

/// A command, quoted for a shell.
fn command_line(command: &Command) -> String {
    let words = [command.get_program()].into_iter().chain(command.get_args());
    words.map(|word| shell_quoted(&word.to_string_lossy())).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_reach_the_program_unchanged() {
        let mut command = Command::new("bert-finetune");
        command.args(["--profile", "my runs/it's $5.toml"]);
        let line = command_line(&command);
        assert_eq!(line, r"bert-finetune --profile 'my runs/it'\''s $5.toml'");
        let expected = ".PHONY: all a b\nall: a b\na:\n\ttrue\nb:\n\techo '$$5'\n";
        let run = |id, command: &str| PlannedRun { id, command: command.to_owned() };
        assert_eq!(makefile(&[run("a", "true"), run("b", "echo '$5'")]), expected);
    }
}
