//! Messages: what a program says on stderr, as text or as JSON lines (`--log-format json`).
//!
//! ```json
//! {"time":"2026-11-29T01:46:24.123Z","level":"warning","stage":"bert-eval","message":"…"}
//! ```
//!
//! Whoever says something writes it as a person reads it; level and stage are told from its beginning, so that the two
//! formats say the same. The format is the process's own, as stderr is, since panics and signals know no arguments.

use std::borrow::Cow;
use std::ffi::OsString;
use std::io::{self, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use clap::ValueEnum;
use serde::Serialize;

use crate::utc::utc;

/// How messages are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum LogFormat {
    /// Lines for people, and progress bars on a terminal.
    #[default]
    Text,
    /// A JSON object a line, and no progress bars.
    Json,
}

static IS_JSON: AtomicBool = AtomicBool::new(false);
static SAYS_ERRORS_ALONE: AtomicBool = AtomicBool::new(false);
/// The program's name.
static PROGRAM: OnceLock<String> = OnceLock::new();

/// Says in which format this process writes messages from now on.
pub(crate) fn set_format(program: &str, format: LogFormat) {
    PROGRAM.get_or_init(|| program.to_owned());
    IS_JSON.store(format == LogFormat::Json, Ordering::Relaxed);
}

/// From now on this process says nothing but errors: of several that do the same work one says the rest.
pub fn say_errors_alone() {
    SAYS_ERRORS_ALONE.store(true, Ordering::Relaxed);
}

/// Whether messages are JSON lines.
pub(crate) fn are_json() -> bool {
    IS_JSON.load(Ordering::Relaxed)
}

/// The format that was typed, for what is said before the arguments are known to be right.
pub(crate) fn typed_format(words: &[OsString]) -> LogFormat {
    const FLAG: &str = "--log-format";
    let is_json = |(index, word): (usize, &OsString)| match word.to_str().and_then(|word| word.strip_prefix(FLAG)) {
        Some("=json") => true,
        Some("") => words.get(index + 1).is_some_and(|value| value == "json"),
        _ => false,
    };
    if words.iter().enumerate().any(is_json) { LogFormat::Json } else { LogFormat::Text }
}

/// A message as a terminal may have it: names of the user's data are within it, and a control character among them, or one that
/// turns the direction of what follows, would be obeyed.
pub fn harmless(text: &str) -> Cow<'_, str> {
    let is_obeyed = |character: char| match character {
        '\n' | '\t' => false,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        _ => character.is_control(),
    };
    if text.contains(is_obeyed) { text.replace(is_obeyed, "\u{fffd}").into() } else { text.into() }
}

/// Writes a message of one or several lines to stderr. One that cannot be written, since the disk is full or nobody listens any
/// more, is lost: the run goes on, and its exit code still says how it ended.
pub fn say(text: &str) {
    if SAYS_ERRORS_ALONE.load(Ordering::Relaxed) && level(text.trim()).0 != "error" {
        return;
    }
    if !are_json() {
        let _ = writeln!(io::stderr(), "{}", harmless(text));
        return;
    }
    let program = PROGRAM.get().map_or("", String::as_str);
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let _ = writeln!(io::stderr(), "{}", Record::new(program, line, SystemTime::now()).json());
    }
}

/// Of a text what is said with `--quiet`: its lines that are warnings.
pub fn say_warnings(text: &str) {
    text.lines().filter(|line| is_warning(line)).for_each(say);
}

/// Whether a line is a warning, whichever stage says it.
pub fn is_warning(line: &str) -> bool {
    level(line.trim()).0 == "warning"
}

/// The level of a line, and what it says: `bert-eval: warning: few rows`, `sst-fetch dataset: warning: few rows`, `error: no file`.
fn level(line: &str) -> (&'static str, &str) {
    let behind = |level: &str| {
        let rest = line.strip_prefix(level).or_else(|| {
            let (stage, rest) = line.split_once(": ")?;
            rest.strip_prefix(level).filter(|_| stage.starts_with("bert-") || stage.starts_with("sst-"))
        })?;
        rest.strip_prefix(": ")
    };
    ["error", "warning"].into_iter().find_map(|level| Some((level, behind(level)?))).unwrap_or(("info", line))
}

#[derive(Serialize)]
struct Record<'a> {
    time: String,
    level: &'static str,
    stage: &'a str,
    message: &'a str,
}

impl<'a> Record<'a> {
    fn new(program: &'a str, line: &'a str, now: SystemTime) -> Self {
        let line = line.trim();
        // `bert-eval: …` says its stage already; `bert-eval: nodes: …` says more.
        let message = line.strip_prefix(program).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(line);
        let (level, message) = level(message);
        Self { time: utc(now), level, stage: program, message }
    }

    fn json(&self) -> String {
        // A struct of strings has a JSON form.
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn a_message_says_its_level_and_its_stage_by_its_beginning() {
        let json = |line: &str| Record::new("bert-eval", line, UNIX_EPOCH + Duration::from_millis(1500)).json();
        let expected = |level: &str, message: &str| {
            format!(
                r#"{{"time":"1970-01-01T00:00:01.500Z","level":"{level}","stage":"bert-eval","message":"{message}"}}"#
            )
        };
        assert_eq!(json("bert-eval: out is fresh"), expected("info", "out is fresh"));
        assert_eq!(json("bert-eval: warning: few rows"), expected("warning", "few rows"));
        assert_eq!(json("  warning: \"a\""), expected("warning", r#"\"a\""#));
        assert_eq!(json("sst-fetch dataset: warning: few rows"), expected("warning", "few rows"));
        assert_eq!(json("a text: warning: few rows"), expected("info", "a text: warning: few rows"));
        assert_eq!(json("error: no file"), expected("error", "no file"));
        assert_eq!(json("errors: 3"), expected("info", "errors: 3"));
    }

    #[test]
    fn a_terminal_obeys_no_name() {
        assert_eq!(harmless("a\tb\nc é \u{200f}"), "a\tb\nc é \u{200f}");
        assert_eq!(harmless("x\u{202e}gpj.bin"), "x\u{fffd}gpj.bin");
        assert_eq!(harmless("id\u{1b}]0;x\u{7}\r\u{9b}2J"), "id\u{fffd}]0;x\u{fffd}\u{fffd}\u{fffd}2J");
    }

    #[test]
    fn the_typed_format_is_known_before_the_arguments_are() {
        let typed = |line: &str| typed_format(&line.split(' ').map(OsString::from).collect::<Vec<_>>());
        assert_eq!(typed("x --log-format json --nonsense"), LogFormat::Json);
        assert_eq!(typed("x --nonsense --log-format=json"), LogFormat::Json);
        assert_eq!(typed("x --log-format text --out json"), LogFormat::Text);
        assert_eq!(typed("x --log-format"), LogFormat::Text);
    }
}
