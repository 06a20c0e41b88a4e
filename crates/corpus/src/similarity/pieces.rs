//! Pieces: texts whose words, in a row, are a part of another text.

use super::words::{key_between, powers, prefix_hashes};

/// Texts of more words are looked for by their first so many.
const MAX_WORDS: usize = 64;
/// Of texts that begin with the same so many words, those that are looked for.
const MAX_SHARED: usize = 64;
/// Bits of the filter for each text: a span that is no text passes it once in so many times.
const FILTER_BITS: usize = 32;

/// Texts by number, among which the pieces of a given text are found. It takes 18 bytes a text.
#[derive(Debug)]
pub struct Pieces {
    keys: Vec<u64>,
    /// Numbers of words, capped.
    lengths: Vec<u16>,
    /// The texts in the order of their keys, then of their numbers.
    by_key: Vec<u32>,
    /// The texts of more than [`MAX_WORDS`] words, by the key of their beginnings.
    long: Vec<(u64, u32)>,
    filter: Vec<u64>,
    has_length: Vec<bool>,
    powers: Vec<u64>,
    hashes: Vec<u64>,
}

/// A text that is a piece of another, or has its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// The number of the first text with these words.
    pub text: u32,
    /// How many words it has.
    pub n_words: usize,
}

impl Default for Pieces {
    fn default() -> Self {
        Self::new()
    }
}

impl Pieces {
    /// No texts yet.
    pub fn new() -> Self {
        Self {
            keys: Vec::new(),
            lengths: Vec::new(),
            by_key: Vec::new(),
            long: Vec::new(),
            filter: Vec::new(),
            has_length: vec![false; MAX_WORDS + 1],
            powers: powers(MAX_WORDS),
            hashes: Vec::new(),
        }
    }

    /// Adds the next text; its number of words, and its `normalized_key`.
    pub fn add(&mut self, text: &str) -> (usize, u64) {
        let mut hashes = std::mem::take(&mut self.hashes);
        prefix_hashes(text, &mut hashes);
        let n_words = hashes.len() - 1;
        let key = key_between(0, hashes[n_words], 0, n_words);
        self.keys.push(key);
        self.lengths.push(u16::try_from(n_words).unwrap_or(u16::MAX));
        match self.has_length.get_mut(n_words) {
            Some(has_length) => *has_length = true,
            None => {
                let begin = key_between(0, hashes[MAX_WORDS], 0, MAX_WORDS);
                self.long.push((begin, self.keys.len() as u32 - 1));
            }
        }
        self.hashes = hashes;
        (n_words, key)
    }

    /// The number of texts.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The number of words of a text, which was added; 65,535 and more are one.
    pub fn n_words(&self, text: u32) -> usize {
        self.lengths[text as usize].into()
    }

    /// Makes the texts that were added findable. Afterwards none can be added.
    pub fn index(&mut self) {
        self.by_key = (0..).take(self.keys.len()).collect();
        let keys = &self.keys;
        self.by_key.sort_unstable_by_key(|&text| (keys[text as usize], text));
        self.long.sort_unstable_by_key(|&(begin, text)| (begin, keys[text as usize], text));
        self.long.dedup_by(|a, b| a.0 == b.0 && keys[a.1 as usize] == keys[b.1 as usize]);
        let longest = self.long.iter().map(|&(_, text)| usize::from(self.lengths[text as usize])).max();
        self.powers = powers(longest.unwrap_or(MAX_WORDS));
        let n_bits = (self.keys.len() * FILTER_BITS).next_power_of_two().max(64);
        self.filter = vec![0; n_bits / 64];
        let short = self.keys.iter().zip(&self.lengths).filter(|(_, n_words)| usize::from(**n_words) <= MAX_WORDS);
        for key in short.map(|(&key, _)| key).chain(self.long.iter().map(|&(begin, _)| begin)) {
            let (word, bit) = bit_of(&self.filter, key);
            self.filter[word] |= bit;
        }
    }

    /// The numbers of the texts that have the same words as another one of a lower number, each with the first of these.
    pub fn copies(&self) -> impl Iterator<Item = (u32, u32)> {
        let of_one_key = self.by_key.chunk_by(|&a, &b| self.keys[a as usize] == self.keys[b as usize]);
        of_one_key.flat_map(|texts| texts.iter().skip(1).map(|&copy| (copy, texts[0])))
    }

    /// All texts with the words of this one, which was added.
    pub fn same_as(&self, text: u32) -> &[u32] {
        let key = self.keys[text as usize];
        let first = self.by_key.partition_point(|&other| self.keys[other as usize] < key);
        let n = self.by_key[first..].partition_point(|&other| self.keys[other as usize] == key);
        &self.by_key[first..first + n]
    }

    /// The texts that have the same words, where there are several; the first of each comes first.
    pub fn same(&self) -> impl Iterator<Item = &[u32]> {
        let of_one_key = self.by_key.chunk_by(|&a, &b| self.keys[a as usize] == self.keys[b as usize]);
        of_one_key.filter(|texts| texts.len() > 1)
    }

    /// The first text with these words, if one was added.
    pub fn find(&self, text: &str) -> Option<u32> {
        let mut hashes = Vec::new();
        prefix_hashes(text, &mut hashes);
        let n_words = hashes.len() - 1;
        self.first_with(key_between(0, hashes[n_words], 0, n_words))
    }

