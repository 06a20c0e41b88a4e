//! `--source`: the sample, the treebank, a hub repository or a local folder.

use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

/// Where a dataset or a model comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// The dataset that is part of this program.
    Sample,
    /// The treebank, from Stanford's site.
    Stanford,
    /// A repository of the hub.
    Hub(HubName),
    /// A local file, archive or folder.
    Path(PathBuf),
}

/// `OWNER/NAME[@REV]`, checked to be safe in paths and URLs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HubName {
    pub(crate) id: String,
    pub(crate) revision: String,
}

impl FromStr for Source {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "" => Err("expected sample, stanford, hub:OWNER/NAME[@REV] or a path".to_owned()),
            "sample" => Ok(Self::Sample),
            "stanford" => Ok(Self::Stanford),
            _ if text.contains("://") => HubName::of_address(text).map(Self::Hub),
            _ => match text.strip_prefix("hub:") {
                Some(name) => name.parse().map(Self::Hub),
                None => Ok(Self::Path(text.into())),
            },
        }
    }
}

impl FromStr for HubName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (id, revision) = text.split_once('@').unwrap_or((text, "main"));
        let is_plain = |text: &str, extra: &str| {
            !text.is_empty()
                && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c) || extra.contains(c))
        };
        if !is_plain(id, "/") || id.split('/').count() > 2 || !stays_below(id) {
            return Err(format!("`{id}` is not the name of a repository; expected OWNER/NAME[@REV]"));
        }
        if !is_plain(revision, "/") || !stays_below(revision) {
            return Err(format!("`{revision}` is not a revision; expected a branch, a tag or a commit"));
        }
        Ok(Self { id: id.to_owned(), revision: revision.to_owned() })
    }
}

impl HubName {
    /// Of a repository's page, as browsers show its address, `https://huggingface.co/[datasets/]OWNER/NAME[/tree/REV]`, or of
    /// `hf://[datasets/]OWNER/NAME[@REV]`, as libraries of Python write it.
    fn of_address(address: &str) -> Result<Self, String> {
        let Some(path) = OF_HUB.iter().find_map(|prefix| address.strip_prefix(prefix)) else {
            return Err("addresses other than the hub's are not read; download the file, and give its path".to_owned());
        };
        let path = path.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
        let path = path.strip_prefix("datasets/").or_else(|| path.strip_prefix("models/")).unwrap_or(path);
        let (id, revision) = path.split_once("/tree/").map_or((path, None), |(id, revision)| (id, Some(revision)));
        if let [owner, name, _, ..] = id.split('/').collect::<Vec<_>>()[..] {
            return Err(format!("this is a page or a file in a repository; for all of it give hub:{owner}/{name}"));
        }
        match revision {
            Some(revision) => format!("{id}@{}", revision.replace("%2F", "/")).parse(),
            None => id.parse(),
        }
    }
}

/// How addresses of the hub begin.
const OF_HUB: [&str; 4] = ["https://huggingface.co/", "https://www.huggingface.co/", "https://hf.co/", "hf://"];

impl fmt::Display for HubName {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let Self { id, revision } = self;
        if revision == "main" { write!(formatter, "hub:{id}") } else { write!(formatter, "hub:{id}@{revision}") }
    }
}

/// Whether a relative path stays below its folder.
pub(crate) fn stays_below(name: &str) -> bool {
    let normal = Path::new(name).components().all(|component| matches!(component, Component::Normal(_)));
    normal && !name.is_empty() && !name.contains("//") && !name.ends_with('/') && !name.contains(['\\', '\0'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_a_word_a_repository_or_a_path() {
        let hub = |id: &str, revision: &str| Source::Hub(HubName { id: id.to_owned(), revision: revision.to_owned() });
        let parse = |text: &str| text.parse::<Source>();
        assert_eq!(parse("sample"), Ok(Source::Sample));
        assert_eq!(parse("stanford"), Ok(Source::Stanford));
        assert_eq!(parse("./sample"), Ok(Source::Path("./sample".into())));
        assert_eq!(parse("hub:stanfordnlp/sst2"), Ok(hub("stanfordnlp/sst2", "main")));
        assert_eq!(parse("hub:a/b@refs/convert/parquet"), Ok(hub("a/b", "refs/convert/parquet")));
        assert_eq!(parse("hub:bert-base-uncased@86b5e09"), Ok(hub("bert-base-uncased", "86b5e09")));
        for wrong in [
            "hub:",
            "hub:a/b/c",
            "hub:../x",
            "hub:a/..",
            "hub:/a",
            "hub:a/b@",
            "hub:a/b@../x",
            "hub:a b",
            "hub:a/b@x y",
            "",
            "https://example.com/a/b",
            "https://huggingface.co/",
            "https://huggingface.co/a/..",
            "hf://datasets/a/b/data.csv",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_address_of_the_hub_is_its_repository() {
        for (address, expected) in [
            ("https://huggingface.co/datasets/SetFit/sst2", "hub:SetFit/sst2"),
            ("https://huggingface.co/google-bert/bert-base-uncased/", "hub:google-bert/bert-base-uncased"),
            ("https://huggingface.co/bert-base-uncased?library=transformers", "hub:bert-base-uncased"),
            ("https://hf.co/datasets/a/b/tree/refs%2Fconvert%2Fparquet", "hub:a/b@refs/convert/parquet"),
            ("https://huggingface.co/a/b/tree/main", "hub:a/b"),
            ("hf://datasets/a/b@v1", "hub:a/b@v1"),
        ] {
            let Ok(Source::Hub(name)) = address.parse() else { panic!("{address}") };
            assert_eq!(name.to_string(), expected, "{address}");
        }
        let page = "https://huggingface.co/datasets/a/b/viewer/default/train".parse::<Source>();
        assert_eq!(page, Err("this is a page or a file in a repository; for all of it give hub:a/b".to_owned()));
    }

    #[test]
    fn paths_that_leave_their_folder_are_recognized() {
        assert!(stays_below("data/train-00000-of-00001.parquet"));
        for wrong in ["", "/etc/passwd", "../x", "a/../../x", "a//b", "./a", "a\\b", "a/"] {
            assert!(!stays_below(wrong), "{wrong}");
        }
    }
}
