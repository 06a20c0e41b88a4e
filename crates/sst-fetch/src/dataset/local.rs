//! Local datasets: which file is which split, and how the files are to be read.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use corpus::raw::{HasMetadata, phrases_of};
use corpus::records::{self, FileName};
use corpus::{Split, shortened_list};
use stage::{BadInput, Manifest, bail_input, ensure_input, refuse_pipe};

use super::args::DatasetArgs;
use super::folder_tables::{TXT, may_be_unread, tables};
use super::glue::is_glue;
use super::layout::Layout;
use super::{class_files, class_folders, named_within, paired_lines, texts_by_class};
use crate::shards::{self, Shard};
use crate::source::HubName;
use crate::split_files::{SplitFiles, entries, is_unread_data};

/// The stage that wrote raw files: this one.
pub(crate) const RAW_STAGE: &str = "sst-fetch dataset";
/// The folders in which Stanford's archive and repositories of the hub have the files of the splits.
const FOLDERS_OF_SPLITS: [&str; 2] = ["trees", "data"];

/// What a folder should hold, for messages.
fn expected() -> String {
    format!(
        "{{train,validation|dev,test}}.{{{},txt}}, trees as {{train,dev,test}}.txt, or texts as {{train,test}}/CLASS/*.txt or \
         {{train,test}}/CLASS.txt",
        records::extension_list()
    )
}

/// What to say of a path that may be meant as the name of a repository: its folder is not there either.
fn as_repository(path: &Path) -> String {
    let has_folder = path.parent().is_none_or(|folder| folder.as_os_str().is_empty() || folder.exists());
    let name = path.to_str().filter(|_| !has_folder).and_then(|text| text.parse::<HubName>().ok());
    name.map_or_else(String::new, |name| format!(" (a repository of the hub is written {name})"))
}

/// The files of a dataset that were found.
pub(crate) struct FoundFiles {
    pub(crate) layout: Layout,
    pub(crate) splits: SplitFiles,
    /// What was guessed.
    pub(crate) said: Vec<String>,
}

/// Finds the splits in `folder`, or in its subfolder `trees`, where Stanford's archive has them, or in the only folder in it. A
/// single file, or a folder that holds nothing but one, or a folder or a file for each class, is all train.
pub(crate) fn scan(folder: &Path, args: &DatasetArgs) -> anyhow::Result<FoundFiles> {
    let shown = folder.display();
    let all_train = |path: &Path| split_layout(vec![(Split::Train, vec![path.to_owned()])], args);
    if folder.is_file() {
        return all_train(folder);
    }
    refuse_pipe("--source", folder)?;
    ensure_input!(
        folder.is_dir(),
        "{shown} does not exist{}; expected sample, stanford, hub:OWNER/NAME, a file, or a folder with {}",
        as_repository(folder),
        expected()
    );
    if let Some(raw) = Manifest::read(folder).filter(|manifest| manifest.stage == RAW_STAGE) {
        let splits = Split::ALL.into_iter().filter(|split| raw.outputs.contains_key(&split.file()));
        let splits = splits.map(|split| (split, vec![folder.join(split.file())])).collect();
        return Ok(FoundFiles { layout: Layout::Raw, splits, said: Vec::new() });
    }
    let mut found = split_paths(folder)?;
    for below in FOLDERS_OF_SPLITS.map(|name| folder.join(name)) {
        if found.is_empty() && below.is_dir() {
            found = split_paths(&below)?;
        }
    }
    if found.is_empty() {
        if let Some(splits) = paired_lines::find(folder)? {
            return split_layout(splits, args);
        }
        if let Some((splits, said)) = named_within::find(folder)? {
            return Ok(FoundFiles { said: vec![said], ..split_layout(splits, args)? });
        }
        let tables = tables(folder)?;
        if texts_by_class::has_classes(folder)? {
            if let Some(table) = tables.iter().find(|table| FileName::of(table).extension != TXT) {
                bail_input!(
                    "{shown} holds a table, {}, and folders with texts; give the table as --source, or the folder with --train",
                    table.display()
                );
            }
            return all_train(folder);
        }
        return match (tables.as_slice(), only_folder(folder)?) {
            ([], Some(below)) => {
                let found = scan(&below, args)?;
                let passed = format!(
                    "all of {} in its folder {}",
                    shown,
                    below.file_name().unwrap_or_default().to_string_lossy()
                );
                Ok(FoundFiles { said: [passed].into_iter().chain(found.said).collect(), ..found })
            }
            ([], None) => bail_input!("{shown} contains no dataset; expected {}", expected()),
            ([only], _) => all_train(only),
            (several, _) => {
                let name = |file: &PathBuf| file.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let names = several.iter().map(name).collect::<Vec<_>>();
                bail_input!(
                    "{shown} holds several tables and none is called train: {}; give one of them as --source, say which is which \
                     with --train, --validation, --test, or give those that are one table together, as --train '{}'",
                    shortened_list(&names),
                    folder.join(format!("*.{}", FileName::of(&several[0]).extension)).display()
                )
            }
        };
    }
    let has_train = found.iter().any(|(split, _)| *split == Split::Train);
    ensure_input!(has_train, "{shown} has no train split; expected {}", expected());
    split_layout(found, args)
}

