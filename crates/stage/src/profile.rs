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
//! A stage reads its own section. Each key is a long flag with underscores, and becomes that flag in front of those
//! that were typed, so there is one parser, one set of checks, and what was typed wins.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use clap::{Arg, Command};
use toml::{Table, Value};

use crate::input_error::BadInput;

/// The sections that some stage of the pipeline reads, one a line: that is the pipeline's to say, not this crate's.
const SECTIONS: &str = include_str!("../../../pipeline/sections.txt");

/// The flags that the section `section` (such as `fetch.dataset`) of a profile stands for.
///
/// # Errors
/// Fails when the file cannot be read or parsed, and on a section, key or value that `command` does not have.
pub(crate) fn flags(path: &Path, section: &str, command: &Command) -> anyhow::Result<Vec<OsString>> {
    let path = existing_profile(path.to_owned());
    let text = fs::read_to_string(&path)
        .with_context(|| BadInput::new(format!("cannot read the profile {}", path.display())))?;
    flags_of_text(&text, section, command).with_context(|| BadInput::new(format!("in the profile {}", path.display())))
}

/// `DIR/FILE`, or `DIR/profiles/FILE` where only that exists: profiles once stood a folder higher.
pub(crate) fn existing_profile(path: PathBuf) -> PathBuf {
    let Some(name) = path.file_name() else { return path };
    let moved = path.with_file_name("profiles").join(name);
    if !path.exists() && moved.exists() { moved } else { path }
}

fn flags_of_text(text: &str, section: &str, command: &Command) -> anyhow::Result<Vec<OsString>> {
    let table: Table = text.parse().context("it is not TOML")?;
    check_sections(&table)?;
    let Some(section_table) = lookup(&table, section)? else { return Ok(Vec::new()) };
    let mut flags = Vec::new();
    for (key, value) in section_table {
        if value.is_table() && known_flag(key, command).is_err() {
            continue; // a section of its own
        }
        let flag = known_flag(key, command).with_context(|| format!("in [{section}]"))?;
        let value = flag_value(value).with_context(|| format!("{key} in [{section}]"))?;
        flags.push(format!("--{flag}={value}").into());
    }
    Ok(flags)
}

fn check_sections(table: &Table) -> anyhow::Result<()> {
    let known: Vec<&str> = SECTIONS.lines().collect();
    for (name, value) in table {
        if value.is_table() && !known.contains(&name.as_str()) {
            bail!("unknown section [{name}]{}", nearest(name, known.into_iter()));
        }
        if !value.is_table() && name != "description" {
            bail!("{name} is outside any section; the sections are {}", known.join(", "));
        }
    }
    Ok(())
}

fn lookup<'a>(table: &'a Table, section: &str) -> anyhow::Result<Option<&'a Table>> {
    let mut current = table;
    for part in section.split('.') {
        match current.get(part) {
            None => return Ok(None),
            Some(Value::Table(inner)) => current = inner,
            Some(_) => bail!("{part} in [{section}] is a value, not a section"),
        }
    }
    Ok(Some(current))
}

/// The long flag of a key; one that was renamed is known under its old name, too.
fn known_flag(key: &str, command: &Command) -> anyhow::Result<String> {
    const COMMAND_LINE_ONLY: [&str; 4] = ["profile", "help", "version", "explain"];
    let flag = key.replace('_', "-");
    let arguments = || {
        let named = command.get_arguments().filter_map(|argument| Some((argument, argument.get_long()?)));
        named.filter(|(_, long)| !COMMAND_LINE_ONLY.contains(long))
    };
    let has_alias = |argument: &Arg| argument.get_all_aliases().unwrap_or_default().contains(&flag.as_str());
    if !key.contains('-') && arguments().any(|(argument, long)| long == flag || has_alias(argument)) {
        return Ok(flag);
    }
    let known: Vec<String> = arguments().map(|(_, long)| long.replace('-', "_")).collect();
    Err(anyhow!("unknown key {key}{}", nearest(key, known.iter().map(String::as_str))))
}

fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let best =
        known.map(|candidate| (strsim::jaro_winkler(name, candidate), candidate)).max_by(|a, b| a.0.total_cmp(&b.0));
    best.map_or_else(String::new, |(_, candidate)| format!("; did you mean {candidate}?"))
}

fn flag_value(value: &Value) -> anyhow::Result<String> {
    Ok(match value {
        Value::String(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Boolean(truth) => truth.to_string(),
        Value::Array(items) => items.iter().map(flag_value).collect::<anyhow::Result<Vec<_>>>()?.join(","),
        Value::Table(_) => serde_json::to_string(value)?,
        Value::Datetime(_) => bail!("expected a string, number, boolean, list or table"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags_of(text: &str) -> anyhow::Result<Vec<String>> {
        let command = Command::new("finetune")
            .arg(Arg::new("learning_rate").long("learning-rate"))
            .arg(Arg::new("label_names").long("label-names"))
            .arg(Arg::new("shuffle").long("shuffle").alias("mix"));
        let flags = flags_of_text(text, "finetune", &command)?;
        Ok(flags.into_iter().map(|flag| flag.into_string().unwrap()).collect())
    }

    #[test]
    fn keys_become_flags() {
        let text =
            "description = 'x'\n[finetune]\nlearning_rate = 5e-5\nlabel_names = ['bad', 'good']\nshuffle = true\n";
        assert_eq!(flags_of(text).unwrap(), ["--label-names=bad,good", "--learning-rate=0.00005", "--shuffle=true"]);
        let table = "[finetune]\nshuffle = { num_cycles = 3 }\n[finetune.other]\nx = 1\n";
        assert_eq!(flags_of(table).unwrap(), ["--shuffle={\"num_cycles\":3}"]);
        assert!(flags_of("[eval]\nanything = 1\n").unwrap().is_empty());
        assert_eq!(flags_of("[finetune]\nmix = true\n").unwrap(), ["--mix=true"]);
    }

    #[test]
    fn a_wrong_key_is_met_with_the_nearest_one() {
        let error = format!("{:#}", flags_of("[finetune]\nlerning_rate = 1\n").unwrap_err());
        assert!(error.starts_with("in [finetune]: unknown key lerning_rate; did you mean learning_rate?"), "{error}");
        let error = format!("{:#}", flags_of("[fintune]\n").unwrap_err());
        assert!(error.ends_with("unknown section [fintune]; did you mean finetune?"), "{error}");
        let error = format!("{:#}", flags_of("seed = 1\n").unwrap_err());
        assert!(error.contains("seed is outside any section"), "{error}");
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