    /// Gives the pieces of `text` to `each`, a text with all its words included.
    pub fn for_each_piece(&self, text: &str, hashes: &mut Vec<u64>, mut each: impl FnMut(Piece)) {
        prefix_hashes(text, hashes);
        let lengths = (1..hashes.len()).take(MAX_WORDS);
        for n_words in
            lengths.filter(|&n_words| self.has_length[n_words] || (n_words == MAX_WORDS && !self.long.is_empty()))
        {
            let power = self.powers[n_words];
            for (begin, (before, after)) in hashes.iter().zip(&hashes[n_words..]).enumerate() {
                let key = key_between(*before, *after, power, n_words);
                let (word, bit) = bit_of(&self.filter, key);
                if self.filter[word] & bit == 0 {
                    continue;
                }
                if let Some(text) = self.first_with(key) {
                    each(Piece { text, n_words });
                }
                if n_words == MAX_WORDS {
                    self.for_each_long(key, &hashes[begin..], &mut each);
                }
            }
        }
    }

    /// Gives the texts of more words to `each` that begin with this key, where these hashes begin, and go on as they do.
    fn for_each_long(&self, begin: u64, hashes: &[u64], each: &mut impl FnMut(Piece)) {
        let first = self.long.partition_point(|&(other, _)| other < begin);
        for &(_, text) in self.long[first..].iter().take_while(|&&(other, _)| other == begin).take(MAX_SHARED) {
            let n_words = usize::from(self.lengths[text as usize]);
            let ends = hashes.get(n_words).zip(self.powers.get(n_words));
            let key = ends.map(|(after, power)| key_between(hashes[0], *after, *power, n_words));
            if key == Some(self.keys[text as usize])
                && let Some(text) = self.first_with(self.keys[text as usize])
            {
                each(Piece { text, n_words });
            }
        }
    }

    fn first_with(&self, key: u64) -> Option<u32> {
        let first = self.by_key.partition_point(|&text| self.keys[text as usize] < key);
        self.by_key.get(first).copied().filter(|&text| self.keys[text as usize] == key)
    }
}

/// The place of a key in the filter.
fn bit_of(filter: &[u64], key: u64) -> (usize, u64) {
    let bit = key as usize & (filter.len() * 64 - 1);
    (bit / 64, 1 << (bit % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces_of(texts: &[&str], text: &str) -> Vec<(u32, usize)> {
        let mut pieces = Pieces::new();
        texts.iter().for_each(|text| {
            pieces.add(text);
        });
        pieces.index();
        let mut found = Vec::new();
        pieces.for_each_piece(text, &mut Vec::new(), |piece| found.push((piece.text, piece.n_words)));
        found
    }

    #[test]
    fn words_in_a_row_are_a_piece() {
        let texts = ["a film", "Film of rare", "of beauty", "A film of rare beauty .", "a film", "rare"];
        assert_eq!(pieces_of(&texts, "a film of rare beauty"), [(5, 1), (0, 2), (1, 3), (3, 5)]);
        assert_eq!(pieces_of(&texts, "film of"), []);
        assert_eq!(pieces_of(&[":)"], ":)"), [(0, 1)]);
    }

    #[test]
    fn all_pieces_are_found_and_no_other() {
        // Texts of two words, so that nearly everything is a piece of something.
        let texts: Vec<String> =
            (0..200_u32).map(|i| format!("{:b}", i + 2).replace('0', " a").replace('1', " b")).collect();
        let refs: Vec<&str> = texts.iter().map(String::as_str).collect();
        for text in &texts {
            let mut expected: Vec<u32> =
                (0..200).filter(|&i| format!("{text} ").contains(&format!("{} ", texts[i as usize]))).collect();
            let mut found: Vec<u32> = pieces_of(&refs, text).into_iter().map(|(text, _)| text).collect();
            found.sort_unstable();
            found.dedup();
            expected.dedup();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn long_texts_are_pieces_wherever_they_begin() {
        let words = |range: std::ops::Range<u32>| range.map(|i| format!("w{i}")).collect::<Vec<_>>().join(" ");
        let texts =
            [words(300..400), words(300..365), words(10..74), words(300..400), words(300..420), words(590..600)];
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let mut found = pieces_of(&texts, &words(0..600));
        found.sort_unstable();
        assert_eq!(found, [(0, 100), (1, 65), (2, 64), (4, 120), (5, 10)]);
        assert_eq!(pieces_of(&texts, &words(300..399)), [(1, 65)]);
        assert_eq!(pieces_of(&texts, &words(301..450)), []);
    }

    #[test]
    fn copies_are_told_with_the_first() {
        let mut pieces = Pieces::new();
        ["x y", "z", "X Y", "x-y", "z z"].iter().for_each(|text| {
            pieces.add(text);
        });
        pieces.index();
        let mut copies: Vec<(u32, u32)> = pieces.copies().collect();
        copies.sort_unstable();
        assert_eq!(copies, [(2, 0), (3, 0)]);
        assert_eq!((pieces.find("x  Y!"), pieces.find("y x")), (Some(0), None));
    }
}