/// The layout of these files or folders, and the files in them.
pub(crate) fn split_layout(splits: SplitFiles, args: &DatasetArgs) -> anyhow::Result<FoundFiles> {
    let paths: Vec<PathBuf> = splits.iter().flat_map(|(_, paths)| paths.clone()).collect();
    let (layout, splits) = match class_folders::are_folders(&paths)? {
        true => texts_by_class::of_folders(splits)?,
        false => (layout(&splits, args)?, splits),
    };
    Ok(FoundFiles { layout, splits, said: Vec::new() })
}

/// The folder below that is all that a folder holds; none if it is a link, which may lead back, or data stand beside it.
fn only_folder(folder: &Path) -> anyhow::Result<Option<PathBuf>> {
    let entries = entries(folder)?;
    if entries.iter().any(|path| is_unread_data(path)) {
        return Ok(None);
    }
    let mut folders = entries.into_iter().filter(|path| path.is_dir());
    Ok(folders.next().filter(|only| folders.next().is_none() && !only.is_symlink()))
}

/// The layout of these files, which must be all trees, all tables, or a file for each class of every split.
fn layout(splits: &SplitFiles, args: &DatasetArgs) -> anyhow::Result<Layout> {
    let files = || splits.iter().flat_map(|(_, files)| files);
    let n_with = |extension: &str| files().filter(|file| FileName::of(file).extension == extension).count();
    let n_files = files().count();
    let options = args.tables.options();
    let are_fields = args.tables.of_separated_fields().is_some();
    let is_tree = |file: &PathBuf| -> anyhow::Result<bool> {
        Ok(!are_fields && FileName::of(file).is_plain_text() && records::are_trees(file, &options)?)
    };
    let mut n_trees = 0;
    for file in files() {
        n_trees += usize::from(is_tree(file)?);
    }
    match n_trees {
        0 if !are_fields && splits.iter().all(|(_, files)| class_files::are_class_files(files)) => {
            Ok(Layout::ClassFiles)
        }
        0 if !are_fields && paired_lines::are_paired(&files().collect::<Vec<_>>())? => Ok(Layout::PairedLines),
        0 if n_with("tsv") == n_files && is_glue(splits, args.says_labels()) => Ok(Layout::Glue),
        0 if have_phrases(files())? => Ok(Layout::Raw),
        0 => Ok(Layout::Tables),
        n if n == n_files && splits.iter().all(|(_, files)| files.len() == 1) => Ok(Layout::Trees),
        n if n == n_files => {
            bail_input!(
                "a split of trees is one file; expected each of --train, --validation, --test once, or of texts the folder that \
                 holds a folder for each class"
            )
        }
        _ => bail_input!("some files are trees and others are tables; expected all of one kind"),
    }
}

/// Whether the files are raw files with phrases, or parts of such, as tools that keep the metadata write them.
fn have_phrases<'a>(files: impl Iterator<Item = &'a PathBuf>) -> anyhow::Result<bool> {
    let mut found = false;
    for file in files {
        if !file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("parquet")) {
            return Ok(false);
        }
        // What else is wrong with the file its reader says.
        match phrases_of(file) {
            Err(_) | Ok(None) => {}
            Ok(Some(HasMetadata(true))) => found = true,
            Ok(Some(HasMetadata(false))) => bail_input!(
                "{} has the columns of a raw file and phrases among its rows, but not the metadata by which they are told from sentences: \
                 pandas leaves them out. Write it with pyarrow, which keeps the schema's metadata; or, for a table of texts that stand \
                 for themselves, drop the column is_root",
                file.display()
            ),
        }
    }
    Ok(found)
}

