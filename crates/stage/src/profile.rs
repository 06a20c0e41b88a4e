//! Profile: the configuration of one experiment as a TOML file, with a section for each stage.
//!
//! ```toml
//! description = "SST-2 sentences with MiniLM"
//! [fetch.dataset]
//! source = "sample"
//! [finetune]
//! learning_rate = 5e-5
//! ```
//!
//! A stage reads its own section. Each key is a long flag with underscores, and becomes that flag beside those that were
//! typed, so there is one parser and one set of checks.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail, ensure};
use clap::{Arg, ArgAction, Command};
use toml::{Table, Value};

use crate::elsewhere::{Elsewhere, advice};
use crate::input_error::BadInput;
use crate::profile_value::flag_words;

/// The sections that some stage of the pipeline reads, one a line: that is the pipeline's to say, not this crate's.
const SECTIONS: &str = include_str!("../../../pipeline/sections.txt");

/// How every message about what a profile says begins.
pub(crate) const IN_PROFILE: &str = "in the profile ";

/// One section of a profile: the settings of a stage.
#[derive(Debug)]
pub(crate) struct ProfileSection {
    pub(crate) path: PathBuf,
    /// Such as `fetch.dataset`.
    pub(crate) name: String,
    pub(crate) table: Table,
}

/// One key of a section, with the argument that it stands for.
#[derive(Debug, Clone)]
pub(crate) struct Setting<'a> {
    pub(crate) argument: &'a Arg,
    pub(crate) key: &'a str,
    pub(crate) value: &'a Value,
}

impl ProfileSection {
    /// Reads the section `name` of the file; empty where the file has none.
    ///
    /// # Errors
    /// Fails when the file cannot be read or parsed, and on a section that no stage has.
    pub(crate) fn read(path: &Path, name: &str) -> anyhow::Result<Self> {
        let path = existing_profile(path.to_owned());
        let text = fs::read_to_string(&path).with_context(|| {
            BadInput::new(format!("cannot read the profile {}{}", path.display(), other_profiles(&path)))
        })?;
        let table = section_of_text(&text, name).with_context(|| in_profile(&path))?;
        Ok(Self { path, name: name.to_owned(), table })
    }

    /// The settings as arguments of `command`, in the order of their keys.
    ///
    /// # Errors
    /// Fails on a key that `command` does not have, and where two keys name one argument.
    pub(crate) fn settings<'a>(
        &'a self,
        command: &'a Command,
        elsewhere: &[Elsewhere<'_>],
    ) -> anyhow::Result<Vec<Setting<'a>>> {
        self.arguments(command, elsewhere).with_context(|| in_profile(&self.path))
    }

    fn arguments<'a>(&'a self, command: &'a Command, elsewhere: &[Elsewhere<'_>]) -> anyhow::Result<Vec<Setting<'a>>> {
        let mut settings: Vec<Setting<'a>> = Vec::new();
        for (key, value) in &self.table {
            let Some(argument) = known_key(key, command) else {
                if value.is_table() {
                    continue; // a section of its own
                }
                if let Some(advice) = advice(key, elsewhere) {
                    bail!("in [{}]: unknown key {key}: {advice}", self.name);
                }
                bail!("in [{}]: {}", self.name, unknown_key(key, command));
            };
            let same = settings.iter().find(|setting| setting.argument.get_id() == argument.get_id());
            if let Some(Setting { key: other, .. }) = same {
                bail!("in [{}]: {other} and {key} are two names of one key; remove one of them", self.name);
            }
            settings.push(Setting { argument, key, value });
        }
        Ok(settings)
    }

    /// Where keys of the section stand: `in the profile x.toml: [finetune] seed = 7`.
    pub(crate) fn locate(&self, keys: &[&str]) -> String {
        let value = |key: &str| self.table.get(key).map_or_else(String::new, Value::to_string);
        let settings: Vec<String> = keys.iter().map(|key| format!("{key} = {}", value(key))).collect();
        format!("{IN_PROFILE}{}: [{}] {}", self.path.display(), self.name, settings.join(", "))
    }
}

