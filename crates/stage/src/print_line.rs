//! Lines on stdout, whoever reads them.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

use anyhow::Context;

/// Prints a line. A reader that has gone away, as `head` does, is told no more.
///
/// # Errors
/// Fails where stdout cannot be written, as on a full disk.
pub fn print_line(line: impl Display) -> anyhow::Result<()> {
    match writeln!(io::stdout(), "{line}") {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("cannot write to stdout"),
    }
}
