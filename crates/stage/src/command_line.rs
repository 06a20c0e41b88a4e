//! Command line: the whole `main` of a stage, from what was typed and a profile to an exit code.

use std::ffi::OsString;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Command, CommandFactory, Parser};
use signal_hook::consts::SIGXFSZ;

use crate::arguments::{Arguments, ProfileRules, arguments};
use crate::elsewhere::{Elsewhere, explained};
use crate::exit_reason::{BAD_INPUT, exit_code, is_said};
use crate::input_error::BadInputType;
use crate::manual;
use crate::messages::{self, say};
use crate::panic_line::panic_line;
use crate::set_aside::SetAside;
use crate::summary;

/// A stage's program: where its settings come from, and what its errors mean.
///
/// ```no_run
/// # #[derive(clap::Parser)] struct Args {}
/// let sets_aside = [stage::SetAside::by("num_train_epochs", &["max_steps"])];
/// stage::Program::new("finetune").set_aside(&sets_aside).run::<Args>(|_| Ok(()));
/// ```
#[derive(Debug)]
pub struct Program<'a> {
    rules: ProfileRules<'a>,
    bad_input: &'a [BadInputType],
    subcommands: Option<fn() -> Command>,
}

/// The whole of a stage's `main`, for a program of which no more is to be said: see [`Program`].
pub fn run_main<A: Parser>(
    section: &str,
    bad_input: &[BadInputType],
    run: impl FnOnce(&A) -> anyhow::Result<()>,
) -> ExitCode {
    Program::new(section).bad_input(bad_input).run(run)
}

impl<'a> Program<'a> {
    /// A program whose settings are the section `section` of a profile; a subcommand has a section below it.
    pub fn new(section: &'a str) -> Self {
        let rules = ProfileRules { section, other_sections: &[], set_aside: &[], elsewhere: &[] };
        Self { rules, bad_input: &[], subcommands: None }
    }

    /// The error types of libraries that the user's input alone can cause: they exit with 2, as
    /// [`BadInput`](crate::BadInput) does.
    #[must_use]
    pub fn bad_input(mut self, types: &'a [BadInputType]) -> Self {
        self.bad_input = types;
        self
    }

    /// Sections of the profile that the program reads by itself, so that `--unset SECTION.KEY` is its own to obey
    /// ([`CommonArgs::unset_in`](crate::CommonArgs::unset_in)).
    #[must_use]
    pub fn other_sections(mut self, sections: &'a [&'a str]) -> Self {
        self.rules.other_sections = sections;
        self
    }

    /// Which keys of the profile give way to which typed flags, beside those of which clap knows that they conflict.
    #[must_use]
    pub fn set_aside(mut self, rules: &'a [SetAside]) -> Self {
        self.rules.set_aside = rules;
        self
    }

    /// Arguments that the program does not have and people bring from another one, and what there is for them here.
    #[must_use]
    pub fn elsewhere(mut self, arguments: &'a [Elsewhere<'a>]) -> Self {
        self.rules.elsewhere = arguments;
        self
    }

    /// Subcommands that the program parses apart from its own arguments: its manual tells them, too.
    #[must_use]
    pub fn subcommands_of<S: CommandFactory>(mut self) -> Self {
        self.subcommands = Some(S::command);
        self
    }

    /// The arguments that `words` mean, the program's name before them, together with those of the profile that they name.
    ///
    /// # Errors
    /// Fails, as the program would, on a profile that cannot be read and on wrong arguments; the latter as clap's error.
    pub fn parse<A: Parser>(&self, words: Vec<OsString>) -> anyhow::Result<A> {
        Ok(arguments::<A>(self.rules, words)?.parsed)
    }

    /// The whole of `main`: arguments from the profile and the command line, the run, the exit code.
    ///
    /// An error is printed once, with its chain of causes, and a panic in one line.
    pub fn run<A: Parser>(&self, run: impl FnOnce(&A) -> anyhow::Result<()>) -> ExitCode {
        let typed: Vec<OsString> = std::env::args_os().collect();
        let program = A::command().get_name().to_owned();
        messages::set_format(&program, messages::typed_format(&typed));
        panic::set_hook(Box::new(|panic| say(&format!("error: {}", panic_line(panic)))));
        // Beyond the limit of a file's size a write then fails, and is told as that of a full disk; the signal would end the program.
        let _ = signal_hook::flag::register(SIGXFSZ, Arc::default());
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            if let Some(folder) = manual::folder(&typed) {
                let others = self.subcommands.map(|command| command());
                let others = others.iter().flat_map(Command::get_subcommands).cloned();
                return manual::write(A::command().subcommands(others), &folder);
            }
            let Arguments { parsed, from_profile, for_caller } = arguments::<A>(self.rules, typed)?;
            messages::set_format(&program, for_caller.log_format);
            summary::want(for_caller.json_summary);
            run(&parsed).map_err(|error| match exit_code(&error, self.bad_input) {
                BAD_INPUT => from_profile.explain(error),
                _ => error,
            })
        }));
        let printed = summary::print(!matches!(outcome, Ok(Ok(()))));
        let outcome = outcome.map(|done| done.and(printed));
        match outcome {
            Ok(Ok(())) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE, // libtorch out of memory, or a bug: the hook has said which
            Ok(Err(error)) => {
                let error = match error.downcast::<clap::Error>() {
                    Ok(usage) => explained(usage, &mut A::command(), self.rules.elsewhere).into(),
                    Err(other) => other,
                };
                if let Some(usage) = error.downcast_ref::<clap::Error>() {
                    print_usage(usage);
                    return ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(BAD_INPUT));
                }
                if !is_said(&error) {
                    say(&format!("error: {error:#}"));
                }
                ExitCode::from(exit_code(&error, self.bad_input))
            }
        }
    }
}

/// Prints what clap says: help to stdout; an error to stderr, which is one message where messages are for programs.
fn print_usage(usage: &clap::Error) {
    if messages::are_json() && usage.use_stderr() {
        let text = usage.render().to_string();
        say(&text.split_whitespace().collect::<Vec<_>>().join(" "));
    } else {
        let _ = usage.print();
    }
}