fn in_profile(path: &Path) -> BadInput {
    BadInput::new(format!("{IN_PROFILE}{}", path.display()))
}

impl Setting<'_> {
    /// The words that stand for the setting on a command line.
    pub(crate) fn words(&self) -> Result<Vec<OsString>, String> {
        flag_words(self.argument, &self.key.replace('_', "-"), self.value)
    }
}

/// `DIR/FILE`, or `DIR/profiles/FILE` where only that exists: profiles once stood a folder higher.
pub(crate) fn existing_profile(path: PathBuf) -> PathBuf {
    let Some(name) = path.file_name() else { return path };
    let moved = path.with_file_name("profiles").join(name);
    if !path.exists() && moved.exists() { moved } else { path }
}

/// What to say of a profile that is not there: the one of its folder with the nearest name, and where they are.
fn other_profiles(path: &Path) -> String {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if path.exists() {
        return String::new();
    }
    let names = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
    let names: Vec<String> =
        names.filter_map(|name| name.into_string().ok()).filter(|name| name.ends_with(".toml")).collect();
    let stem = |name: &str| name.trim_end_matches(".toml").to_owned();
    let wanted = stem(&path.file_name().unwrap_or_default().to_string_lossy());
    let mut known: Vec<String> = names.iter().map(|name| stem(name)).collect();
    known.sort();
    if known.is_empty() {
        return String::new();
    }
    let listed = known.join(", ");
    format!("{}; {} has {listed}", nearest(&wanted, known.iter().map(String::as_str)), folder.display())
}

fn section_of_text(text: &str, name: &str) -> anyhow::Result<Table> {
    let table: Table = text.parse().context("it is not TOML")?;
    check_sections(&table)?;
    let mut current = table;
    for part in name.split('.') {
        current = match current.remove(part) {
            None => return Ok(Table::new()),
            Some(Value::Table(inner)) => inner,
            Some(_) => bail!("{part} in [{name}] is a value, not a section"),
        };
    }
    Ok(current)
}

fn check_sections(table: &Table) -> anyhow::Result<()> {
    let known: Vec<&str> = SECTIONS.lines().collect();
    for (name, value) in table {
        if value.is_table() && !known.contains(&name.as_str()) {
            bail!("unknown section [{name}]{}", nearest(name, known.into_iter()));
        }
        ensure!(
            value.is_table() || name == "description",
            "{name} is outside any section; the sections are {}",
            known.join(", ")
        );
    }
    Ok(())
}

/// The arguments that a profile may give, by their long flags.
fn profile_arguments(command: &Command) -> impl Iterator<Item = (&Arg, &str)> {
    const COMMAND_LINE_ONLY: [&str; 5] = ["profile", "unset", "help", "version", "explain"];
    let named = command.get_arguments().filter_map(|argument| Some((argument, argument.get_long()?)));
    named.filter(|(argument, long)| {
        let is_answered_by_clap = matches!(argument.get_action(), ArgAction::Help | ArgAction::Version);
        !COMMAND_LINE_ONLY.contains(long) && !is_answered_by_clap
    })
}

/// The argument of a key; one that was renamed is known under its old name, too.
pub(crate) fn known_key<'a>(key: &str, command: &'a Command) -> Option<&'a Arg> {
    let flag = key.replace('_', "-");
    let has_alias = |argument: &Arg| argument.get_all_aliases().unwrap_or_default().contains(&flag.as_str());
    let mut arguments = profile_arguments(command).filter(|(argument, long)| *long == flag || has_alias(argument));
    arguments.next().map(|(argument, _)| argument).filter(|_| !key.contains('-'))
}

/// What to say of a key that is none.
pub(crate) fn unknown_key(key: &str, command: &Command) -> anyhow::Error {
    let known: Vec<String> = profile_arguments(command).map(|(_, long)| long.replace('-', "_")).collect();
    anyhow!("unknown key {key}{}", nearest(key, known.iter().map(String::as_str)))
}

fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let best =
        known.map(|candidate| (strsim::jaro_winkler(name, candidate), candidate)).max_by(|a, b| a.0.total_cmp(&b.0));
    best.map_or_else(String::new, |(_, candidate)| format!("; did you mean {candidate}?"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::list::List;

    #[test]
    fn a_profile_that_is_not_there_is_answered_with_those_that_are() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["sst2.toml", "guide.toml", "notes.txt"] {
            crate::OutputFile::create(&folder.path().join(name)).and_then(crate::OutputFile::commit).unwrap();
        }
        let error = ProfileSection::read(&folder.path().join("sst3.toml"), "finetune").unwrap_err().to_string();
        let end = format!("sst3.toml; did you mean sst2?; {} has guide, sst2", folder.path().display());
        assert!(error.ends_with(&end), "{error}");
    }

    fn words_of(text: &str) -> anyhow::Result<Vec<String>> {
        let command = Command::new("finetune")
            .arg(Arg::new("learning_rate").long("learning-rate"))
            .arg(Arg::new("label_names").long("label-names").value_parser(clap::value_parser!(List)))
            .arg(Arg::new("shuffle").long("shuffle").alias("mix"));
        let (path, name) = (PathBuf::from("x.toml"), "finetune".to_owned());
        let section = ProfileSection { table: section_of_text(text, &name)?, path, name };
        let settings = section.settings(&command, &[])?;
        let words = settings.iter().flat_map(|setting| setting.words().unwrap());
        Ok(words.map(|word| word.into_string().unwrap()).collect())
    }

    #[test]
    fn keys_become_flags() {
        let text =
            "description = 'x'\n[finetune]\nlearning_rate = 5e-5\nlabel_names = ['bad', 'good']\nshuffle = true\n";
        assert_eq!(words_of(text).unwrap(), ["--label-names=bad,good", "--learning-rate=0.00005", "--shuffle=true"]);
        let table = "[finetune]\nshuffle = { num_cycles = 3 }\n[finetune.other]\nx = 1\n";
        assert_eq!(words_of(table).unwrap(), ["--shuffle={\"num_cycles\":3}"]);
        assert!(words_of("[eval]\nanything = 1\n").unwrap().is_empty());
        assert_eq!(words_of("[finetune]\nmix = true\n").unwrap(), ["--mix=true"]);
    }

    #[test]
    fn a_wrong_key_is_met_with_the_nearest_one() {
        let error = format!("{:#}", words_of("[finetune]\nlerning_rate = 1\n").unwrap_err());
        assert_eq!(
            error,
            "in the profile x.toml: in [finetune]: unknown key lerning_rate; did you mean learning_rate?"
        );
        let error = format!("{:#}", words_of("[fintune]\n").unwrap_err());
        assert_eq!(error, "unknown section [fintune]; did you mean finetune?");
        let error = format!("{:#}", words_of("seed = 1\n").unwrap_err());
        assert!(error.contains("seed is outside any section"), "{error}");
        let error = format!("{:#}", words_of("[finetune]\nmix = true\nshuffle = false\n").unwrap_err());
        assert!(
            error.ends_with("in [finetune]: mix and shuffle are two names of one key; remove one of them"),
            "{error}"
        );
    }

    #[test]
    fn a_profile_is_found_under_the_path_that_it_had_before_profiles_got_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let (old, new) = (folder.path().join("x.toml"), folder.path().join("profiles/x.toml"));
        assert_eq!(existing_profile(old.clone()), old, "neither exists: the error names what was typed");
        fs::create_dir(folder.path().join("profiles")).unwrap();
        crate::output_file::write_file(&new, b"").unwrap();
        assert_eq!(existing_profile(old.clone()), new);
        crate::output_file::write_file(&old, b"").unwrap();
        assert_eq!(existing_profile(old.clone()), old);
    }
}
