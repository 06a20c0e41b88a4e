//! Command line: the whole `main` of a stage, from what was typed and a profile to an exit code.
//!
//! The keys of the profile become flags in front of those that were typed, and a later flag replaces an earlier one, so
//! clap is the only parser of both.

use std::ffi::{OsStr, OsString};
use std::panic::{self, AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Command, Parser};

use crate::exit_reason::exit_code;
use crate::input_error::BadInputType;
use crate::profile;

/// The whole of a stage's `main`: arguments from the profile's `section` and the command line, the run, the exit code.
///
/// `bad_input` lists the error types of libraries that the user's input alone can cause: they exit with 2, as
/// [`BadInput`](crate::BadInput) does. An error is printed once, with its chain of causes, and a panic in one line.
pub fn run_main<A: Parser>(
    section: &str,
    bad_input: &[BadInputType],
    run: impl FnOnce(&A) -> anyhow::Result<()>,
) -> ExitCode {
    let typed: Vec<OsString> = std::env::args_os().collect();
    panic::set_hook(Box::new(|panic| eprintln!("error: internal: {}", panic_line(panic))));
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let arguments = arguments::<A>(section, typed)?;
        run(&arguments)
    }));
    match outcome {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE, // libtorch out of memory, or a bug: the hook has said which
        Ok(Err(error)) => {
            if let Some(usage) = error.downcast_ref::<clap::Error>() {
                let _ = usage.print();
                return ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(2));
            }
            eprintln!("error: {error:#}");
            ExitCode::from(exit_code(&error, bad_input))
        }
    }
}

/// A panic in one line: what libtorch throws has its whole stack behind the first.
fn panic_line(panic: &PanicHookInfo<'_>) -> String {
    let message = panic.payload_as_str().unwrap_or("no message").lines().next().unwrap_or_default();
    let message = message.split("\\nException raised from").next().unwrap_or(message);
    panic.location().map_or(message.to_owned(), |location| format!("{message} ({location})"))
}

fn arguments<A: Parser>(section: &str, typed: Vec<OsString>) -> anyhow::Result<A> {
    // A later flag replaces an earlier one, so what was typed replaces what the profile says.
    let command = A::command().args_override_self(true).mut_subcommands(|sub| sub.args_override_self(true));
    let merged = match typed_profile(&typed) {
        None => typed,
        Some(profile) => with_profile(section, &command, typed, &profile)?,
    };
    let matches = command.try_get_matches_from(merged)?;
    Ok(A::from_arg_matches(&matches)?)
}

/// The value of `--profile`, found before anything is parsed.
fn typed_profile(typed: &[OsString]) -> Option<PathBuf> {
    let mut words = typed.iter().take_while(|word| word.as_os_str() != "--");
    while let Some(word) = words.next() {
        if word == "--profile" {
            return words.next().map(PathBuf::from);
        }
        if let Some(path) = word.to_str().and_then(|word| word.strip_prefix("--profile=")) {
            return Some(path.into());
        }
    }
    None
}

/// Puts the flags of the profile in front of those that were typed, behind the subcommand if there is one.
fn with_profile(
    section: &str,
    command: &Command,
    mut typed: Vec<OsString>,
    profile: &Path,
) -> anyhow::Result<Vec<OsString>> {
    let subcommand = typed
        .get(1)
        .map(OsString::as_os_str)
        .and_then(OsStr::to_str)
        .and_then(|word| command.get_subcommands().find(|subcommand| subcommand.get_name() == word));
    let (section, command, index) = match subcommand {
        Some(subcommand) => (format!("{section}.{}", subcommand.get_name()), subcommand, 2),
        None => (section.to_owned(), command, 1),
    };
    let flags = profile::flags(profile, &section, command)?;
    typed.splice(index..index, flags);
    Ok(typed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::common_args::CommonArgs;
    use std::io::Write;

    #[derive(Debug, Parser)]
    struct Arguments {
        #[arg(long, default_value_t = 5e-5)]
        learning_rate: f64,
        #[arg(long, default_value_t = 42)]
        seed: u64,
        #[command(flatten)]
        common: CommonArgs,
    }

    fn parse(profile: &str, typed: &[&str]) -> anyhow::Result<Arguments> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(profile.as_bytes()).unwrap();
        let path = file.path().to_str().unwrap();
        let words = ["finetune", "--profile", path].iter().chain(typed).map(OsString::from).collect();
        arguments("finetune", words)
    }

    #[test]
    fn flags_win_over_the_profile_which_wins_over_defaults() {
        let profile = "[finetune]\nlearning_rate = 1e-4\nseed = 7\nout = 'data/runs/x'\n";
        let parsed = parse(profile, &["--seed", "1"]).unwrap();
        assert_eq!((parsed.learning_rate, parsed.seed), (1e-4, 1));
        assert_eq!(parsed.common.out, Path::new("data/runs/x"));
    }

    #[test]
    fn a_wrong_value_in_a_profile_is_a_usage_error() {
        let error = parse("[finetune]\nseed = 'x'\nout = 'y'\n", &[]).unwrap_err();
        assert!(error.downcast_ref::<clap::Error>().unwrap().to_string().contains("invalid value 'x' for '--seed"));
    }
}
