//! The Stanford Sentiment Treebank as Stanford ships it: two archives, or what they unpack to.
//!
//! `trainDevTestTrees_PTB.zip` has the trees with their labels, `stanfordSentimentTreebank.zip` the scores of all phrases, and
//! the sentences as tokens and parent pointers. With the first, texts, labels and structure are those of the trees; the second
//! adds scores. The second alone is enough: trees are rebuilt, and labels are the classes of the scores.

mod originals;
mod members;
mod dictionary;
mod trees;
mod sentences;

use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::bail;
use corpus::label::SourceNames;
use corpus::{CorpusError, Split};
use stage::bail_input;

use super::rows::SplitSources;
use dictionary::Dictionary;
use members::{Member, Places};
use originals::{Original, SCORES, TREES, fetch};
use sentences::{SentenceFiles, SentenceSource, Sentences};
use trees::TreeSource;

/// The files of the trees.
const TREE_FILES: [(Split, &str); 3] =
    [(Split::Train, "train.txt"), (Split::Validation, "dev.txt"), (Split::Test, "test.txt")];
const DICTIONARY: &str = "dictionary.txt";
const SCORES_OF_PHRASES: &str = "sentiment_labels.txt";

/// What of the treebank is there; not both are missing.
#[derive(Debug)]
pub(crate) struct StanfordFiles {
    trees: Vec<(Split, Member)>,
    scores: Option<ScoreFiles>,
}

#[derive(Debug)]
struct ScoreFiles {
    dictionary: Member,
    of_phrases: Member,
    /// Needed where there are no trees.
    sentences: Option<SentenceFiles>,
}

impl StanfordFiles {
    /// The files in an archive, in a folder with archives, or in what they unpack to. `None` where a folder has none of the archives
    /// nor what is in the one with the scores: trees alone are files like others.
    pub(crate) fn find(path: &Path) -> anyhow::Result<Option<Self>> {
        if path.is_dir() {
            let found = Self::in_places(&Places::in_folder(path, &[TREES.file, SCORES.file])?)?;
            let is_archived = |(_, member): &(Split, Member)| member.archive().is_some();
            return Ok(found.filter(|found| found.scores.is_some() || found.trees.iter().any(is_archived)));
        }
        let is_archive = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("zip"));
        if !is_archive || !path.is_file() {
            return Ok(None);
        }
        let found = Self::in_places(&Places::in_archives(&[path.to_owned()])?)?;
        if found.is_none() {
            bail_input!(
                "{} is a ZIP archive without the treebank; expected trees/train.txt, or {DICTIONARY} and {SCORES_OF_PHRASES}; of \
                 another archive, unpack it and give the file or folder",
                path.display()
            );
        }
        Ok(found)
    }

    /// The archives from Stanford's site, or from another one, kept in the user's cache.
    pub(crate) fn fetch(site: Option<&str>, quiet: bool) -> anyhow::Result<Self> {
        let archives = fetch(site, quiet)?;
        match Self::in_places(&Places::in_archives(&archives)?)? {
            Some(found) => Ok(found),
            None => bail!("the archives that were pinned do not hold the treebank"),
        }
    }

    fn in_places(places: &Places) -> anyhow::Result<Option<Self>> {
        let mut trees = Vec::new();
        for (split, name) in TREE_FILES {
            trees.extend(places.find(name)?.map(|member| (split, member)));
        }
        let scores = match (places.find(DICTIONARY)?, places.find(SCORES_OF_PHRASES)?) {
            (Some(dictionary), Some(of_phrases)) => {
                let files = (places.find("datasetSplit.txt")?, places.find("SOStr.txt")?, places.find("STree.txt")?);
                let sentences = match files {
                    (Some(splits), Some(tokens), Some(parents)) => {
                        Some(SentenceFiles { splits, tokens, parents, sentences: places.find("datasetSentences.txt")? })
                    }
                    _ => None,
                };
                Some(ScoreFiles { dictionary, of_phrases, sentences })
            }
            _ => None,
        };
        Ok((!trees.is_empty() || scores.is_some()).then_some(Self { trees, scores }))
    }

    /// What it is, as far as that defines the rows.
    pub(crate) fn source(&self) -> &'static str {
        match (self.trees.is_empty(), &self.scores) {
            (false, None) => "PTB trees",
            (false, Some(_)) => "PTB trees with scores",
            (true, _) => "scores and parent pointers",
        }
    }

    /// The files on disk, each with what it is to the dataset.
    pub(crate) fn inputs(&self) -> Vec<(String, PathBuf)> {
        let mut inputs: Vec<(String, PathBuf)> = Vec::new();
        let mut add = |member: &Member, name: String, original: &Original| {
            let (role, path) = match member.archive() {
                Some(archive) => (original.file.to_owned(), archive),
                None => (name, member.path()),
            };
            if inputs.iter().all(|(known, _)| *known != role) {
                inputs.push((role, path.to_owned()));
            }
        };
        for (split, member) in &self.trees {
            add(member, format!("{}.txt", split.name()), &TREES);
        }
        for member in self.scores.iter().flat_map(|scores| scores.members(self.trees.is_empty())) {
            add(member, member.file_name(), &SCORES);
        }
        inputs
    }

    /// The names of the files that rows are from.
    pub(crate) fn file_names(&self) -> Vec<String> {
        let tokens = self.sentences().map(|files| files.tokens.file_name());
        self.trees.iter().map(|(_, member)| member.file_name()).chain(tokens).collect()
    }

    /// The splits that there are.
    pub(crate) fn splits(&self) -> anyhow::Result<Vec<Split>> {
        match self.sentences() {
            Some(files) => Ok(sentences::splits(files)?),
            None => Ok(self.trees.iter().map(|(split, _)| *split).collect()),
        }
    }

    /// The files of the sentences, where they are what rows are made of.
    fn sentences(&self) -> Option<&SentenceFiles> {
        self.scores.as_ref().filter(|_| self.trees.is_empty())?.sentences.as_ref()
    }

    /// What is not as Stanford ships it.
    pub(crate) fn differences(&self) -> anyhow::Result<Vec<String>> {
        let mut said = Vec::new();
        for (role, file) in self.inputs() {
            let original = [TREES, SCORES].into_iter().find(|original| original.file == role);
            said.extend(original.map(|original| original.difference(&file)).transpose()?.flatten());
        }
        Ok(said)
    }
}

