//! One process that trains, watched from outside through `/proc`: whether it lives, how far it is, and what it holds open.

use std::fs;
use std::io::{Read, Seek};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use crate::sandbox::{TrainingSandbox, continued_at};

/// How often a process is looked at.
const GLANCE: Duration = Duration::from_millis(1);

/// A run of `bert-finetune` in a process of its own; killed when dropped.
pub(crate) struct Life {
    child: Child,
    out: PathBuf,
    stderr: fs::File,
}

impl Life {
    pub(crate) fn begin(sandbox: &TrainingSandbox, out: &str, arguments: &str) -> Self {
        Self::of(sandbox.command(out, arguments), sandbox.path(out))
    }

    /// A command that writes the folder `out`.
    pub(crate) fn of(mut command: Command, out: PathBuf) -> Self {
        let stderr = tempfile::tempfile().unwrap();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr.try_clone().unwrap());
        Self { child: command.spawn().unwrap(), out, stderr }
    }

    /// What it said so far.
    pub(crate) fn said(&mut self) -> String {
        // A descriptor and its copy share one place in the file, which is the writer's: it is read through another.
        let mut text = String::new();
        let copy = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&self.stderr));
        let mut file = fs::File::open(copy).unwrap();
        file.rewind().unwrap();
        file.read_to_string(&mut text).unwrap();
        text
    }

    /// Waits until it has taken a step of its own; `false` when it ended before that was seen.
    pub(crate) fn takes_a_step(&mut self) -> bool {
        while self.is_alive() {
            if self.step().is_some_and(|step| step > continued_at(&self.said())) {
                return true;
            }
            std::thread::sleep(GLANCE);
        }
        false
    }

    /// The last step that it knows of: the log as far as this process has kept or written it.
    ///
    /// Behind that may lie lines of a life before, so the place of the open file is asked for, not its size.
    pub(crate) fn step(&self) -> Option<u64> {
        let log = self.out.join("log.jsonl");
        let (descriptor, _) = self.open_files().into_iter().find(|(_, path)| *path == log)?;
        let facts = fs::read_to_string(format!("/proc/{}/fdinfo/{descriptor}", self.child.id())).ok()?;
        let place: u64 = facts.lines().find_map(|line| line.strip_prefix("pos:"))?.trim().parse().unwrap();
        let mut text = String::new();
        fs::File::open(log).ok()?.take(place).read_to_string(&mut text).ok()?;
        let last = text.lines().rev().find(|line| line.contains("\"event\":\"train\""))?;
        let event: serde_json::Value = serde_json::from_str(last).ok()?;
        event["step"].as_u64()
    }

    /// Whether a file or folder below `checkpoints/` is open: after the first step that is so only within a save.
    pub(crate) fn is_inside_a_save(&self) -> bool {
        let checkpoints = self.out.join("checkpoints");
        self.open_files().iter().any(|(_, path)| path.starts_with(&checkpoints))
    }

    /// Descriptors and what they stand for.
    pub(crate) fn open_files(&self) -> Vec<(String, PathBuf)> {
        let entries = fs::read_dir(format!("/proc/{}/fd", self.child.id())).into_iter().flatten().flatten();
        entries
            .filter_map(|entry| Some((entry.file_name().into_string().ok()?, fs::read_link(entry.path()).ok()?)))
            .collect()
    }

    /// Resident memory, in bytes.
    pub(crate) fn resident_bytes(&self) -> u64 {
        let facts = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let told = facts.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        told.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }

    /// Halts it where it is; `false` when it had ended.
    pub(crate) fn halt(&mut self) -> bool {
        self.signal("STOP");
        while self.is_alive() {
            if self.state() == Some('T') {
                return true;
            }
            std::thread::sleep(GLANCE);
        }
        false
    }

    /// Lets it go on.
    pub(crate) fn go_on(&self) {
        self.signal("CONT");
    }

    /// Ends it as `kill -9` does, and tells what it had said.
    pub(crate) fn kill(mut self) -> String {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.said()
    }

    /// Waits for its end, and tells what it said.
    pub(crate) fn end(mut self) -> (ExitStatus, String) {
        let status = self.child.wait().unwrap();
        (status, self.said())
    }

    pub(crate) fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    fn state(&self) -> Option<char> {
        let facts = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).ok()?;
        facts.rsplit(") ").next()?.chars().next()
    }

    fn signal(&self, name: &str) {
        // Of a process that has ended but was not waited for yet the signal is lost, which is as good.
        Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status().unwrap();
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
