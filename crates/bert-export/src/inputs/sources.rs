//! Sources of a run: the tokens, the texts and the model that it was made from, held to what its manifests say.

use std::collections::BTreeMap;
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

/// The texts that a run was made from, if they are: their metadata says what they are called and where they are from.
pub(super) struct RawFolder {
    folder: Upstream,
    shown: String,
    /// The first of its files.
    name: String,
}

impl RawFolder {
    /// # Errors
    /// Fails when the folder is unfinished, or has no texts.
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let (folder, shown) = (Upstream::open(path, "sst-fetch dataset")?, path.display().to_string());
        let mut splits = corpus::Split::ALL.into_iter().map(|split| split.file());
        let name = splits.find(|name| folder.manifest.outputs.contains_key(name));
        let name = name.ok_or_else(|| bad_input!("{shown} has no texts; run `sst-fetch dataset` again"))?;
        Ok(Self { folder, shown, name })
    }

    /// # Errors
    /// Fails when the tokens were made from other texts.
    pub(super) fn check_tokens(&self, tokens: &Tokens) -> anyhow::Result<()> {
        let Self { folder, shown, name } = self;
        let of_tokens = tokens.manifest.inputs.get(&format!("raw/{name}"));
        let of_raw = folder.manifest.outputs.get(name);
        ensure_input!(
            of_tokens == of_raw,
            "the tokens were made from other texts than those of {shown}: SHA-256 {} of {name} there, {} here; give the --raw that \
             sst-tokenize had",
            Fingerprint::short(of_tokens),
            Fingerprint::short(of_raw)
        );
        Ok(())
    }

    /// Where no tokens are given: whether an evaluation, of which these are the inputs, read these texts. A doubt, in words, where
    /// none read any.
    ///
    /// # Errors
    /// Fails when all of them read others.
    pub(super) fn check_evaluations<'a>(
        &self,
        evaluations: impl Iterator<Item = &'a BTreeMap<String, Fingerprint>>,
    ) -> anyhow::Result<Option<String>> {
        let read: Vec<(&str, &Fingerprint)> =
            evaluations.flatten().filter_map(|(role, input)| Some((role.strip_prefix("raw/")?, input))).collect();
        let shown = &self.shown;
        if read.is_empty() {
            return Ok(Some(format!(
                "--raw {shown} is taken as the texts of the run; --tokens, or an evaluation with --raw, would tell whether it is"
            )));
        }
        ensure_input!(
            read.iter().any(|(name, input)| self.folder.manifest.outputs.get(*name) == Some(input)),
            "the evaluations read other texts than those of {shown}; give the --raw that they had, or --tokens"
        );
        Ok(None)
    }

    pub(super) fn path(&self) -> anyhow::Result<PathBuf> {
        self.folder.required(&self.name)
    }
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