/// The split of which this may be data, by the first word of its name: a link that leads nowhere, a folder with something in it or
/// that cannot be read, or a file with the extension of data.
fn looks_like_split(path: &Path) -> Option<Split> {
    let name = path.file_name()?.to_string_lossy().to_ascii_lowercase();
    let split = match name.split(|c: char| !c.is_ascii_alphabetic()).next()? {
        "eval" | "evaluation" => Split::Validation, // or test: its reader must say
        word => Split::from_alias(word)?,
    };
    let is_data = if path.is_dir() {
        fs::read_dir(path).map_or(true, |mut entries| entries.next().is_some())
    } else {
        let extension = FileName::of(path).extension;
        may_be_unread(path) || records::extensions().any(|known| known == extension)
    };
    is_data.then_some(split)
}

/// The files and the folders of classes whose names are those of splits, in any case.
fn split_paths(folder: &Path) -> anyhow::Result<SplitFiles> {
    let context = || BadInput::new(format!("cannot read {}", folder.display()));
    let mut found: Vec<(Split, PathBuf)> = Vec::new();
    let mut passed_over: Vec<(Split, PathBuf)> = Vec::new();
    for entry in fs::read_dir(folder).with_context(context)? {
        let path = entry.with_context(context)?.path();
        let name = FileName::of(&path);
        let is_known = if path.is_dir() {
            name.extension.is_empty() && texts_by_class::find(&path).is_ok_and(|(_, texts)| !texts.is_empty())
        } else {
            path.is_file() && [TXT].into_iter().chain(records::extensions()).any(|known| known == name.extension)
        };
        let stem = Shard::of(&name.stem).map_or(name.stem.as_str(), |shard| shard.base);
        match Split::from_alias(&stem.to_ascii_lowercase()).filter(|_| is_known) {
            Some(split) => found.push((split, path)),
            None => passed_over.extend(looks_like_split(&path).map(|split| (split, path))),
        }
    }
    found.sort();
    if let Some((split, path)) =
        passed_over.into_iter().find(|(split, _)| !found.iter().any(|(found, _)| found == split))
        && !found.is_empty()
    {
        bail_input!(
            "{} looks like the {} split and is nothing that is read by its name; unpack, convert or mend it, take it away, or name \
             the files of all splits with --train, --validation, --test",
            path.display(),
            split.name()
        );
    }
    found.chunk_by(|a, b| a.0 == b.0).map(|of_split| Ok((of_split[0].0, one_table(of_split)?))).collect()
}

/// The files of a split in a folder, in the order of their rows: one, or all shards of one table.
fn one_table(of_split: &[(Split, PathBuf)]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files: Vec<(FileName, &PathBuf)> = of_split.iter().map(|(_, path)| (FileName::of(path), path)).collect();
    files.sort_by_cached_key(|(name, _)| shards::order(&name.stem));
    let stems: Vec<&str> = files.iter().map(|(name, _)| name.stem.as_str()).collect();
    let kind = |name: &FileName| (name.extension.clone(), name.compression.is_some());
    let are_of_a_kind = files.windows(2).all(|pair| kind(&pair[0].0) == kind(&pair[1].0));
    match (shards::check(&stems), files.as_slice()) {
        (Ok(()), _) if are_of_a_kind => Ok(files.into_iter().map(|(_, path)| path.clone()).collect()),
        (checked, [(_, first), (_, second), ..])
            if checked.is_ok() || stems.iter().any(|stem| Shard::of(stem).is_none()) =>
        {
            bail_input!(
                "{} and {} are both the {} split; keep one, or name the files with --train, --validation, --test",
                first.display(),
                second.display(),
                of_split[0].0.name()
            )
        }
        (checked, _) => {
            let problem = checked.err().unwrap_or_default();
            bail_input!(
                "{}: {problem}; add what is missing, or name the files with --train, --validation, --test",
                of_split[0].1.display()
            )
        }
    }
}
