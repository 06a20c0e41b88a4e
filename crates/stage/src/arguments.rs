//! Arguments of a run: what was typed, and beside it what the profile says of everything that was not.
//!
//! A key of the profile gives way to its flag, to a flag that excludes it ([`SetAside`]), and to `--unset`. What is left
//! becomes flags beside the typed ones, so clap is the only parser of both; each is tried alone first, so that a wrong
//! value is told by its profile and key. Nothing is overridden within the typed words: a flag given twice is clap's
//! error, or a list.

use std::collections::BTreeMap;
use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{Command, Parser};

use crate::elsewhere::Elsewhere;
use crate::input_error::{BadInput, bad_input, bail_input};
use crate::profile::{IN_PROFILE, ProfileSection, Setting, known_key};
use crate::profile_value::problem;
use crate::set_aside::SetAside;
use crate::typed_flags::{ForCaller, TypedFlags};

/// What a program says of its profile.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProfileRules<'a> {
    /// Its section; a subcommand has a section below it.
    pub(crate) section: &'a str,
    /// Sections that the program reads by itself.
    pub(crate) other_sections: &'a [&'a str],
    pub(crate) set_aside: &'a [SetAside],
    /// Arguments of other programs.
    pub(crate) elsewhere: &'a [Elsewhere<'a>],
}

/// The parsed arguments, and which of them nobody typed.
#[derive(Debug)]
pub(crate) struct Arguments<A> {
    pub(crate) parsed: A,
    pub(crate) from_profile: FromProfile,
    pub(crate) for_caller: ForCaller,
}

/// The flags that a profile gave, with the place of their keys.
#[derive(Debug, Default)]
pub(crate) struct FromProfile {
    section: Option<ProfileSection>,
    /// By long flag.
    keys: BTreeMap<String, String>,
}

/// Parses the typed `words` and the profile that they name.
///
/// # Errors
/// Clap's own for what was typed; of bad input for what the profile says.
pub(crate) fn arguments<A: Parser>(rules: ProfileRules<'_>, mut words: Vec<OsString>) -> anyhow::Result<Arguments<A>> {
    let whole = A::command();
    let typed = TypedFlags::parse(&whole, &words)?;
    let subcommand = typed.subcommand().and_then(|name| whole.find_subcommand(name));
    let command = subcommand.unwrap_or(&whole);
    let section_name =
        subcommand.map_or(rules.section.to_owned(), |sub| format!("{}.{}", rules.section, sub.get_name()));
    let unset = typed.unset(&section_name, rules.other_sections, command)?;
    let mut from_profile = FromProfile::default();
    if let Some(path) = typed.profile() {
        let section = ProfileSection::read(&path, &section_name)?;
        let mut settings = section.settings(command, rules.elsewhere)?;
        let mut set_aside = unset;
        for rule in rules.set_aside {
            let keys = typed.set_aside(rule, &section.table, command);
            set_aside.extend(keys.iter().filter_map(|key| known_key(key, command)));
        }
        settings.retain(|Setting { argument, .. }| {
            let is_set_aside = set_aside.iter().any(|other| other.get_id() == argument.get_id());
            !is_set_aside && !typed.has(argument) && !typed.exclude(argument, command)
        });
        check_conflicts(command, &section, &settings)?;
        let behind_subcommand = if subcommand.is_some() { 2 } else { 1 };
        let flags = flags(&whole, &words[..behind_subcommand], &section, &settings)?;
        words.splice(behind_subcommand..behind_subcommand, flags);
        let long = |setting: &Setting<'_>| setting.argument.get_long().unwrap_or_default().to_owned();
        from_profile.keys = settings.iter().map(|setting| (long(setting), setting.key.to_owned())).collect();
        from_profile.section = Some(section);
    }
    let parsed = A::try_parse_from(&words)?;
    let for_caller = TypedFlags::parse(&whole, &words)?.for_caller();
    Ok(Arguments { parsed, from_profile, for_caller })
}

/// The settings as flags, each of which `command` takes.
fn flags(
    command: &Command,
    program: &[OsString],
    section: &ProfileSection,
    settings: &[Setting<'_>],
) -> anyhow::Result<Vec<OsString>> {
    let mut flags = Vec::new();
    for setting in settings {
        let wrong = |problem: String| bad_input!("{}: {problem}", section.locate(&[setting.key]));
        let words = setting.words().map_err(wrong)?;
        let alone = program.iter().chain(&words);
        match command.clone().try_get_matches_from(alone) {
            Err(error) if error.kind() != ErrorKind::MissingRequiredArgument => {
                return Err(wrong(problem(&error, setting.value)));
            }
            _ => flags.extend(words),
        }
    }
    Ok(flags)
}

/// Fails where clap knows two of the settings to exclude each other.
fn check_conflicts(command: &Command, section: &ProfileSection, settings: &[Setting<'_>]) -> anyhow::Result<()> {
    for setting in settings {
        let conflicts = command.get_arg_conflicts_with(setting.argument);
        let other = settings.iter().find(|other| conflicts.iter().any(|id| id.get_id() == other.argument.get_id()));
        if let Some(other) = other {
            let location = section.locate(&[setting.key, other.key]);
            bail_input!("{location}: these exclude each other; remove one of them");
        }
    }
    Ok(())
}

impl FromProfile {
    /// Names the keys of the profile behind the flags that an error talks of, though nobody typed them.
    pub(crate) fn explain(&self, error: anyhow::Error) -> anyhow::Error {
        let Some(section) = &self.section else { return error };
        let message = format!("{error:#}");
        if message.starts_with(IN_PROFILE) {
            return error; // it names the key itself
        }
        let keys: Vec<&str> =
            self.keys.iter().filter(|(long, _)| mentions(&message, long)).map(|(_, key)| key.as_str()).collect();
        if keys.is_empty() { error } else { error.context(BadInput::new(section.locate(&keys))) }
    }
}

/// Whether a text has the long flag as a whole word.
fn mentions(text: &str, long: &str) -> bool {
    let continues = |next: char| next.is_ascii_alphanumeric() || next == '-' || next == '_';
    text.split("--").skip(1).any(|rest| rest.strip_prefix(long).is_some_and(|behind| !behind.starts_with(continues)))
}

#[cfg(test)]
mod tests;
