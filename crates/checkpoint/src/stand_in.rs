//! Stand-ins: what lies where the content of a file should be that was never fetched. A clone without Git LFS has pointers of a few lines
//! instead of large files, and a download that went wrong has the page of an error.

use std::fmt;
use std::io::{self, Read, Seek};

/// How a pointer of Git LFS begins, in each of its versions.
const LFS: [&[u8]; 2] = [b"version https://git-lfs.github.com/spec/", b"version https://hawser.github.com/spec/"];

/// How pages begin, in lower case, after white space.
const PAGE: [&[u8]; 2] = [b"<!doctype html", b"<html"];

/// How many bytes from the beginning of a file are enough to know.
const N_LOOKED_AT: u64 = 256;

/// What lies instead of a file. In messages it is what the file is, and what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StandIn {
    /// A pointer of Git LFS.
    LfsPointer,
    /// An HTML page.
    HtmlPage,
}

impl StandIn {
    /// The one that begins with these bytes, if any.
    pub fn of(begin: &[u8]) -> Option<Self> {
        if LFS.iter().any(|lfs| begin.starts_with(lfs)) {
            return Some(Self::LfsPointer);
        }
        let page = begin.strip_prefix(b"\xef\xbb\xbf").unwrap_or(begin).trim_ascii_start();
        let is_page = |start: &&[u8]| page.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start));
        PAGE.iter().any(is_page).then_some(Self::HtmlPage)
    }

    /// The one that an open file is, if any; the file stands at its beginning before and after.
    ///
    /// # Errors
    /// Fails when the file cannot be read.
    pub fn in_file(file: &mut (impl Read + Seek)) -> io::Result<Option<Self>> {
        let mut begin = Vec::new();
        file.by_ref().take(N_LOOKED_AT).read_to_end(&mut begin)?;
        file.rewind()?;
        Ok(Self::of(&begin))
    }
}

impl fmt::Display for StandIn {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(match self {
            Self::LfsPointer => {
                "it is a pointer of Git LFS in place of the file; run `git lfs install` and `git lfs pull` in its repository, or \
                 download the file"
            }
            Self::HtmlPage => {
                "it is an HTML page, such as a site answers with in place of a file; download the file itself (on the hub \
                 from /resolve/, not /blob/)"
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_and_pages_are_told_from_files() {
        let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 90868376\n";
        assert_eq!(StandIn::of(pointer), Some(StandIn::LfsPointer));
        assert!(StandIn::LfsPointer.to_string().contains("`git lfs pull`"));
        for page in ["<!DOCTYPE html>\n<html>", "\u{feff}\n <html lang=\"en\">", "<HTML>"] {
            assert_eq!(StandIn::of(page.as_bytes()), Some(StandIn::HtmlPage), "{page}");
        }
        for file in ["", "{}", "<", "<!doctype", "version,text\n", "version https://example.org/spec/", "text\n<html>"]
        {
            assert_eq!(StandIn::of(file.as_bytes()), None, "{file}");
        }
        let mut file = io::Cursor::new(pointer);
        assert_eq!(StandIn::in_file(&mut file).unwrap(), Some(StandIn::LfsPointer));
        assert_eq!(file.position(), 0);
    }
}
