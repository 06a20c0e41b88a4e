//! A temporary folder in which a built program is run and seen from outside.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// Settings of the hub's client and of proxies that the machine may have: a test has only those that it sets itself.
const HUB_VARIABLES: [&str; 18] = [
    "HF_ENDPOINT",
    "HF_HOME",
    "HF_HUB_CACHE",
    "HF_HUB_OFFLINE",
    "HF_TOKEN",
    "HF_TOKEN_PATH",
    "HUGGINGFACE_HUB_CACHE",
    "HUGGING_FACE_HUB_TOKEN",
    "XDG_CACHE_HOME",
    "http_proxy",
    "HTTP_PROXY",
    "https_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "ALL_PROXY",
    "no_proxy",
    "NO_PROXY",
    "RUST_BACKTRACE",
];

/// A temporary folder; removed when dropped.
#[derive(Debug)]
pub struct Sandbox(TempDir);

/// How a program ended.
#[derive(Debug)]
pub struct Outcome {
    /// Its exit code; `None` after a signal.
    pub code: Option<i32>,
    /// What it wrote as data.
    pub stdout: String,
    /// What it said.
    pub stderr: String,
}

impl Default for Sandbox {
    fn default() -> Self {
        Self::new()
    }
}

impl Sandbox {
    /// An empty folder.
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// The absolute path of a file in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, and the folders above it.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Reads a file as bytes.
    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// Reads a file as text.
    pub fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// A command line, to be run in the folder: the first word is one of the built programs, or an absolute path. The words are split
    /// at spaces, so arguments that hold some are added with [`Command::args`].
    pub fn command(&self, line: &str) -> Command {
        let mut words = line.split_whitespace();
        let name = words.next().unwrap();
        let mut command = Command::new(if name.starts_with('/') { name.into() } else { program(name) });
        for variable in HUB_VARIABLES {
            command.env_remove(variable);
        }
        command.current_dir(self.0.path()).env("HF_HOME", self.path("hub-cache")).args(words);
        command
    }

    /// Runs a command line to its end.
    pub fn run(&self, line: &str) -> Outcome {
        outcome(&mut self.command(line))
    }

    /// Runs what must succeed.
    pub fn succeed(&self, line: &str) -> Outcome {
        let outcome = self.run(line);
        outcome.assert_success(line);
        outcome
    }

    /// Runs what must be refused as wrong usage or bad input, and returns its message.
    pub fn refuse(&self, line: &str) -> String {
        let outcome = self.run(line);
        assert_eq!(outcome.code, Some(2), "{line}: {}", outcome.stderr);
        outcome.stderr
    }
}

impl Outcome {
    /// Panics with what the program said where it failed; `what` names the run.
    pub fn assert_success(&self, what: &str) {
        assert_eq!(self.code, Some(0), "{what}: {}", self.stderr);
    }
}

/// A command line in which the last of each flag counts, with the values behind it: a program takes a flag once.
pub fn last_of_each(line: &str) -> String {
    let name = |group: &str| group.split(['=', ' ']).next().unwrap().to_owned();
    let mut groups: Vec<String> = Vec::new();
    for word in line.split_whitespace() {
        match groups.last_mut() {
            Some(group) if !word.starts_with("--") => *group += &format!(" {word}"),
            _ => groups.push(word.to_owned()),
        }
    }
    let is_last = |index: &usize| groups[index + 1..].iter().all(|later| name(later) != name(&groups[*index]));
    (0..groups.len()).filter(is_last).map(|index| groups[index].as_str()).collect::<Vec<_>>().join(" ")
}

/// Runs a command to its end, without stdin.
pub fn outcome(command: &mut Command) -> Outcome {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Outcome { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// Ends a process as `kill -9` does.
pub fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

/// The root of the workspace.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

/// A file of `tests/fixtures`.
pub fn fixture(name: &str) -> PathBuf {
    workspace().join("tests/fixtures").join(name)
}

/// A built program: it lies beside the folder of the test that asks.
pub fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.ancestors().nth(2).unwrap().join(name);
    assert!(path.is_file(), "{} is not built; `just test` builds it", path.display());
    path
}

#[test]
fn the_last_of_each_flag_counts() {
    let line = "program sub --threads 1 --names a b --quiet --rate=2 --threads 2 --rate 1e-3 text";
    assert_eq!(last_of_each(line), "program sub --names a b --quiet --threads 2 --rate 1e-3 text");
}
