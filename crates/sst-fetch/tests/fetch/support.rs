//! A temporary folder to run `sst-fetch` in.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use corpus::raw::RawSet;

pub(crate) struct Sandbox(tempfile::TempDir);

/// How a run ended.
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut file = OpenOptions::new().create(true).write(true).truncate(true).open(path).unwrap();
        file.write_all(content.as_ref()).unwrap();
    }

    /// Runs the words of `line`, without any setting of the hub's client but those given.
    pub(crate) fn run_with(&self, line: &str, environment: &[(&str, &str)]) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sst-fetch"));
        for name in ["HF_ENDPOINT", "HF_TOKEN", "HF_HUB_OFFLINE", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"]
        {
            command.env_remove(name);
        }
        command.current_dir(self.0.path()).env("HF_HOME", self.path("hub-cache")).args(line.split(' '));
        let output = command.envs(environment.iter().copied()).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ended { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    pub(crate) fn run(&self, line: &str) -> Ended {
        self.run_with(line, &[])
    }

    /// Runs what must succeed.
    pub(crate) fn done(&self, line: &str) -> Ended {
        let ended = self.run(line);
        assert_eq!(ended.code, 0, "{line}: {}", ended.stderr);
        ended
    }

    /// The message of a run that must be refused as bad input.
    pub(crate) fn refused(&self, line: &str) -> String {
        let ended = self.run(line);
        assert_eq!(ended.code, 2, "{line}: {}", ended.stderr);
        ended.stderr
    }
}

/// The rows of a raw file as `id|sentence_id|text|label|score|is_root`.
pub(crate) fn rows(file: &Path) -> Vec<String> {
    fn shown<T: ToString>(value: Option<T>) -> String {
        value.map_or("-".to_owned(), |value| value.to_string())
    }
    let records = RawSet::read(file).unwrap().records;
    let row = |r: corpus::raw::Record| {
        format!("{}|{}|{}|{}|{}|{}", r.id, r.sentence_id, r.text, shown(r.label), shown(r.score), u8::from(r.is_root))
    };
    records.into_iter().map(row).collect()
}
