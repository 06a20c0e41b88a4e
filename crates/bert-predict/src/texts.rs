//! Input texts: the arguments, the rows of a file, or the lines of stdin.

use std::io::{IsTerminal, Read, stdin};
use std::path::Path;

use anyhow::Context;
use stage::{BadInput, bail_input};

use crate::args::Args;

/// The texts to classify, in the order of the output.
pub(crate) fn read(args: &Args) -> anyhow::Result<Vec<String>> {
    if let Some(path) = &args.input {
        return match path.extension().and_then(|extension| extension.to_str()) {
            Some("txt") => {
                let unreadable = || BadInput::new(format!("cannot read {}", path.display()));
                lines(&std::fs::read(path).with_context(unreadable)?, path)
            }
            _ => Ok(corpus::records::texts(path, args.text_column.as_deref())?),
        };
    }
    if !args.texts.is_empty() {
        return Ok(args.texts.clone());
    }
    if stdin().is_terminal() {
        bail_input!("no text given: pass texts as arguments, a file with --input, or lines on stdin");
    }
    let mut bytes = Vec::new();
    stdin().read_to_end(&mut bytes).context("cannot read stdin")?;
    lines(&bytes, Path::new("stdin"))
}

/// One text per line; an empty line is an empty text, since the output has a line for each line of the input.
fn lines(bytes: &[u8], source: &Path) -> anyhow::Result<Vec<String>> {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    if bytes.is_empty() {
        return Ok(Vec::new());
    }
    let mut texts = Vec::new();
    for (index, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let not_utf8 = || BadInput::new(format!("{}: line {} is not UTF-8", source.display(), index + 1));
        texts.push(std::str::from_utf8(line).with_context(not_utf8)?.to_owned());
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_a_text() {
        let lines = |bytes: &[u8]| lines(bytes, Path::new("stdin"));
        assert_eq!(lines(b"fine\r\n\nbad\n").unwrap(), ["fine", "", "bad"]);
        assert_eq!(lines(b"").unwrap(), [] as [&str; 0]);
        assert!(lines(b"fine\ncaf\xe9").unwrap_err().to_string().starts_with("stdin: line 2 is not UTF-8"));
    }
}
