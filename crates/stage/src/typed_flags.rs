//! What was typed, read before the profile is: which flags, with which values, and the keys that `--unset` names.
//!
//! Only what the profile may still give can be missing here. Every other error of a typed flag is clap's own, and is met
//! before the profile is opened.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};

use crate::input_error::{bad_input, bail_input};
use crate::list::List;
use crate::messages::LogFormat;
use crate::profile::{known_key, unknown_key};
use crate::set_aside::SetAside;

/// How the program reports to whoever called it; a program without these flags has the defaults.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ForCaller {
    pub(crate) log_format: LogFormat,
    pub(crate) json_summary: bool,
}

/// The typed flags of a command, or of its subcommand.
pub(crate) struct TypedFlags {
    subcommand: Option<String>,
    matches: ArgMatches,
}

impl TypedFlags {
    /// Reads the words that were typed, the program's name first.
    ///
    /// # Errors
    /// Clap's, for everything but an argument that is missing.
    pub(crate) fn parse(command: &Command, words: &[OsString]) -> anyhow::Result<Self> {
        if let Err(error) = command.clone().try_get_matches_from(words)
            && error.kind() != ErrorKind::MissingRequiredArgument
        {
            return Err(error.into());
        }
        let mut matches = command.clone().ignore_errors(true).try_get_matches_from(words)?;
        Ok(match matches.remove_subcommand() {
            Some((name, matches)) => Self { subcommand: Some(name), matches },
            None => Self { subcommand: None, matches },
        })
    }

    pub(crate) fn subcommand(&self) -> Option<&str> {
        self.subcommand.as_deref()
    }

    /// The value of `--profile`.
    pub(crate) fn profile(&self) -> Option<PathBuf> {
        self.matches.try_get_one::<PathBuf>("profile").ok().flatten().cloned()
    }

    pub(crate) fn for_caller(&self) -> ForCaller {
        let log_format = self.matches.try_get_one::<LogFormat>("log_format").ok().flatten();
        let json_summary = self.matches.try_get_one::<bool>("json_summary").ok().flatten();
        ForCaller {
            log_format: log_format.copied().unwrap_or_default(),
            json_summary: json_summary.copied().unwrap_or_default(),
        }
    }

    pub(crate) fn has(&self, argument: &Arg) -> bool {
        let id = argument.get_id();
        self.matches.ids().any(|typed| typed == id)
            && self.matches.value_source(id.as_str()) == Some(ValueSource::CommandLine)
    }

    /// Whether clap knows of a conflict between `argument` and something that was typed.
    pub(crate) fn exclude(&self, argument: &Arg, command: &Command) -> bool {
        let excludes = |one: &Arg, other: &Arg| {
            command.get_arg_conflicts_with(one).iter().any(|conflict| conflict.get_id() == other.get_id())
        };
        let mut typed = command.get_arguments().filter(|typed| self.has(typed));
        typed.any(|typed| excludes(typed, argument) || excludes(argument, typed))
    }

    /// The keys that `rule` sets aside of this section of a profile.
    pub(crate) fn set_aside(
        &self,
        rule: &SetAside,
        section: &toml::Table,
        command: &Command,
    ) -> &'static [&'static str] {
        let Some(argument) = known_key(rule.flag(), command).filter(|argument| self.has(argument)) else { return &[] };
        let values = self.matches.get_raw(argument.get_id().as_str());
        let value = values.and_then(Iterator::last).unwrap_or_default().to_string_lossy();
        rule.keys(&value, section)
    }

    /// The arguments of `section` that `--unset` names; keys of the `other_sections` that the program reads are its own
    /// to take out.
    ///
    /// # Errors
    /// Fails on a key that the command does not have, with the nearest one.
    pub(crate) fn unset<'a>(
        &self,
        section: &str,
        other_sections: &[&str],
        command: &'a Command,
    ) -> anyhow::Result<Vec<&'a Arg>> {
        let lists = self.matches.try_get_many::<List>("unset").ok().flatten().into_iter().flatten();
        let mut arguments = Vec::new();
        for typed in lists.flat_map(List::items) {
            let spelled = typed.trim_start_matches('-').replace('-', "_");
            let key = match spelled.rsplit_once('.') {
                Some((of, key)) if of == section => key,
                Some((of, _)) if other_sections.contains(&of) => continue,
                Some((of, _)) => {
                    let read: Vec<&str> = [section].iter().chain(other_sections).copied().collect();
                    bail_input!("--unset {typed}: [{of}] is not read here; expected a key of [{}]", read.join("] or ["))
                }
                None => &spelled,
            };
            let elsewhere = match other_sections.first() {
                Some(other) => format!(" A key of another section is named with it: {other}.{key}"),
                None => String::new(),
            };
            let unknown = || bad_input!("--unset {typed}: {}{elsewhere}", unknown_key(key, command));
            arguments.push(known_key(key, command).ok_or_else(unknown)?);
        }
        Ok(arguments)
    }
}
