//! The archives as Stanford ships them: where, with which bytes, and brought from there into the user's cache.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use stage::{Fingerprint, bail_input, ensure_input, hub_is_offline, user_cache};

use crate::download::{Client, Downloaded, Failure, Request, download};

/// An archive.
#[derive(Debug, Clone, Copy)]
pub(super) struct Original {
    /// Its name.
    pub(super) file: &'static str,
    /// Below the address of the site.
    path: &'static str,
    bytes: u64,
    sha256: &'static str,
}

/// The site that has them.
const SITE: &str = "https://nlp.stanford.edu";

/// Trees with labels: `trees/{train,dev,test}.txt`.
pub(super) const TREES: Original = Original {
    file: "trainDevTestTrees_PTB.zip",
    path: "sentiment/trainDevTestTrees_PTB.zip",
    bytes: 789_539,
    sha256: "5c613a4f673fc74097d523a2c83f38e0cc462984d847b82c7aaf36b01cbbbfcc",
};

/// Phrases with scores: `dictionary.txt`, `sentiment_labels.txt`, and the sentences as tokens and parent pointers.
pub(super) const SCORES: Original = Original {
    file: "stanfordSentimentTreebank.zip",
    path: "~socherr/stanfordSentimentTreebank.zip",
    bytes: 6_372_817,
    sha256: "3f5209483b46bbf129cacbbbe6ae02fe780407034f61cf6342b7833257c3f1db",
};

impl Original {
    /// A line about a file that is not this archive, to the byte.
    pub(super) fn difference(&self, file: &Path) -> anyhow::Result<Option<String>> {
        let found = Fingerprint::of_file(file)?;
        let is_it = found.sha256 == self.sha256;
        Ok((!is_it).then(|| {
            format!(
                "{} is not Stanford's {} (SHA-256 {:.12}, that one has {:.12}); it is read as it is",
                file.display(),
                self.file,
                found.sha256,
                self.sha256
            )
        }))
    }
}

/// Brings both archives from `site`, by default Stanford's, unless the cache has them. The bytes are the pinned ones in any case.
pub(super) fn fetch(site: Option<&str>, quiet: bool) -> anyhow::Result<Vec<PathBuf>> {
    let site = site.unwrap_or(SITE).trim_end_matches('/');
    ensure_input!(
        site.starts_with("https://") || site.starts_with("http://"),
        "--stanford-url {site}: expected an address that begins with https:// or http://; files on this machine are given as --source"
    );
    let cache = user_cache().context("neither XDG_CACHE_HOME nor HOME says where the cache is; set one of them")?;
    let folder = cache.join("sst-fetch");
    let client = Client::new(None, quiet);
    let archive = |original: &Original| original.fetch(&client, site, &folder);
    [TREES, SCORES].iter().map(archive).collect()
}

impl Original {
    fn is_it(&self, file: &Path) -> anyhow::Result<bool> {
        Ok(Fingerprint::of_file(file)?.sha256 == self.sha256)
    }

    fn fetch(&self, client: &Client, site: &str, folder: &Path) -> anyhow::Result<PathBuf> {
        let target = folder.join(self.file);
        if target.is_file() && self.is_it(&target)? {
            return Ok(target);
        }
        let url = format!("{site}/{}", self.path);
        if hub_is_offline() {
            bail_input!("HF_HUB_OFFLINE is set, and {} is not in {}; {}", self.file, folder.display(), by_hand());
        }
        let is_right = |file: &Path| self.is_it(file);
        let request =
            Request { url: &url, name: self.file, target: &target, bytes: Some(self.bytes), is_right: &is_right };
        match download(client, &request, None) {
            Ok(Downloaded::Whole) => Ok(target),
            Ok(Downloaded::Wrong) => bail_input!(
                "{url} has not the {} bytes of Stanford's archive with the SHA-256 {}; an archive that differs is only read where it is \
                 given as --source FILE",
                self.bytes,
                self.sha256
            ),
            Err(error) => match error.downcast::<Failure>() {
                Ok(failure) if failure.status == Some(404) => {
                    bail_input!("{site} has no {} ({failure}); {}", self.path, by_hand())
                }
                Ok(failure) => bail!("cannot download {} ({failure}); {}", self.file, by_hand()),
                Err(error) => Err(error),
            },
        }
    }
}

/// What to do where the site cannot be reached.
fn by_hand() -> String {
    format!(
        "name a mirror with --stanford-url, or a proxy in HTTPS_PROXY; or bring {SITE}/{} and {SITE}/{} here by other means, and give \
         their folder as --source FOLDER",
        TREES.path, SCORES.path
    )
}
