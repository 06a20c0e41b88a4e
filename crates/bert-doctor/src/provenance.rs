//! Provenance: the chain of manifests from a folder back to the files that no stage wrote, each file checked on the way.
//!
//! In: an output folder. Out: a block for each folder of the chain, a line for each of its outputs and inputs. An input is
//! looked for where its manifest recorded it: from the current folder, then from each folder above the output folder, so
//! that a chain that was moved as a whole is found. What was made anew since is told from what was edited.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};

use stage::{Fingerprint, MANIFEST, Manifest, Seal, Vouchers, bad_input, bail_input, harmless, print_line};

/// Folders above the given one in which its manifest may be: `export/hf` belongs to `export`.
const MOST_LEVELS: usize = 3;

/// Prints the chain of `folder`, which may also be a file in an output folder.
///
/// # Errors
/// Fails where there is no manifest, and, all having been printed, where a file is not what was written; that is bad input.
pub(crate) fn print(folder: &Path) -> anyhow::Result<()> {
    let real = fs::canonicalize(folder).map_err(|error| bad_input!("{}: {error}", folder.display()))?;
    let Some(level) = real.ancestors().take(MOST_LEVELS).position(|folder| folder.join(MANIFEST).exists()) else {
        bail_input!("{} has no {MANIFEST}: it is unfinished, or no output folder of a stage", folder.display());
    };
    let first = match folder.ancestors().nth(level) {
        Some(spelled) if fs::canonicalize(spelled).ok().as_deref() == real.ancestors().nth(level) => spelled.to_owned(),
        _ => real.ancestors().nth(level).unwrap_or(&real).to_owned(),
    };
    let mut chain = Chain { queue: VecDeque::from([first]), ..Chain::default() };
    while let Some(folder) = chain.queue.pop_front() {
        if fs::canonicalize(&folder).is_ok_and(|real| chain.seen.insert(real)) {
            chain.print_folder(&folder)?;
        }
    }
    let Chain { n_files, n_wrong, n_not_found, .. } = chain;
    if n_not_found > 0 {
        tell(format_args!("{n_not_found} inputs were not found, and could not be checked"))?;
    }
    match (n_wrong, n_files) {
        (0, 1) => tell("1 file was checked: it is what was written"),
        (0, n_files) => tell(format_args!("{n_files} files were checked: each is what was written")),
        (_, 1) => bail_input!("the only file that was checked is not what was written"),
        (1, n_files) => bail_input!("1 of {n_files} files is not what was written"),
        (n_wrong, n_files) => bail_input!("{n_wrong} of {n_files} files are not what was written"),
    }
}

/// The walk along the manifests.
#[derive(Debug, Default)]
struct Chain {
    queue: VecDeque<PathBuf>,
    seen: BTreeSet<PathBuf>,
    vouchers: Vouchers,
    /// The disagreements that were printed, by the folder and the role.
    told: BTreeSet<(PathBuf, String)>,
    /// By their paths: the output of one stage is the input of others.
    hashes: BTreeMap<PathBuf, Fingerprint>,
    n_files: usize,
    n_wrong: usize,
    n_not_found: usize,
}

/// Where an input was.
#[derive(Clone, Copy)]
struct RecordedPath<'a> {
    recorded: &'a str,
    /// The folder in which another input of the same folder was found, with its bytes.
    moved_to: Option<&'a Path>,
}

impl Chain {
    fn print_folder(&mut self, folder: &Path) -> anyhow::Result<()> {
        let manifest = match Manifest::load(folder) {
            Ok(Some(manifest)) => manifest,
            Ok(None) => return Ok(()),
            Err(unreadable) => {
                tell(format_args!("{}\n  {unreadable}", folder.display()))?;
                self.n_files += 1;
                self.n_wrong += 1;
                return Ok(());
            }
        };
        let seal = match manifest.seal {
            Seal::Intact => "sealed",
            Seal::Missing => "not sealed: made by an older program",
            Seal::Broken => "edited: its manifest does not match its seal",
        };
        let source = manifest.plan["source"].as_str().map_or(String::new(), |source| format!(" from {source}"));
        tell(format_args!("{}: {}{source}, {seal}", folder.display(), manifest.stage))?;
        self.n_files += 1;
        self.n_wrong += usize::from(manifest.seal == Seal::Broken);
        for (name, written) in &manifest.outputs {
            let found = self.fingerprint(&folder.join(name));
            let verdict = match &found {
                Some(found) if found == written => "ok".to_owned(),
                Some(found) => format!("edited: it is {:.12} now", found.sha256),
                None => "missing".to_owned(),
            };
            self.print_file("output", written, &verdict, name)?;
        }
        let recorded = |role: &str| manifest.recorded.get("paths").and_then(|paths| paths[role].as_str());
        let moved_to = manifest.inputs.iter().find_map(|(role, read)| self.root_of(folder, recorded(role)?, read));
        for role in manifest.inputs.keys() {
            let path = recorded(role).map(|recorded| RecordedPath { recorded, moved_to: moved_to.as_deref() });
            self.print_input(folder, &manifest, role, path)?;
        }
        Ok(())
    }

