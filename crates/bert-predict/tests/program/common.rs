//! What the tests of the program share: the small model of the fixtures, which has the outputs a, b and c.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;
use testkit::{Outcome, Sandbox, fixture};

/// The program with this model, in float32 and one thread.
pub(crate) fn command(sandbox: &Sandbox, flags: &str) -> Command {
    let model = fixture("small-bert");
    sandbox.command(&format!("bert-predict --model {} --precision float32 --threads 1 {flags}", model.display()))
}

/// Runs it to its end, without stdin.
pub(crate) fn run(sandbox: &Sandbox, flags: &str) -> Outcome {
    testkit::outcome(&mut command(sandbox, flags))
}

/// Runs what must succeed.
pub(crate) fn succeed(sandbox: &Sandbox, flags: &str) -> Outcome {
    let outcome = run(sandbox, flags);
    outcome.assert_success(flags);
    outcome
}

/// Runs what must be refused, and returns its message.
pub(crate) fn refuse(sandbox: &Sandbox, flags: &str) -> String {
    let outcome = run(sandbox, flags);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(2), ""), "{flags}: {}", outcome.stderr);
    outcome.stderr
}

/// Runs it with these bytes on stdin.
pub(crate) fn piped(sandbox: &Sandbox, flags: &str, stdin: &[u8]) -> Outcome {
    let mut command = command(sandbox, flags);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // One that refuses its arguments reads nothing.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Outcome { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// The lines of an output of JSON lines.
pub(crate) fn lines(output: &str) -> Vec<Value> {
    output.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The texts of JSON lines.
pub(crate) fn texts(output: &str) -> Vec<String> {
    lines(output).iter().map(|line| line["text"].as_str().unwrap_or("(null)").to_owned()).collect()
}
