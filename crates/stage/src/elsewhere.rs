//! Elsewhere: arguments that a program does not have and people bring from another one, and what there is for them here.

use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// An argument by its name in a profile, and what to do here.
pub type Elsewhere<'a> = (&'a str, &'a str);

/// What there is here for an argument of this name, as it is typed or stands in a profile.
pub(crate) fn advice<'a>(name: &str, elsewhere: &[Elsewhere<'a>]) -> Option<&'a str> {
    let flag = name.trim_start_matches('-').split('=').next().unwrap_or_default();
    let key = flag.replace('-', "_");
    elsewhere.iter().find(|(other, _)| *other == key).map(|(_, advice)| *advice)
}

/// The error of wrong words, in words that say what to do where clap's do not.
pub(crate) fn explained(error: clap::Error, command: &mut Command, elsewhere: &[Elsewhere<'_>]) -> clap::Error {
    let context = |kind: ContextKind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let message = match (error.kind(), context(ContextKind::InvalidArg)) {
        (ErrorKind::UnknownArgument, Some(argument)) if is_negative_number(argument) => {
            format!(
                "unexpected argument '{argument}': a number below 0 is given as --name={argument}; where it stands for a default, \
                 leave the argument out"
            )
        }
        (ErrorKind::UnknownArgument, Some(argument)) => match advice(argument, elsewhere) {
            Some(advice) => format!("unexpected argument '{argument}': {advice}"),
            None => return error,
        },
        (ErrorKind::ValueValidation, Some(argument)) if is_no_whole_number(&error) => {
            let value = context(ContextKind::InvalidValue).unwrap_or_default();
            format!("invalid value '{value}' for '{argument}': expected a whole number, 0 or more")
        }
        _ => return error,
    };
    command.error(error.kind(), message)
}

fn is_negative_number(word: &str) -> bool {
    word.strip_prefix('-').is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit() || first == '.'))
}

fn is_no_whole_number(error: &clap::Error) -> bool {
    std::error::Error::source(error).is_some_and(|cause| cause.is::<std::num::ParseIntError>())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    #[command(name = "test")]
    struct Args {
        #[arg(long)]
        seed: Option<u64>,
    }

    #[test]
    fn what_clap_cannot_know_is_said() {
        let said = |words: &[&str]| {
            let error = Args::try_parse_from(["test"].iter().chain(words)).unwrap_err();
            let elsewhere = [("fp16", "--precision bf16"), ("per_device_eval_batch_size", "nothing")];
            let mut command = <Args as clap::CommandFactory>::command();
            explained(error, &mut command, &elsewhere).to_string().lines().next().unwrap_or_default().to_owned()
        };
        assert_eq!(said(&["--fp16"]), "error: unexpected argument '--fp16': --precision bf16");
        assert_eq!(
            said(&["--per-device-eval-batch-size=8"]),
            "error: unexpected argument '--per-device-eval-batch-size': nothing"
        );
        assert_eq!(said(&["--sead", "1"]), "error: unexpected argument '--sead' found");
        assert!(said(&["--seed", "-1"]).contains("'-1': a number below 0 is given as --name=-1"));
        let whole = "expected a whole number, 0 or more";
        assert_eq!(said(&["--seed=-1"]), format!("error: invalid value '-1' for '--seed <SEED>': {whole}"));
        assert_eq!(said(&["--seed", "0.2"]), format!("error: invalid value '0.2' for '--seed <SEED>': {whole}"));
    }
}
