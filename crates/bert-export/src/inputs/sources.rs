//! Sources of a run: the tokens, the texts and the model that it was made from, held to what its manifests say.

use std::path::{Path, PathBuf};

use checkpoint::TOKENIZER_FILES;
use corpus::tokenizer::agreement::TokenizerOrigin;
use corpus::tokens::TokensMetadata;
use run_files::layout::train;
use stage::{Fingerprint, Manifest, Upstream, bad_input, ensure_input};

/// The role of the weights that a run began with, among its inputs.
const BASE_WEIGHTS: &str = "model/model.safetensors";

/// The tokens that the formats are verified on.
pub(crate) struct Tokens {
    pub(crate) manifest: Manifest,
    pub(crate) file: PathBuf,
    pub(crate) metadata: TokensMetadata,
}

impl Tokens {
    /// Opens an output folder of `sst-tokenize`; with a doubt, in words, where it cannot be told whether the run's tokenizer made it.
    ///
    /// # Errors
    /// Fails when it is unfinished, has no validation split, or another tokenizer made it.
    pub(super) fn open(folder: &Path, run: &Path) -> anyhow::Result<(Self, Option<String>)> {
        let tokenized = Upstream::open(folder, "sst-tokenize")?;
        let file = tokenized.required(&corpus::Split::Validation.file())?;
        stage::verify_files(run, &TOKENIZER_FILES)?;
        let metadata = TokensMetadata::read(&file);
        if metadata.is_err() {
            stage::verify_file(&file)?; // that it was damaged says more than where
        }
        let (metadata, manifest) = (metadata?, tokenized.manifest);
        let inputs = manifest.inputs.iter().map(|(role, input)| (role.as_str(), input.sha256.as_str()));
        let origin = TokenizerOrigin::new(&manifest.recorded, inputs);
        let doubt = origin.check(folder, run, &metadata.tokenizer_sha256)?;
        Ok((Self { manifest, file, metadata }, doubt))
    }
}

/// A file of texts that says where they are from.
///
/// # Errors
/// Fails when the folder has none, or the tokens were made from others.
pub(super) fn raw_file(folder: &Path, tokens: Option<&Tokens>) -> anyhow::Result<PathBuf> {
    let raw = Upstream::open(folder, "sst-fetch dataset")?;
    let mut splits = corpus::Split::ALL.into_iter().map(|split| split.file());
    let file = splits.find(|name| raw.manifest.outputs.contains_key(name));
    let name = file.ok_or_else(|| bad_input!("{} has no texts; run `sst-fetch dataset` again", folder.display()))?;
    if let Some(tokens) = tokens {
        let (of_tokens, of_raw) = (tokens.manifest.inputs.get(&format!("raw/{name}")), raw.manifest.outputs.get(&name));
        ensure_input!(
            of_tokens == of_raw,
            "the tokens were made from other texts than those of {}: SHA-256 {} of {name} there, {} here; give the --raw that \
             sst-tokenize had",
            folder.display(),
            Fingerprint::short(of_tokens),
            Fingerprint::short(of_raw)
        );
    }
    raw.required(&name)
}

/// What the manifest of the model folder says that the run began with.
///
/// # Errors
/// Fails when the run began with another.
pub(super) fn base_model(folder: &Path, trained: &Upstream) -> anyhow::Result<Manifest> {
    let base = Upstream::open(folder, "sst-fetch model")?.manifest;
    let (of_run, of_base) = (trained.manifest.inputs.get(BASE_WEIGHTS), base.outputs.get(train::WEIGHTS));
    ensure_input!(
        of_run == of_base,
        "the run began with other weights than those of {}: SHA-256 {} there, {} here; give the --model that bert-finetune had",
        folder.display(),
        Fingerprint::short(of_run),
        Fingerprint::short(of_base)
    );
    Ok(base)
}
