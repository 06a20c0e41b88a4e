//! What the fuzz targets share: a file in memory, and two readings of one table.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::{env, fs, process};

use corpus::CorpusError;
use corpus::records::{Columns, ReadOptions, Row, TableFile, find_columns, fuzzing};

/// Reads `bytes` as a file with this name, alone in its folder but for `beside`.
pub fn with_file<T>(name: &str, bytes: &[u8], beside: &[(&str, &str)], read: impl FnOnce(&Path) -> T) -> T {
    let folder = folder();
    fs::create_dir_all(&folder).expect("a folder in memory");
    for (name, content) in beside {
        fs::write(folder.join(name), content).expect("a file in memory");
    }
    let path = folder.join(name);
    fs::write(&path, bytes).expect("a file in memory");
    let read = read(&path);
    let _ = fs::remove_file(&path);
    read
}

fn folder() -> PathBuf {
    let memory = Path::new("/dev/shm");
    let base = if memory.is_dir() { memory.to_owned() } else { env::temp_dir() };
    base.join(format!("fuzz-{}", process::id()))
}

/// Reads a table with the columns that are found, whole and in small blocks: the same rows, or a refusal that names the file. Of
/// two faults the one may be met first in blocks, the other in the whole.
pub fn read_in_blocks(path: &Path, options: &ReadOptions, block_size: usize) {
    let whole = rows(path, options);
    let usual = fuzzing::set_block_size(block_size);
    let in_blocks = rows(path, options);
    fuzzing::set_block_size(usual);
    if whole.is_ok() || in_blocks.is_ok() {
        assert_eq!(whole, in_blocks, "blocks of {block_size} bytes");
    }
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    for refusal in [whole, in_blocks].into_iter().filter_map(Result::err) {
        assert!(refusal.contains(name), "{refusal}");
    }
}

fn rows(path: &Path, options: &ReadOptions) -> Result<Vec<Row>, String> {
    let read = || -> Result<Vec<Row>, CorpusError> {
        let asked = Columns { label: None, ..Columns::default() };
        let (columns, _) = find_columns(path, &asked, options)?;
        let mut rows = Vec::new();
        TableFile::open(path, &columns, options)?.for_each_row(&mut |row| {
            rows.push(row);
            ControlFlow::Continue(())
        })?;
        Ok(rows)
    };
    read().map_err(|error| error.to_string())
}
