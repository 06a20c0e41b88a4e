//! Trials as files, for whoever runs them: `trials.txt`, a command a line, and `trials.mk`, a target a trial.
//!
//! ```text
//! make -f OUT/trials.mk -j2
//! sbatch --array=1-$(wc -l < OUT/trials.txt) --wrap 'sh -c "$(sed -n ${SLURM_ARRAY_TASK_ID}p OUT/trials.txt)"'
//! bert-sweep collect ...        afterwards, with the same settings
//! ```
//!
//! The commands are those that the sweep itself would run, from the same working directory. Trials that are done are
//! left out.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use crate::training::Training;

/// Writes both files, and prints the commands.
pub(crate) fn write(training: &Training<'_>) -> anyhow::Result<()> {
    let finetune = &training.sweep.effort.finetune;
    let mut runs = Vec::new();
    for run in training.trials.iter().flat_map(|trial| &trial.runs) {
        if !run.log()?.ended {
            runs.push((run.id.as_str(), command_line(&run.command(finetune))));
        }
    }
    let lines: String = runs.iter().map(|(_, line)| format!("{line}\n")).collect();
    let out = &training.common.out;
    write_file(&out.join("trials.txt"), &lines)?;
    write_file(&out.join("trials.mk"), &makefile(&runs))?;
    print!("{lines}");
    training.common.say(&format!(
        "bert-sweep: {} trials are planned; make -f {} -j2 runs them, `bert-sweep collect` gathers",
        runs.len(),
        quoted(&out.join("trials.mk").display().to_string())
    ));
    Ok(())
}

fn write_file(path: &Path, content: &str) -> anyhow::Result<()> {
    use std::io::Write as _;
    let mut file = stage::OutputFile::create(path)?;
    file.write_all(content.as_bytes())?;
    file.commit()?;
    Ok(())
}

/// No target is a file: each program judges by itself whether its folder is fresh.
fn makefile(runs: &[(&str, String)]) -> String {
    let ids: Vec<&str> = runs.iter().map(|(id, _)| *id).collect();
    let mut text = format!(".PHONY: all {0}\nall: {0}\n", ids.join(" "));
    for (id, line) in runs {
        let _ = write!(text, "{id}:\n\t{}\n", line.replace('$', "$$"));
    }
    text
}

/// A command as a shell reads it.
fn command_line(command: &Command) -> String {
    let words = [command.get_program()].into_iter().chain(command.get_args());
    words.map(|word| quoted(&word.to_string_lossy())).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "/._-=+:@%".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_reach_the_program_as_they_are() {
        let mut command = Command::new("bert-finetune");
        command.args(["--profile", "my runs/it's $5.toml"]);
        let line = command_line(&command);
        assert_eq!(line, r"bert-finetune --profile 'my runs/it'\''s $5.toml'");
        let expected = ".PHONY: all a b\nall: a b\na:\n\ttrue\nb:\n\techo '$$5'\n";
        assert_eq!(makefile(&[("a", "true".to_owned()), ("b", "echo '$5'".to_owned())]), expected);
    }
}
