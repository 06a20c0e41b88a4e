//! Downloads: a file that is resumed where it was cut, in this run or in an earlier one, verified, and only then visible.

mod proxy;
mod failure;
mod client;

use std::io::{Read, Write};
use std::path::Path;

use anyhow::Context;
use stage::{Progress, ResumableFile};

pub(crate) use client::{Answer, Client};
pub(crate) use failure::Failure;

/// Bytes that are written at once.
const CHUNK: usize = 1 << 18;
/// A file that grows is asked for again so often.
const MAX_CUTS: u32 = 100;
const KIB: u64 = 1 << 10;

/// A file to download.
pub(crate) struct Request<'a> {
    pub(crate) url: &'a str,
    /// For progress and messages.
    pub(crate) name: &'a str,
    /// Where it appears.
    pub(crate) target: &'a Path,
    /// Its size, where that is known before.
    pub(crate) bytes: Option<u64>,
    /// Whether a file has the right content.
    pub(crate) is_right: &'a dyn Fn(&Path) -> anyhow::Result<bool>,
}

/// How a download ended that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Downloaded {
    Whole,
    /// Twice the server sent a file with another content; nothing of it is kept.
    Wrong,
}

/// Downloads a file, unless another process has done so by now. `answer` is one that was already had for it, if any.
///
/// # Errors
/// Fails when the server does, and when the file cannot be written. Its beginning stays for the next run.
pub(crate) fn download(client: &Client, request: &Request, answer: Option<Answer>) -> anyhow::Result<Downloaded> {
    let mut file = ResumableFile::open(request.target)?;
    if request.target.is_file() && (request.is_right)(request.target)? {
        return Ok(Downloaded::Whole);
    }
    let mut answer = answer.filter(|_| file.bytes() == 0);
    for _ in 0..2 {
        fill(client, request, answer.take(), &mut file)?;
        let has_size = request.bytes.is_none_or(|bytes| bytes == file.bytes());
        if has_size && (request.is_right)(file.partial_path())? {
            file.commit()?;
            return Ok(Downloaded::Whole);
        }
        file.restart()?;
    }
    Ok(Downloaded::Wrong)
}

/// Adds what is missing of the file.
fn fill(
    client: &Client,
    request: &Request,
    mut answer: Option<Answer>,
    file: &mut ResumableFile,
) -> anyhow::Result<()> {
    let (mut attempt, mut n_cuts) = (0, 0);
    loop {
        let before = file.bytes();
        if request.bytes.is_some_and(|bytes| before >= bytes) {
            return Ok(());
        }
        let answer = match answer.take() {
            Some(answer) => answer,
            None => client.get(request.url, before)?,
        };
        let Err(failure) = append(client, request, answer, file)? else { return Ok(()) };
        n_cuts += 1;
        attempt = if file.bytes() > before && n_cuts < MAX_CUTS { 1 } else { attempt + 1 };
        client.wait(failure, attempt)?;
    }
}

/// Appends one answer; the inner error is that the connection broke.
fn append(
    client: &Client,
    request: &Request,
    mut answer: Answer,
    file: &mut ResumableFile,
) -> anyhow::Result<Result<(), Failure>> {
    let start = if answer.status == 206 { answer.range_start() } else { Some(0) };
    if answer.status == 416 || start != Some(file.bytes()) {
        // What is there goes beyond the file, or the server sends it from its beginning.
        file.restart()?;
        if answer.status == 416 || start != Some(0) {
            return Ok(Err(Failure::cut(request.url, 0, answer.total().unwrap_or_default())));
        }
    }
    let total = answer.total();
    if let (Some(total), Some(bytes)) = (total, request.bytes)
        && total != bytes
    {
        return Ok(Ok(())); // another file, which need not be read to know it
    }
    let mut progress = Progress::new(
        &format!("sst-fetch: {} (KiB)", request.name),
        file.bytes() / KIB,
        total.or(request.bytes).unwrap_or_default() / KIB,
        client.is_quiet() || total.is_none(),
    );
    let mut chunk = vec![0; CHUNK];
    let ended = loop {
        match answer.body.read(&mut chunk) {
            Ok(0) => break Ok(()),
            Ok(n) => {
                let context = || format!("cannot write {}", request.target.display());
                file.write_all(&chunk[..n]).with_context(context)?;
                progress.set(file.bytes() / KIB, String::new);
                if total.is_some_and(|total| file.bytes() > total) {
                    break Ok(()); // more than it says: its content is wrong
                }
            }
            Err(error) => break Err(Failure::network(request.url, &error)),
        }
    };
    progress.finish();
    Ok(match (ended, total) {
        (Ok(()), Some(total)) if file.bytes() < total => Err(Failure::cut(request.url, file.bytes(), total)),
        (ended, _) => ended,
    })
}
