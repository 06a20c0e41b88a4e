//! Dictionary: `dictionary.txt` (`phrase|id`) joined with `sentiment_labels.txt` (`id|score`): the score of a phrase.
//!
//! A phrase is looked up as it stands; else without what differs between the treebank's files: escapes (`-LRB-`, `\/`,
//! `\*`), U+00A0 inside a token, and UTF-8 that was encoded twice. Case counts.

use std::collections::HashMap;

use corpus::similarity::mended;
use corpus::tree::unescape;
use corpus::{CorpusError, Location, Result};

use super::members::Member;

const NO_BREAK_SPACE: char = '\u{a0}';

/// The scores of all phrases.
#[derive(Debug)]
pub(super) struct Dictionary {
    scores: HashMap<Box<str>, f32>,
    /// Of those whose plain spelling is another.
    of_plain: HashMap<Box<str>, f32>,
}

impl Dictionary {
    /// Reads both files.
    pub(super) fn read(phrases: &Member, scores: &Member) -> Result<Self> {
        let scores = read_scores(scores)?;
        let mut dictionary = Self { scores: HashMap::with_capacity(scores.len()), of_plain: HashMap::new() };
        for (number, line) in (1..).zip(phrases.text()?.lines()) {
            let Some((phrase, id)) = line.rsplit_once('|').and_then(|(phrase, id)| Some((phrase, id_of(id)?))) else {
                return Err(wrong(phrases, number, format!("expected `phrase|id`, found `{line}`")));
            };
            let Some(&score) = scores.get(&id) else { continue };
            if let Some(plain) = plain(phrase) {
                dictionary.of_plain.entry(plain.into()).or_insert(score);
            }
            dictionary.scores.entry(phrase.into()).or_insert(score);
        }
        if dictionary.scores.is_empty() {
            return Err(CorpusError::Empty { file: phrases.path().to_owned() });
        }
        Ok(dictionary)
    }

    /// The score of a phrase, from 0 to 1.
    pub(super) fn score(&self, phrase: &str) -> Option<f32> {
        if let Some(score) = self.scores.get(phrase).or_else(|| self.of_plain.get(phrase)) {
            return Some(*score);
        }
        let plain = plain(phrase)?;
        self.scores.get(plain.as_str()).or_else(|| self.of_plain.get(plain.as_str())).copied()
    }
}

fn read_scores(member: &Member) -> Result<HashMap<u64, f32>> {
    let mut scores = HashMap::new();
    for (number, line) in (1..).zip(member.text()?.lines()) {
        let parsed = line.split_once('|').and_then(|(id, score)| Some((id_of(id)?, score.trim().parse::<f32>().ok()?)));
        match parsed {
            Some((id, score)) if (0.0..=1.0).contains(&score) => scores.entry(id).or_insert(score),
            _ if number == 1 => continue, // the header
            _ => {
                let problem = format!("expected `phrase id|score` with a score from 0 to 1, found `{line}`");
                return Err(wrong(member, number, problem));
            }
        };
    }
    Ok(scores)
}

fn id_of(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

/// The plain spelling of a phrase, where it is another.
fn plain(phrase: &str) -> Option<String> {
    let may_differ = !phrase.is_ascii() || phrase.contains(['\\', '-']);
    let plain = || {
        let phrase = mended(phrase).unwrap_or_else(|| phrase.to_owned());
        unescape(&phrase).replace(NO_BREAK_SPACE, " ")
    };
    may_differ.then(plain).filter(|plain| plain != phrase)
}

pub(super) fn wrong(member: &Member, line: u64, problem: String) -> CorpusError {
    CorpusError::Value { file: member.path().to_owned(), location: Location::Line(line), problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_phrase_are_one() {
        for spelling in ["( A ) and/or clichés", "-LRB- A -RRB- and\\/or clichés", "( A ) and\\/or clichÃ©s"] {
            assert_eq!(plain(spelling).unwrap_or(spelling.to_owned()), "( A ) and/or clichés");
        }
        assert_eq!(plain("2\u{a0}1\\/2 hours").as_deref(), Some("2 1/2 hours"));
        assert_eq!(plain("well-made"), None);
    }
}
