//! Manual: what a program's arguments make for shells and for `man`. Those who package the programs ask for it:
//! `PROGRAM --write-manual PREFIX/share`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Command;
use clap_complete::{Shell, generate};
use clap_mangen::Man;

use crate::output_file::write_file;

const FLAG: &str = "--write-manual";
/// Where shells look, below `share`.
const SHELLS: [(Shell, &str, &str, &str); 3] = [
    (Shell::Bash, "bash-completion/completions", "", ""),
    (Shell::Zsh, "zsh/site-functions", "_", ""),
    (Shell::Fish, "fish/vendor_completions.d", "", ".fish"),
];

/// The folder that is to be written, where the words ask for it and nothing else.
pub(crate) fn folder(words: &[OsString]) -> Option<PathBuf> {
    match words {
        [_, flag, folder] if flag == FLAG => Some(PathBuf::from(folder)),
        _ => None,
    }
}

/// Writes completions, and a page for the program and for each of its subcommands.
pub(crate) fn write(mut command: Command, share: &Path) -> anyhow::Result<()> {
    let name = command.get_name().to_owned();
    let mut documented = command.clone().disable_help_subcommand(true); // it would be referred to, and has no page
    for (shell, folder, before, behind) in SHELLS {
        let mut text = Vec::new();
        generate(shell, &mut command, &name, &mut text);
        write_below(share, folder, &format!("{before}{name}{behind}"), text)?;
    }
    documented.build();
    write_pages(&documented, &name, share)
}

fn write_pages(command: &Command, name: &str, share: &Path) -> anyhow::Result<()> {
    let mut page = Vec::new();
    let described = command.clone().name(name.to_owned()).display_name(name);
    Man::new(described).date("").render(&mut page).context("a page in memory")?;
    write_below(share, "man/man1", &format!("{name}.1"), page)?;
    let subcommands = command.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help");
    for subcommand in subcommands {
        write_pages(subcommand, &format!("{name}-{}", subcommand.get_name()), share)?;
    }
    Ok(())
}

fn write_below(share: &Path, folder: &str, name: &str, text: Vec<u8>) -> anyhow::Result<()> {
    let folder = share.join(folder);
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    write_file(&folder.join(name), text).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Arg;

    #[test]
    fn shells_and_man_find_what_they_look_for() {
        let folder = tempfile::tempdir().unwrap();
        let command = Command::new("bert-example")
            .about("Does one thing")
            .arg(Arg::new("rate").long("learning-rate"))
            .subcommand(Command::new("check").about("Looks first"))
            .subcommand(Command::new("probe").hide(true));
        write(command, folder.path()).unwrap();
        let text = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        for completions in [
            "bash-completion/completions/bert-example",
            "zsh/site-functions/_bert-example",
            "fish/vendor_completions.d/bert-example.fish",
        ] {
            assert!(text(completions).contains("learning-rate"), "{completions}");
        }
        assert!(text("man/man1/bert-example.1").contains("learning\\-rate"));
        assert!(!text("man/man1/bert-example.1").contains("example\\-help"));
        assert!(text("man/man1/bert-example-check.1").contains("Looks first"));
        assert!(!folder.path().join("man/man1/bert-example-probe.1").exists());
    }
}
