//! The program from outside: answers come when their rows do.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::common::{command, lines, piped};
use testkit::Sandbox;

fn spawn(sandbox: &Sandbox, flags: &str) -> Child {
    let mut command = command(sandbox, flags);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Whoever waits for an answer before the next row gets it: otherwise this test never ends.
#[test]
fn a_line_is_answered_before_the_next_one_comes() {
    let sandbox = Sandbox::new();
    for (flags, make) in [
        ("--quiet", (|row| format!("w{row}\n")) as fn(usize) -> String),
        ("--quiet --input-format jsonl", |row| format!("{{\"text\": \"w{row}\"}}\n")),
    ] {
        let mut child = spawn(&sandbox, flags);
        let mut stdin = child.stdin.take().unwrap();
        let mut answers = BufReader::new(child.stdout.take().unwrap()).lines();
        for row in 5..15 {
            stdin.write_all(make(row).as_bytes()).unwrap();
            let answer = answers.next().unwrap().unwrap();
            assert_eq!(lines(&answer)[0]["text"], format!("w{row}"), "{flags}");
        }
        stdin.write_all(make(20).trim_end().as_bytes()).unwrap();
        drop(stdin);
        assert_eq!(lines(&answers.next().unwrap().unwrap())[0]["text"], "w20", "the last line needs no end");
        assert!(answers.next().is_none());
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
}

#[test]
fn csv_is_passed_on_as_it_comes_too() {
    let sandbox = Sandbox::new();
    let mut child = spawn(&sandbox, "--quiet --output-format csv");
    let mut stdin = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap()).lines();
    stdin.write_all(b"w5\n").unwrap();
    assert_eq!(answers.next().unwrap().unwrap(), "text,label,probability_a,probability_b,probability_c");
    assert!(answers.next().unwrap().unwrap().starts_with("w5,"));
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// The input has no end here, and its writer never stops by itself.
#[test]
fn a_reader_that_has_seen_enough_ends_it_quietly() {
    let sandbox = Sandbox::new();
    for format in ["jsonl", "csv", "tsv"] {
        let mut child = spawn(&sandbox, &format!("--output-format {format}"));
        let mut stdin = child.stdin.take().unwrap();
        let writer = std::thread::spawn(move || while stdin.write_all(b"w5 w6\n").is_ok() {});
        let mut answers = BufReader::new(child.stdout.take().unwrap());
        answers.read_line(&mut String::new()).unwrap();
        drop(answers);
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        // Lines of progress are talk of a long run.
        let said: Vec<&str> = stderr.lines().filter(|line| !line.contains(" rows/s")).collect();
        assert_eq!((output.status.code(), said), (Some(0), vec![]), "{format}");
    }
}

#[test]
fn a_signal_ends_it_quietly_and_leaves_no_half_file() {
    use std::os::unix::process::ExitStatusExt;
    let sandbox = Sandbox::new();
    let interrupt = |child: &Child| {
        let line = format!("/bin/kill -INT {}", child.id());
        sandbox.run(&line).assert_success(&line);
    };
    let mut child = spawn(&sandbox, "");
    let mut stdin = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap());
    stdin.write_all(b"w5\n").unwrap();
    answers.read_line(&mut String::new()).unwrap();
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.signal(), String::from_utf8(output.stderr).unwrap()), (Some(2), String::new()));

    let mut child = spawn(&sandbox, "--quiet --output answers.csv");
    let stdin = child.stdin.take().unwrap();
    let partial = sandbox.path(".answers.csv.partial");
    let begun = Instant::now();
    while !partial.exists() {
        assert!(begun.elapsed() < Duration::from_secs(300), "the output was never begun");
        std::thread::sleep(Duration::from_millis(5));
    }
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    drop(stdin);
    assert_eq!(output.status.code(), Some(130));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "error: interrupted; answers.csv was not written\n");
    assert!(!partial.exists() && !sandbox.path("answers.csv").exists());
}

#[test]
fn a_long_input_is_answered_in_its_order() {
    let sandbox = Sandbox::new();
    let rows: String = (0..2000).map(|row| format!("w{} {}\n", 5 + row % 50, "w6 ".repeat(row % 20))).collect();
    let answer = piped(&sandbox, "--quiet", rows.as_bytes());
    let texts: Vec<String> = crate::common::texts(&answer.stdout);
    assert_eq!(texts, rows.lines().collect::<Vec<_>>());
}
