//! Collecting: the shards of an input become one result, the same as that of an undivided run.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use stage::{Job, Manifest, OutputWriter, bad_input, bail_input, ensure_input};

use super::ledger::{self, Entry, PARTS};
use super::plan::SHARD;
use super::{N_PARTS, STAGE, common, ensure_own, figures};
use crate::args::{Args, Shard};
use crate::counts::Counts;

/// A shard that is finished.
struct Finished {
    folder: PathBuf,
    manifest: Manifest,
    entries: Vec<Entry>,
}

/// Makes one result of the shards in the folder `out`, and leaves these as they are.
///
/// # Errors
/// Fails where a shard is missing, unfinished, edited or of other settings, and where a part is missing or there twice.
pub(crate) fn collect(args: &Args, out: &Path) -> anyhow::Result<()> {
    ensure_own(out)?;
    let shards = finished_shards(out)?;
    let first = shards.first().ok_or_else(|| bad_input!("{} holds no shards", out.display()))?;
    for other in &shards[1..] {
        ensure_input!(
            whole_plan(&other.manifest) == whole_plan(&first.manifest)
                && other.manifest.inputs == first.manifest.inputs,
            "{} and {} are shards of different runs: their models, inputs or settings differ; make them again with one command",
            first.folder.display(),
            other.folder.display()
        );
    }
    let mut parts: BTreeMap<u64, (&Path, &Entry)> = BTreeMap::new();
    for shard in &shards {
        for entry in &shard.entries {
            if let Some((other, _)) = parts.insert(entry.part, (&shard.folder, entry)) {
                bail_input!("part {} is in {} and in {}", entry.part, other.display(), shard.folder.display());
            }
        }
    }
    let n_parts = first.manifest.recorded.get(N_PARTS).and_then(|n| n.as_u64()).unwrap_or_default();
    if let Some(missing) = (0..n_parts).find(|part| !parts.contains_key(part)) {
        bail_input!("part {missing} of {n_parts} is in none of the shards in {}", out.display());
    }

    let mut job = Job::new(STAGE, &common(args, out.to_owned())).plan(&whole_plan(&first.manifest))?.figures(figures);
    let paths = first.manifest.recorded.get("paths").cloned().unwrap_or_default();
    for (role, fingerprint) in &first.manifest.inputs {
        job = job.known_input(role, paths[role].as_str().unwrap_or_default(), fingerprint.clone());
    }
    for (name, fact) in first.manifest.recorded.iter().filter(|(name, _)| *name != "paths") {
        job = job.record(name, fact);
    }
    let Some(mut folder) = job.begin()? else { return Ok(()) };
    for (shard, entry) in parts.values() {
        let path = shard.join(&entry.file);
        folder.copy(&entry.file, &path)?;
        ensure_input!(folder.written(&entry.file) == Some(&entry.fingerprint), "{}", not_what_was_written(&path));
    }
    let mut counts = Counts::default();
    parts.values().for_each(|(_, entry)| counts.add(&entry.counts));
    counts.ensure_some_read()?;
    let key = folder.key().to_owned();
    ledger::write(&mut folder, &key, parts.values().map(|(_, entry)| (*entry).clone()).collect())?;
    folder.finish()?;
    let n_parts = stage::counted(parts.len() as u64, "part");
    args.say(&format!("{n_parts} of {} shards, {} in all", shards.len(), stage::counted(counts.rows, "row")));
    Ok(())
}

const AGAIN: &str = "make the shard again";

fn not_what_was_written(path: &Path) -> String {
    format!("{} is not what was written: it was edited or damaged; {AGAIN}", path.display())
}

/// All shards in a folder, each finished and of the same number.
fn finished_shards(out: &Path) -> anyhow::Result<Vec<Finished>> {
    let shown = out.display();
    let listing = fs::read_dir(out).map_err(|error| bad_input!("{shown} cannot be read: {error}"))?;
    let mut found: Vec<Shard> = Vec::new();
    for entry in listing {
        found.extend(Shard::of_folder(&entry?.file_name().to_string_lossy()));
    }
    found.sort_by_key(|shard| (shard.count, shard.index));
    let Some(first) = found.first() else {
        bail_input!("{shown} holds no shards; make them with --out {shown} --shard I/N")
    };
    if let Some(other) = found.iter().find(|shard| shard.count != first.count) {
        bail_input!(
            "{shown} holds {} and {}: parts would be there twice; remove those of one division",
            first.folder(),
            other.folder()
        );
    }
    let missing = (1..=first.count).map(|index| Shard { index, ..*first }).find(|shard| !found.contains(shard));
    if let Some(missing) = missing {
        bail_input!("{shown} has no {}; make it with --shard {}/{}", missing.folder(), missing.index, missing.count);
    }
    found.iter().map(|shard| finished(&out.join(shard.folder()))).collect()
}

fn finished(folder: &Path) -> anyhow::Result<Finished> {
    stage::verify_files(folder, &[PARTS])?;
    let manifest = Manifest::read(folder).filter(|manifest| manifest.stage == STAGE.name);
    let manifest = manifest
        .ok_or_else(|| bad_input!("{} is not finished, or was edited; run its command again", folder.display()))?;
    let entries = ledger::read(&folder.join(PARTS))?;
    for entry in &entries {
        let path = folder.join(&entry.file);
        let found =
            path.metadata().map_err(|error| bad_input!("{} cannot be read: {error}; {AGAIN}", path.display()))?;
        ensure_input!(found.len() == entry.fingerprint.bytes, "{}", not_what_was_written(&path));
    }
    Ok(Finished { folder: folder.to_owned(), manifest, entries })
}

/// The plan of a shard but for its share.
fn whole_plan(manifest: &Manifest) -> serde_json::Value {
    let mut plan = manifest.plan.clone();
    if let Some(fields) = plan.as_object_mut() {
        fields.remove(SHARD);
    }
    plan
}
