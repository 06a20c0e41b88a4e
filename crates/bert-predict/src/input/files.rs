//! Rows of files, one file after the other. Where the output has parts, rows of parts that are not wanted are passed over.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use corpus::records::{self, Columns, FileName, ReadOptions, ReadRow, TableFile};
use corpus::shortened_list;
use stage::{ensure_input, named_files};

use super::window::{InputRow, Part, Window, WindowBuilder};
use crate::args::{Args, Shard};

/// Files, opened.
pub(crate) struct InputFiles {
    tables: Vec<TableFile>,
    /// Whether the first broken row ends the reading.
    strict: bool,
    rule: Option<PartRule>,
    n_parts: PartCount,
}

/// How many parts the whole input has; known at its end.
#[derive(Debug, Clone, Default)]
pub(crate) struct PartCount(Arc<AtomicU64>);

impl PartCount {
    /// The number, once the input has been read.
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How the files of a run are read.
#[derive(Debug)]
pub(crate) struct TableRules {
    columns: Columns,
    options: ReadOptions,
    /// Whether files of plain text are tables, as flags about them say, instead of a text a line.
    plain_text_is_tables: bool,
}

impl TableRules {
    /// The rules for these files.
    pub(crate) fn of(args: &Args, paths: &[PathBuf]) -> Self {
        let input = &args.input;
        let plain_text_is_tables = says_tables(args) && paths.iter().all(|path| is_plain_text(path));
        let columns = Columns {
            text: input.text_column.clone(),
            label: None,
            targets_required: false,
            keep: input.kept().to_vec(),
            keep_all: input.keeps_all(),
            ..Columns::default()
        };
        let options = ReadOptions { passes_broken: true, ..input.tables.options() };
        Self { columns, options, plain_text_is_tables }
    }

    fn open(&self, path: &Path) -> corpus::Result<TableFile> {
        match is_plain_text(path) && !self.plain_text_is_tables && !records::is_fast_text(path, &self.options)? {
            true => TableFile::open_lines(path, &self.options),
            false => TableFile::open(path, &self.columns, &self.options),
        }
    }

    /// Opens the files; of several, those without rows are passed over and named.
    fn open_all(&self, paths: &[PathBuf]) -> corpus::Result<(Vec<TableFile>, Vec<String>)> {
        match paths {
            [path] => Ok((vec![self.open(path)?], Vec::new())), // its rows are read once
            _ => TableFile::open_with_rows(paths, |path| self.open(path)),
        }
    }

    /// The rows of files, broken ones among them; none where one cannot be read.
    pub(crate) fn count(&self, paths: &[PathBuf]) -> Option<u64> {
        let mut n_rows = 0;
        for path in paths {
            let read = self.open(path).ok()?.for_each_read(&mut |_| {
                n_rows += 1;
                ControlFlow::Continue(())
            });
            read.ok()?;
        }
        Some(n_rows)
    }
}

/// Which rows make a part, and which parts are wanted.
#[derive(Debug, Clone)]
pub(crate) struct PartRule {
    pub(crate) rows_per_part: u64,
    pub(crate) shard: Option<Shard>,
    /// Those that are there already.
    pub(crate) done: BTreeSet<u64>,
}

impl PartRule {
    fn wants(&self, part: u64) -> bool {
        self.shard.is_none_or(|shard| shard.has(part)) && !self.done.contains(&part)
    }
}

impl InputFiles {
    /// Opens the files that the arguments name.
    pub(super) fn open(args: &Args) -> anyhow::Result<Self> {
        let input = &args.input;
        let paths = named_files("--input", &input.input)?;
        paths.iter().try_for_each(|path| stage::verify_file(path))?;
        let rules = TableRules::of(args, &paths);
        let (tables, without_rows) = rules.open_all(&paths)?;
        if !without_rows.is_empty() {
            args.say(&format!("without rows, and passed over: {}", shortened_list(&without_rows)));
        }
        for table in &tables {
            for said in table.said() {
                args.say(&format!("{}: {said}", table.path().display()));
            }
        }
        if let [first, others @ ..] = tables.as_slice()
            && let Some(other) = others.iter().find(|other| other.kept() != first.kept())
        {
            ensure_input!(
                !input.keeps_all(),
                "{} has other columns than {}; name those that go along with --keep-columns",
                other.path().display(),
                first.path().display()
            );
        }
        Ok(Self { tables, strict: input.tables.strict, rule: None, n_parts: PartCount::default() })
    }

    /// The same where the output has parts.
    pub(crate) fn in_parts(self, rule: PartRule) -> Self {
        Self { rule: Some(rule), ..self }
    }

    /// The number of parts, which is known when all windows were given.
    pub(crate) fn n_parts(&self) -> PartCount {
        self.n_parts.clone()
    }

    /// The files in their order.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.tables.iter().map(TableFile::path)
    }

    pub(super) fn kept(&self) -> &[String] {
        self.tables.first().map_or(&[], TableFile::kept)
    }

    pub(super) fn for_each_window(
        self,
        mut builder: WindowBuilder,
        each: &mut dyn FnMut(Window) -> ControlFlow<()>,
    ) -> anyhow::Result<()> {
        let mut parts_before = 0;
        for (file, table) in self.tables.iter().enumerate() {
            let (mut n_rows, mut ended, mut broken) = (0, false, None);
            let read = table.for_each_read(&mut |row| {
                let part = self.part(file, parts_before, n_rows);
                n_rows += 1;
                if self.rule.as_ref().is_some_and(|rule| !rule.wants(part.number)) {
                    return ControlFlow::Continue(());
                }
                let is_next = builder.part().is_some_and(|before| before != part);
                if (is_next || builder.is_full()) && each(builder.take()).is_break() {
                    ended = true;
                    return ControlFlow::Break(());
                }
                match row {
                    Err(row) if self.strict => {
                        broken = Some(row.error);
                        return ControlFlow::Break(());
                    }
                    row => builder.push_of(part, input_row(row)),
                }
                ControlFlow::Continue(())
            });
            if ended {
                return Ok(());
            }
            if let Some(error) = broken.or(read.err()) {
                // What came before is answered.
                let _ = builder.is_empty() || each(builder.take()).is_break();
                return Err(error.into());
            }
            if let Some(rule) = &self.rule {
                parts_before += n_rows.div_ceil(rule.rows_per_part);
            }
        }
        self.n_parts.0.store(parts_before, Ordering::Relaxed);
        let _ = builder.is_empty() || each(builder.take()).is_break();
        Ok(())
    }

    /// The part of the row before which its file has `n_rows`.
    fn part(&self, file: usize, parts_before: u64, n_rows: u64) -> Part {
        let Some(rule) = &self.rule else { return Part::default() };
        let in_file = n_rows / rule.rows_per_part;
        Part { number: parts_before + in_file, file, first_row: in_file * rule.rows_per_part + 1 }
    }
}

fn input_row(row: ReadRow) -> InputRow {
    match row {
        Ok(row) => InputRow { text: Ok(row.text), kept: row.kept },
        Err(row) => InputRow { text: Err(row.error.to_string()), kept: row.kept },
    }
}

/// Whether a file has a text a line, unless flags or labels of fastText say that it is a table.
fn is_plain_text(path: &Path) -> bool {
    FileName::of(path).is_plain_text()
}

/// Whether flags are given that are about the columns and fields of tables.
fn says_tables(args: &Args) -> bool {
    let input = &args.input;
    input.text_column.is_some() || !input.kept().is_empty() || input.tables.of_separated_fields().is_some()
}
