//! Rows of stdin, answered as they come: a window closes when the input pauses.
//!
//! One thread does nothing but read, so that a pause is a moment in which it has nothing to give.

use std::io::{Read, stdin};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use anyhow::Context;
use corpus::records::{Columns, Encoding, ObjectLines};
use stage::{NO_THREAD, bad_input, bail_input};

use super::window::{InputRow, Window, WindowBuilder};
use crate::args::{InputArgs, InputFormat};

/// How long nothing may come before the rows that are there are answered.
const PAUSE: Duration = Duration::from_millis(1);
/// Bytes that are read at once.
const BLOCK_SIZE: usize = 1 << 16;
/// Blocks of lines that wait at most.
const BLOCKS_AHEAD: usize = 4;
/// The longest line, in bytes.
const MAX_LINE: usize = 64 << 20;
/// The name of the input in messages.
const STDIN: &str = "stdin";
const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";

/// Lines, or what ended them before their time.
type Lines = anyhow::Result<Vec<Vec<u8>>>;

/// Rows that come from stdin.
pub(crate) struct StdinRows {
    objects: Option<ObjectLines>,
    encoding: Option<Encoding>,
    strict: bool,
    kept: Vec<String>,
}

impl StdinRows {
    pub(super) fn new(args: &InputArgs) -> Self {
        let columns = Columns { text: args.text_column.clone(), keep: args.kept().to_vec(), ..Columns::default() };
        let is_jsonl = args.input_format == Some(InputFormat::Jsonl);
        Self {
            objects: is_jsonl.then(|| ObjectLines::new(&columns)),
            encoding: args.tables.encoding,
            strict: args.tables.strict,
            kept: columns.keep,
        }
    }

    pub(super) fn kept(&self) -> &[String] {
        &self.kept
    }

    pub(super) fn for_each_window(
        self,
        mut builder: WindowBuilder,
        each: &mut dyn FnMut(Window) -> ControlFlow<()>,
    ) -> anyhow::Result<()> {
        let lines = begin_reading()?;
        let mut number = 0;
        loop {
            let next = if builder.is_empty() {
                lines.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                lines.recv_timeout(PAUSE)
            };
            match next {
                Ok(block) => {
                    for line in block? {
                        number += 1;
                        match self.row(number, &line) {
                            Ok(row) => row.into_iter().for_each(|row| builder.push(row)),
                            Err(error) => {
                                // What came before is answered.
                                let _ = builder.is_empty() || each(builder.take()).is_break();
                                return Err(error);
                            }
                        }
                        if builder.is_full() && each(builder.take()).is_break() {
                            return Ok(());
                        }
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    if each(builder.take()).is_break() {
                        return Ok(());
                    }
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let _ = builder.is_empty() || each(builder.take()).is_break();
                    return Ok(());
                }
            }
        }
    }

    /// The row of a line; none of a blank one among JSON.
    fn row(&self, number: u64, line: &[u8]) -> anyhow::Result<Option<InputRow>> {
        let broken = |problem: String, kept| match self.strict {
            true => Err(bad_input!("{problem}")),
            false => Ok(Some(InputRow { text: Err(problem), kept })),
        };
        let decoded = match self.encoding {
            Some(encoding) => encoding.decode(line),
            None => std::str::from_utf8(line).ok().map(str::to_owned),
        };
        let Some(text) = decoded else {
            let expected = self.encoding.map_or("UTF-8", Encoding::name);
            return broken(
                format!("{STDIN}, line {number}: it is not {expected}; give its encoding with --encoding"),
                Vec::new(),
            );
        };
        match &self.objects {
            None => Ok(Some(InputRow { text: Ok(text), kept: Vec::new() })),
            Some(_) if text.trim().is_empty() => Ok(None),
            Some(objects) => match objects.read(Path::new(STDIN), number, &text) {
                Ok(row) => Ok(Some(InputRow { text: Ok(row.text), kept: row.kept })),
                Err(row) => broken(row.error.to_string(), row.kept),
            },
        }
    }
}

/// Begins to read in a thread of its own. It is left alone when nobody wants its lines any more: it may wait for ever.
fn begin_reading() -> anyhow::Result<Receiver<Lines>> {
    let (sender, receiver) = sync_channel(BLOCKS_AHEAD);
    thread::Builder::new()
        .name("stdin".to_owned())
        .spawn(move || {
            if let Err(error) = read_lines(stdin().lock(), &sender) {
                let _ = sender.send(Err(error));
            }
        })
        .context(NO_THREAD)?;
    Ok(receiver)
}

/// Gives the lines as they come, those of one read together, without their line breaks and without a mark at the beginning.
fn read_lines(mut source: impl Read, sender: &SyncSender<Lines>) -> anyhow::Result<()> {
    let mut block = vec![0; BLOCK_SIZE];
    let mut pending: Vec<u8> = Vec::new();
    let mut is_first = true;
    loop {
        let n = source.read(&mut block).with_context(|| format!("cannot read {STDIN}"))?;
        let mut lines = Vec::new();
        let mut rest = &block[..n];
        while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
            pending.extend_from_slice(&rest[..end]);
            rest = &rest[end + 1..];
            lines.push(ended(std::mem::take(&mut pending), &mut is_first)?);
        }
        pending.extend_from_slice(rest);
        if pending.len() > MAX_LINE {
            bail_input!("{STDIN} has a line of more than {MAX_LINE} bytes; expected a text a line");
        }
        if n == 0 && !pending.is_empty() {
            lines.push(ended(std::mem::take(&mut pending), &mut is_first)?);
        }
        if !lines.is_empty() && sender.send(Ok(lines)).is_err() || n == 0 {
            return Ok(());
        }
    }
}

