//! The parent of the workers: starts them, waits for what they say, ends those that say nothing, and counts.

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use crate::failures;
use crate::mutant::Verdict;
use crate::worker::{Line, TASK, begun};

/// Of one mutant; a machine may be busy with other things.
const TIME_LIMIT: Duration = Duration::from_secs(20);
/// Failures after which a format is given up.
const ENOUGH_FAILURES: usize = 20;

/// What came of the mutants of a format.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) mutants: u64,
    /// By the outer parser.
    pub(crate) accepted: u64,
    pub(crate) read: u64,
    pub(crate) refused: u64,
    /// Microseconds of the fastest, of all, and of the slowest.
    pub(crate) fastest: u64,
    pub(crate) total: u64,
    pub(crate) slowest: u64,
    pub(crate) failures: Vec<String>,
}

/// How a worker ended, or what it said of the one mutant that it was given.
pub(crate) enum Said {
    Line(Line),
    Died { number: u64, how: String },
    Done,
}

/// A worker with its task.
pub(crate) struct Worker {
    child: Child,
    lines: Receiver<String>,
    number: u64,
}

impl Worker {
    pub(crate) fn start(task: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["worker", "--exact", "--ignored", "--nocapture"])
            .env(TASK, task)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { child, lines, number: 0 }
    }

    /// What the worker says next.
    pub(crate) fn next(&mut self) -> Said {
        loop {
            match self.lines.recv_timeout(TIME_LIMIT) {
                Ok(text) => {
                    if let Some(number) = begun(&text) {
                        self.number = number;
                    } else if let Some(line) = Line::parse(&text) {
                        return Said::Line(line);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.child.kill().unwrap();
                    self.child.wait().unwrap();
                    return Said::Died {
                        number: self.number,
                        how: format!("not done after {} s", TIME_LIMIT.as_secs()),
                    };
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let status = self.child.wait().unwrap();
                    if status.success() {
                        return Said::Done;
                    }
                    let how = status.signal().map_or(format!("{status}"), |signal| format!("signal {signal}"));
                    return Said::Died { number: self.number, how };
                }
            }
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Has `n` mutants of a format read.
pub(crate) fn run(format: &str, n: u64) -> Counts {
    let mut counts = Counts { fastest: u64::MAX, ..Counts::default() };
    let mut first = 0;
    while first < n && counts.failures.len() < ENOUGH_FAILURES {
        let mut worker = Worker::start(&format!("{format} {first} {n}"));
        first = loop {
            match worker.next() {
                Said::Line(line) => counts.add(format, &line),
                Said::Died { number, how } => {
                    counts.mutants += 1;
                    counts.failures.push(failures::saved(format, number, &how));
                    break number + 1;
                }
                Said::Done => break n,
            }
        };
    }
    counts
}

impl Counts {
    fn add(&mut self, format: &str, line: &Line) {
        self.mutants += 1;
        self.accepted += u64::from(line.accepted);
        self.total += line.microseconds;
        self.fastest = self.fastest.min(line.microseconds);
        self.slowest = self.slowest.max(line.microseconds);
        match &line.outcome {
            Ok(Verdict::Read) => self.read += 1,
            Ok(Verdict::Refused) => self.refused += 1,
            Err(wrong) if self.failures.len() < ENOUGH_FAILURES => {
                self.failures.push(failures::saved(format, line.number, wrong))
            }
            Err(_) => {}
        }
    }
}