impl ScoreFiles {
    /// The files that are read, with trees beside them or without.
    fn members(&self, without_trees: bool) -> Vec<&Member> {
        let mut members = vec![&self.dictionary, &self.of_phrases];
        if let Some(SentenceFiles { splits, tokens, parents, sentences }) =
            self.sentences.as_ref().filter(|_| without_trees)
        {
            members.extend([splits, tokens, parents].into_iter().chain(sentences));
        }
        members
    }
}

/// Opens the files; rows have one of `names` for each label from 0 to 4.
///
/// # Errors
/// Fails on a file that is damaged or does not fit the others.
pub(crate) fn open(files: &StanfordFiles, names: &SourceNames) -> anyhow::Result<Vec<SplitSources>> {
    let dictionary = match &files.scores {
        Some(scores) => Some(Rc::new(Dictionary::read(&scores.dictionary, &scores.of_phrases)?)),
        None => None,
    };
    match (dictionary, files.trees.is_empty()) {
        (Some(dictionary), true) => of_sentences(files, dictionary, names),
        (dictionary, _) => {
            let open = |(split, member): &(Split, Member)| {
                let source = TreeSource::open(member.clone(), names.clone(), dictionary.clone())?;
                Ok(SplitSources { split: *split, sources: vec![Box::new(source)] })
            };
            files.trees.iter().map(open).collect()
        }
    }
}

fn of_sentences(
    files: &StanfordFiles,
    dictionary: Rc<Dictionary>,
    names: &SourceNames,
) -> anyhow::Result<Vec<SplitSources>> {
    let Some(sentence_files) = files.sentences() else {
        let file = files.scores.as_ref().map_or(Path::new(DICTIONARY), |scores| scores.dictionary.path());
        let problem = "without trees, datasetSplit.txt, SOStr.txt and STree.txt are needed beside it".to_owned();
        return Err(CorpusError::Damaged { file: file.to_owned(), format: "the treebank", problem }.into());
    };
    let sentences = Sentences::read(sentence_files.clone(), dictionary, names.clone())?;
    let sources = SentenceSource::of_splits(sentences)?.into_iter();
    Ok(sources.map(|source| SplitSources { split: source.split(), sources: vec![Box::new(source)] }).collect())
}