    fn print_input(
        &mut self,
        folder: &Path,
        manifest: &Manifest,
        role: &str,
        recorded: Option<RecordedPath<'_>>,
    ) -> anyhow::Result<()> {
        let Some(read) = manifest.inputs.get(role) else { return Ok(()) };
        let Some((path, found)) = recorded.and_then(|recorded| self.find(folder, recorded, read)) else {
            self.n_not_found += 1;
            let path = recorded
                .map_or("its place is not recorded".to_owned(), |path| format!("recorded as {}", path.recorded));
            tell(format_args!("  input   {:.12}  not found  {role} ({path})", read.sha256))?;
            return Ok(());
        };
        let listed = self.vouchers.listed(&path);
        let verdict = match &listed {
            _ if found == *read => "ok".to_owned(),
            Ok(Some(listed)) if listed.fingerprint == found => {
                format!("another one now: `{}` made {:.12} since", listed.stage, found.sha256)
            }
            _ => format!("differs: it is {:.12} now", found.sha256),
        };
        let parent = path.parent().unwrap_or(Path::new("")).to_owned();
        let maker = match listed {
            Ok(Some(listed)) => Some(listed.folder),
            // It is the manifest itself, or what is no output any more.
            Ok(None) => matches!(Manifest::load(&parent), Ok(Some(_))).then_some(parent),
            Err(_) => Some(parent), // told where that folder is printed
        };
        let origin = if maker.is_some() { "" } else { " (no stage wrote it)" };
        self.print_file("input", read, &verdict, &format!("{role} <- {}{origin}", path.display()))?;
        if let Some(maker) = &maker {
            self.print_disagreements(manifest, maker)?;
        }
        self.queue.extend(maker);
        Ok(())
    }

    /// Tells where `maker`, of which a folder has read an output, was made from another training than the folder itself: an
    /// export of one run with the evaluation of another. Tokens may differ: a run may be evaluated on others.
    fn print_disagreements(&mut self, manifest: &Manifest, maker: &Path) -> anyhow::Result<()> {
        let Ok(Some(of_maker)) = Manifest::load(maker) else { return Ok(()) };
        for (role, read) in manifest.inputs.iter().filter(|(role, _)| role.starts_with("train/")) {
            let Some(other) = of_maker.inputs.get(role).filter(|other| *other != read) else { continue };
            if self.told.insert((maker.to_owned(), role.clone())) {
                let verdict = format!("another one: {} was made from {:.12}", maker.display(), other.sha256);
                self.print_file("branch", read, &verdict, role)?;
            }
        }
        Ok(())
    }

    fn print_file(&mut self, kind: &str, expected: &Fingerprint, verdict: &str, name: &str) -> anyhow::Result<()> {
        self.n_files += 1;
        self.n_wrong += usize::from(verdict != "ok");
        tell(format_args!("  {kind:7} {:.12}  {verdict}  {name}", expected.sha256))
    }

    /// The file that was recorded as `recorded`: the first with the same bytes, else what is there now: at that path, or at it in
    /// `moved_to`. Elsewhere above the folder another file is somebody else's.
    fn find(&mut self, folder: &Path, path: RecordedPath<'_>, read: &Fingerprint) -> Option<(PathBuf, Fingerprint)> {
        let RecordedPath { recorded, moved_to } = path;
        if let Some(root) = self.root_of(folder, recorded, read) {
            return Some((root.join(recorded), read.clone()));
        }
        let places = [Some(PathBuf::from(recorded)), moved_to.map(|root| root.join(recorded))];
        let path = places.into_iter().flatten().find(|path| path.is_file())?;
        let found = self.fingerprint(&path)?;
        Some((path, found))
    }

    /// The folder from which the recorded path leads to these bytes: the present one, or one above `folder`, where that was moved
    /// with its neighbors.
    fn root_of(&mut self, folder: &Path, recorded: &str, read: &Fingerprint) -> Option<PathBuf> {
        let real = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        let roots = [PathBuf::new()].into_iter().chain(real.ancestors().map(Path::to_owned));
        roots.into_iter().find(|root| {
            let path = root.join(recorded);
            path.is_file() && self.fingerprint(&path).as_ref() == Some(read)
        })
    }

    /// What a file is now; `None` where it cannot be read.
    fn fingerprint(&mut self, path: &Path) -> Option<Fingerprint> {
        let real = fs::canonicalize(path).ok()?;
        if let Some(known) = self.hashes.get(&real) {
            return Some(known.clone());
        }
        let found = Fingerprint::of_file(&real).ok()?;
        self.hashes.insert(real, found.clone());
        Some(found)
    }
}

/// Prints a line about a folder that may be anybody's.
fn tell(line: impl Display) -> anyhow::Result<()> {
    print_line(harmless(&line.to_string()))
}
