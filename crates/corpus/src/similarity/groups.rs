//! Groups of texts that must not be in two splits: copies, and the pieces of one text.

use super::pieces::Pieces;
use super::words::for_each_word;

/// Texts of fewer words are a piece of too many others to belong to one of them.
const MIN_WORDS: usize = 3;

/// One text of so many is probed.
const PROBED: u64 = 256;
/// Of texts that are no pieces by their making, one of so many is one by chance.
const RARELY: usize = 100;

/// Groups of texts, found in two readings: [`Groups::add`] for all, then [`Groups::link`] for all again.
///
/// A text that is a piece of longer ones belongs to the longest of them, and of these to the first. So groups do not grow
/// together through short texts that many have in common.
#[derive(Debug, Default)]
pub struct Groups {
    pieces: Pieces,
    is_indexed: bool,
    /// Another text of the same group; the text itself where it is the first.
    parents: Vec<u32>,
    /// The longest text that holds this one, if there is one.
    holders: Vec<u32>,
    hashes: Vec<u64>,
    /// Some of the texts, and which of them are pieces of others.
    probe: Pieces,
    probe_is_piece: Vec<bool>,
    is_probed: bool,
}

const NONE: u32 = u32::MAX;

impl Groups {
    /// No texts yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next text, which has a group of its own.
    pub fn add(&mut self, text: &str) {
        let (n_words, key) = self.pieces.add(text);
        if n_words >= MIN_WORDS && key.is_multiple_of(PROBED) {
            self.probe.add(text);
            self.probe_is_piece.push(false);
        }
        self.parents.push(self.parents.len() as u32);
        self.holders.push(NONE);
    }

    /// Says that two texts belong together.
    pub fn union(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        self.parents[a.max(b) as usize] = a.min(b);
    }

    fn root(&mut self, mut text: u32) -> u32 {
        while self.parents[text as usize] != text {
            let above = self.parents[text as usize];
            self.parents[text as usize] = self.parents[above as usize];
            text = above;
        }
        text
    }

    /// The number of texts.
    pub fn len(&self) -> usize {
        self.parents.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.parents.is_empty()
    }

    /// Looks whether a text holds some of a few others, which is quick. After all texts, [`Groups::have_pieces`] says whether
    /// it is worth while to look for the pieces of all.
    pub fn probe(&mut self, text: &str) {
        if !self.is_probed {
            self.probe.index();
            self.is_probed = true;
        }
        let (probe, is_piece) = (&self.probe, &mut self.probe_is_piece);
        let mut n_words = 0;
        for_each_word(text, |_| n_words += 1);
        probe.for_each_piece(text, &mut self.hashes, |piece| {
            is_piece[piece.text as usize] |= piece.n_words < n_words;
        });
    }

    /// Whether more than a few of the texts that were probed are pieces of others.
    pub fn have_pieces(&self) -> bool {
        self.probe_is_piece.iter().filter(|is_piece| **is_piece).count() * RARELY > self.probe_is_piece.len()
    }

    /// Looks for the pieces of a text, whose number among those that were added is `number`.
    pub fn link(&mut self, text: &str, number: u32) {
        if !self.is_indexed {
            self.pieces.index();
            self.is_indexed = true;
        }
        let n_words = self.pieces.n_words(number);
        let (pieces, holders) = (&self.pieces, &mut self.holders);
        pieces.for_each_piece(text, &mut self.hashes, |piece| {
            let holder = &mut holders[piece.text as usize];
            let is_longer = *holder == NONE || pieces.n_words(*holder) < n_words;
            if piece.n_words >= MIN_WORDS && piece.n_words < n_words && is_longer {
                *holder = number;
            }
        });
    }

    /// The group of each text, as the number of its first.
    pub fn finish(mut self) -> Vec<u32> {
        if !self.is_indexed {
            self.pieces.index();
        }
        let copies: Vec<(u32, u32)> = self.pieces.copies().collect();
        copies.into_iter().for_each(|(copy, first)| self.union(copy, first));
        for text in 0..self.holders.len() as u32 {
            let holder = self.holders[text as usize];
            if holder != NONE {
                self.union(text, holder);
            }
        }
        (0..self.parents.len() as u32).map(|text| self.root(text)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(texts: &[&str]) -> Vec<u32> {
        let mut groups = Groups::new();
        texts.iter().for_each(|text| groups.add(text));
        (0..).zip(texts).for_each(|(number, text)| groups.link(text, number));
        groups.finish()
    }

    #[test]
    fn copies_and_pieces_belong_together() {
        let texts =
            ["a film of", "another film of great beauty", "A film of rare beauty .", "a FILM of", "rare beauty"];
        assert_eq!(groups(&texts), [0, 1, 0, 0, 4], "two words belong to nobody");
    }

    #[test]
    fn a_piece_of_two_texts_does_not_tie_them_together() {
        let texts = ["one of the best films", "one of the", "this is one of the best films of all", "one of the worst"];
        assert_eq!(groups(&texts), [0, 0, 0, 3], "the longest has the pieces, the other text stays by itself");
    }

    #[test]
    fn a_part_of_the_texts_tells_whether_they_have_pieces() {
        let probe = |texts: &[String]| {
            let mut groups = Groups::new();
            texts.iter().for_each(|text| groups.add(text));
            texts.iter().for_each(|text| groups.probe(text));
            groups.have_pieces()
        };
        let text = |i: usize| format!("the {i}th of some texts {}", i * i);
        let apart: Vec<String> = (0..2000).map(text).collect();
        assert!(!probe(&apart));
        let pieces = apart.iter().map(|text| text.split_once(' ').unwrap().1.to_owned());
        assert!(probe(&apart.iter().cloned().chain(pieces).collect::<Vec<_>>()));
    }

    #[test]
    fn what_is_said_to_belong_together_does() {
        let mut groups = Groups::new();
        ["a", "b", "c", "d"].iter().for_each(|text| groups.add(text));
        groups.union(3, 1);
        groups.union(2, 3);
        assert_eq!(groups.finish(), [0, 1, 1, 1]);
    }
}
