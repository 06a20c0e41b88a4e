//! Processes, some at a time: the one place where the sweep waits.

use std::collections::VecDeque;
use std::fs::OpenOptions;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;
use stage::{Interrupt, ExitReason};

use crate::child;

/// How often the processes are looked at: a trial takes minutes.
const BETWEEN_LOOKS: Duration = Duration::from_millis(30);

/// A process to be run.
pub(crate) struct Task {
    /// Given back when it has ended.
    pub(crate) index: usize,
    pub(crate) command: Command,
    /// Where what it says is added; without a file it is given back.
    pub(crate) log: Option<PathBuf>,
}

/// A process that has ended.
pub(crate) struct Ended {
    pub(crate) index: usize,
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    pub(crate) seconds: f64,
}

/// What the pool tells while it runs.
pub(crate) enum Event {
    Ended(Ended),
    /// Nothing new; so many are running.
    Look(usize),
}

/// The processes that run now. Dropped early, by an error, it takes them along.
struct Running(Vec<(usize, Child, Instant)>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.iter().for_each(|(_, child, _)| child::ask_to_leave(child));
        for (_, child, _) in &mut self.0 {
            let _ = child.wait();
        }
    }
}

/// Runs all tasks, `jobs` at a time, in their order.
///
/// # Errors
/// Fails with `listen`, and on SIGINT or SIGTERM, after the running ones were asked to save and have left.
pub(crate) fn run(
    tasks: Vec<Task>,
    jobs: usize,
    interrupt: &Interrupt,
    mut listen: impl FnMut(Event) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut waiting = VecDeque::from(tasks);
    let mut running = Running(Vec::new());
    while !(waiting.is_empty() && running.0.is_empty()) {
        if let Some(signal) = interrupt.received() {
            drop(running);
            let message = "interrupted; running trials were saved; the same command goes on from there".to_owned();
            return Err(ExitReason::Interrupted { signal, message }.into());
        }
        while running.0.len() < jobs
            && let Some(task) = waiting.pop_front()
        {
            running.0.push((task.index, start(&task)?, Instant::now()));
        }
        while let Some(ended) = next_ended(&mut running)? {
            listen(Event::Ended(ended))?;
        }
        listen(Event::Look(running.0.len()))?;
        std::thread::sleep(BETWEEN_LOOKS);
    }
    Ok(())
}

fn start(task: &Task) -> anyhow::Result<Child> {
    let Some(log) = &task.log else { return child::start(&task.command, Stdio::piped()) };
    let file = OpenOptions::new().create(true).append(true).open(log);
    child::start(&task.command, file.with_context(|| format!("cannot open {}", log.display()))?.into())
}

fn next_ended(running: &mut Running) -> anyhow::Result<Option<Ended>> {
    for place in 0..running.0.len() {
        if running.0[place].1.try_wait().context("cannot ask for a trial's end")?.is_some() {
            let (index, child, started) = running.0.remove(place);
            let output = child.wait_with_output().context("cannot read what a trial wrote")?;
            let (status, stdout, stderr) = (output.status, output.stdout, output.stderr);
            return Ok(Some(Ended { index, status, stdout, stderr, seconds: started.elapsed().as_secs_f64() }));
        }
    }
    Ok(None)
}
