//! Progress of a long loop on stderr: a bar on a terminal, a plain line now and then elsewhere and where messages are JSON.

use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::messages::{are_json, harmless, say, say_warnings};

/// Seconds between two plain lines where there is no terminal.
const BETWEEN_LINES: Duration = Duration::from_secs(5);

/// Progress of one loop, on stderr.
#[derive(Debug)]
pub struct Progress {
    title: String,
    display: Display,
    done: u64,
    /// 0 where it is not known.
    total: u64,
    /// Work that an earlier run had done: it does not count for the rate.
    at_start: u64,
    started: Instant,
}

#[derive(Debug)]
enum Display {
    Bar(ProgressBar),
    Lines { last: Instant },
    Nothing,
}

impl Progress {
    /// Progress of a loop whose end is not known, or not yet: [`Progress::set_total`].
    pub fn open_ended(title: &str, quiet: bool) -> Self {
        let progress = Self::new(title, 0, 0, quiet);
        if let Display::Bar(bar) = &progress.display
            && let Ok(style) = ProgressStyle::with_template("{prefix} {pos} {msg}")
        {
            bar.set_style(style);
        }
        progress
    }

    /// Says what the total is, once it is known.
    pub fn set_total(&mut self, total: u64) {
        if total != self.total {
            self.total = total;
            if let Display::Bar(bar) = &self.display {
                bar.set_length(total);
                bar.set_style(bar_style());
            }
        }
    }

    /// Progress that begins at `done` of `total`; shows nothing when `quiet`.
    pub fn new(title: &str, done: u64, total: u64, quiet: bool) -> Self {
        let display = if quiet {
            Display::Nothing
        } else if stderr().is_terminal() && !are_json() {
            let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
            bar.set_style(bar_style());
            bar.set_prefix(title.to_owned());
            bar.set_position(done);
            Display::Bar(bar)
        } else {
            Display::Lines { last: Instant::now() }
        };
        Self { title: title.to_owned(), display, done, total, at_start: done, started: Instant::now() }
    }

    /// Moves to `done`; `message` is called only when it will be shown.
    pub fn set(&mut self, done: u64, message: impl FnOnce() -> String) {
        self.done = done;
        let left = self.time_left();
        match &mut self.display {
            Display::Nothing => {}
            Display::Bar(bar) => {
                bar.set_message(format!("{}{left}", message()));
                bar.set_position(done);
            }
            Display::Lines { last } if last.elapsed() >= BETWEEN_LINES => {
                *last = Instant::now();
                let of = if self.total > 0 { format!("/{}", self.total) } else { String::new() };
                say(&format!("{}: {done}{of}  {}{left}", self.title, message()));
            }
            Display::Lines { .. } => {}
        }
    }

    /// Prints a line of its own without breaking the bar; where no progress is shown, only a warning.
    pub fn say(&self, line: &str) {
        match &self.display {
            Display::Nothing => say_warnings(line),
            Display::Bar(bar) => bar.println(harmless(line)),
            Display::Lines { .. } => say(line),
        }
    }

    /// As [`Progress::say`], also where no progress is shown.
    pub fn say_always(&self, line: &str) {
        match &self.display {
            Display::Nothing => say(line),
            Display::Bar(_) | Display::Lines { .. } => self.say(line),
        }
    }

    /// The time since its beginning.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Takes the bar away.
    pub fn finish(self) {
        if let Display::Bar(bar) = self.display {
            bar.finish_and_clear();
        }
    }

    /// `  1:05 left`; nothing where the total is not known.
    fn time_left(&self) -> String {
        let done_here = self.done.saturating_sub(self.at_start);
        if self.total == 0 {
            return String::new();
        }
        if done_here == 0 {
            return "  ? left".to_owned();
        }
        let seconds =
            self.started.elapsed().as_secs_f64() / done_here as f64 * self.total.saturating_sub(self.done) as f64;
        format!("  {} left", clock(seconds))
    }
}

fn bar_style() -> ProgressStyle {
    ProgressStyle::with_template("{prefix} {bar:24} {pos}/{len} {msg}").unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// `3725.0` as `1:02:05`.
pub fn clock(seconds: f64) -> String {
    let seconds = seconds.round() as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_clock_has_hours_only_when_needed() {
        assert_eq!(super::clock(65.4), "1:05");
        assert_eq!(super::clock(3725.0), "1:02:05");
    }
}
