//! Process pool: runs commands, so many at a time. The one place where the sweep waits.

use std::collections::VecDeque;
use std::fs::OpenOptions;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Context;
use stage::{ExitReason, Interrupt};

use super::trial_process;
use crate::devices;

/// How often the processes are polled: a trial takes minutes.
const POLL_INTERVAL: Duration = Duration::from_millis(30);

/// A process to run.
pub(crate) struct Task {
    /// The caller's number of the task, which [`Finished`] returns.
    pub(crate) index: usize,
    pub(crate) command: Command,
    /// The file that stderr is appended to; without one it is returned in [`Finished`].
    pub(crate) stderr_log: Option<PathBuf>,
}

/// A process that has ended.
pub(crate) struct Finished {
    pub(crate) index: usize,
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    /// Wall-clock time.
    pub(crate) seconds: f64,
}

/// What the pool reports while it runs.
pub(crate) enum Event {
    Finished(Finished),
    /// After every poll.
    Polled {
        n_running: usize,
    },
}

struct RunningProcess {
    index: usize,
    child: Child,
    /// Its stdout and stderr, where they are no files.
    outputs: [Option<Output>; 2],
    started: Instant,
    /// Which of those that run at the same time it is.
    slot: usize,
}

/// The processes that run now. When an error drops them, they are asked to save and are waited for.
struct RunningProcesses(Vec<RunningProcess>);

impl Drop for RunningProcesses {
    fn drop(&mut self) {
        self.0.iter().for_each(|process| trial_process::terminate(&process.child));
        for process in &mut self.0 {
            let _ = process.child.wait();
        }
    }
}

/// Runs all tasks, `jobs` at a time, in their order. Of those that run, each sees another one of the CUDA `devices`, if any are given.
///
/// # Errors
/// Fails with `on_event`, and on SIGINT, SIGTERM or SIGHUP, after the running processes were asked to save and have ended.
pub(crate) fn run(
    tasks: Vec<Task>,
    (jobs, devices): (usize, &[String]),
    interrupt: &Interrupt,
    mut on_event: impl FnMut(Event) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut waiting = VecDeque::from(tasks);
    let mut running = RunningProcesses(Vec::new());
    while !(waiting.is_empty() && running.0.is_empty()) {
        if let Some(signal) = interrupt.received() {
            drop(running);
            let message = "interrupted; running trials were saved; run the same command to resume".to_owned();
            return Err(ExitReason::Interrupted { signal, message }.into());
        }
        while running.0.len() < jobs
            && let Some(mut task) = waiting.pop_front()
        {
            let is_free = |slot: &usize| running.0.iter().all(|process| process.slot != *slot);
            let slot = (0..jobs).find(is_free).unwrap_or_default();
            if let Some(device) = devices.get(slot) {
                task.command.env(devices::VISIBLE, device);
            }
            let mut child = start(&task)?;
            let outputs = [child.stdout.take().map(drained), child.stderr.take().map(drained)];
            running.0.push(RunningProcess { index: task.index, child, outputs, started: Instant::now(), slot });
        }
        while let Some(finished) = next_finished(&mut running)? {
            on_event(Event::Finished(finished))?;
        }
        on_event(Event::Polled { n_running: running.0.len() })?;
        std::thread::sleep(POLL_INTERVAL);
    }
    Ok(())
}

/// What a process writes, read by a thread of its own while it comes: a full pipe would halt the process.
struct Output(JoinHandle<Vec<u8>>);

fn drained(mut pipe: impl Read + Send + 'static) -> Output {
    Output(std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes); // what could be read counts
        bytes
    }))
}

impl Output {
    /// All of it, once the process has ended.
    fn bytes(self) -> Vec<u8> {
        self.0.join().unwrap_or_default()
    }
}

fn start(task: &Task) -> anyhow::Result<Child> {
    let Some(log) = &task.stderr_log else { return trial_process::start(&task.command, Stdio::piped()) };
    let file = OpenOptions::new().create(true).append(true).open(log);
    trial_process::start(&task.command, file.with_context(|| format!("cannot open {}", log.display()))?.into())
}

fn next_finished(running: &mut RunningProcesses) -> anyhow::Result<Option<Finished>> {
    for position in 0..running.0.len() {
        if let Some(status) = running.0[position].child.try_wait().context("cannot wait for a trial")? {
            let RunningProcess { index, outputs, started, .. } = running.0.remove(position);
            let [stdout, stderr] = outputs.map(|output| output.map_or_else(Vec::new, Output::bytes));
            return Ok(Some(Finished { index, status, stdout, stderr, seconds: started.elapsed().as_secs_f64() }));
        }
    }
    Ok(None)
}
