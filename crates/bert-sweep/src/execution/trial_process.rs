//! Trial process: a child process that cannot outlive the sweep.
//!
//! The sweep starts itself once more, as `bert-sweep run-with-parent`, which asks the kernel to kill it with its parent
//! (`PR_SET_PDEATHSIG`, which survives `exec`) and then becomes `bert-finetune`. Between fork and exec Rust allows no
//! safe code of ours, so the request has to be made by a program. Where the kernel has no such request, a trial that
//! outlives a killed sweep holds the lock of its folder, and the next sweep says which process that is.

use std::fmt::Display;
use std::io::{self, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};

use anyhow::Context;
use rustix::process::{Pid, Signal, getppid, kill_process};

const SUBCOMMAND: &str = "run-with-parent";

/// To be called first in `main`: if this process was started as a trial, it executes the program of the trial and does
/// not return, except with an exit code when that fails.
pub fn become_trial() -> Option<ExitCode> {
    let mut words = std::env::args_os().skip(1);
    if words.next()? != SUBCOMMAND {
        return None;
    }
    let parent: Option<i32> = words.next().and_then(|word| word.to_str()?.parse().ok());
    let Some(program) = words.next() else {
        say(format_args!("{SUBCOMMAND} is for internal use by bert-sweep"));
        return Some(ExitCode::from(2));
    };
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::set_parent_process_death_signal(Some(Signal::KILL)) {
        say(format_args!("cannot ask the kernel to end the trial with bert-sweep: {error}"));
        return Some(ExitCode::FAILURE);
    }
    // A parent that died before the request would never be reported.
    if parent != getppid().map(Pid::as_raw_pid) {
        say(format_args!("bert-sweep ended before its trial began"));
        return Some(ExitCode::FAILURE);
    }
    let error = Command::new(&program).args(words).exec();
    say(format_args!("cannot start {}: {error}", Path::new(&program).display()));
    Some(ExitCode::FAILURE)
}

/// Says what went wrong in a process that is no stage yet.
fn say(error: impl Display) {
    let _ = writeln!(io::stderr(), "error: {error}");
}

/// Starts `command` so that it dies with this process.
///
/// It has a process group of its own: a Ctrl-C at the terminal reaches the sweep alone, which passes it on once, since
/// a second signal would make `bert-finetune` exit without saving.
pub(crate) fn start(command: &Command, stderr: Stdio) -> anyhow::Result<Child> {
    let sweep_program = std::env::current_exe().context("cannot find the path of bert-sweep")?;
    let mut child = Command::new(sweep_program);
    child.args([SUBCOMMAND, &std::process::id().to_string()]).arg(command.get_program()).args(command.get_args());
    child.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    child.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr).process_group(0);
    child.spawn().with_context(|| format!("cannot start {}", Path::new(command.get_program()).display()))
}

/// Asks a process to save and exit.
pub(crate) fn terminate(child: &Child) {
    // It may have ended meanwhile, which is just as well.
    let _ = kill_process(Pid::from_child(child), Signal::TERM);
}

/// How a process ended.
pub(crate) fn describe_exit(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(9)) => "killed by signal 9, possibly because the system ran out of memory".to_owned(),
        (None, signal) => format!("killed by signal {}", signal.unwrap_or_default()),
    }
}