/// A line whose end has come.
fn ended(mut line: Vec<u8>, is_first: &mut bool) -> anyhow::Result<Vec<u8>> {
    if std::mem::take(is_first) {
        if line.starts_with(b"\xff\xfe") || line.starts_with(b"\xfe\xff") {
            bail_input!("{STDIN} begins with the mark of UTF-16; convert it, with `iconv -f UTF-16 -t UTF-8`");
        }
        if line.starts_with(UTF8_MARK) {
            line.drain(..UTF8_MARK.len());
        }
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives these bytes, a few at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let n = self.1.min(self.0.len());
            buffer[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    fn lines(bytes: &[u8]) -> Vec<String> {
        let read = |at_once| {
            let (sender, receiver) = sync_channel(1000);
            read_lines(Slow(bytes, at_once), &sender).unwrap();
            drop(sender);
            let lines = receiver.into_iter().flat_map(Result::unwrap);
            lines.map(|line| String::from_utf8_lossy(&line).into_owned()).collect::<Vec<_>>()
        };
        let all = read(BLOCK_SIZE);
        (1..=5).for_each(|at_once| assert_eq!(read(at_once), all, "{at_once}"));
        all
    }

    #[test]
    fn each_line_is_a_text_whatever_ends_it_and_however_it_comes() {
        assert_eq!(lines(b"fine\r\n\nbad\n"), ["fine", "", "bad"]);
        assert_eq!(lines(b"\xef\xbb\xbffine\nno end"), ["fine", "no end"]);
        assert_eq!(lines(b""), [] as [&str; 0]);
        assert_eq!(lines(b"\n"), [""]);
        assert_eq!(lines("\u{feff}".as_bytes()), [""]);
    }

    #[test]
    fn what_has_no_lines_is_refused() {
        let (sender, _receiver) = sync_channel(1000);
        let error = read_lines(Slow(b"\xff\xfea\0\n\0", 9), &sender).unwrap_err().to_string();
        assert!(error.contains("mark of UTF-16"), "{error}");
    }
}
