//! The words of a text, and hashes of their sequences.

use crate::sample::mixed;

/// The base of the polynomial that a sequence of words is hashed by: odd, and without a pattern.
const BASE: u64 = 0x9e37_79b9_7f4a_7c15;

/// The words of a text, in lower case; where they are written without blanks, its characters. A text without letters and digits
/// is one word as it stands.
pub(super) fn for_each_word(text: &str, mut each: impl FnMut(&str)) {
    let mut lower = String::new();
    let mut words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).peekable();
    if words.peek().is_none() {
        each(text.trim());
    }
    for word in words.flat_map(|word| word.split_inclusive(is_joined)).flat_map(apart) {
        if word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()) {
            each(word);
        } else {
            lower.clear();
            lower.extend(word.chars().flat_map(char::to_lowercase));
            each(&lower);
        }
    }
}

/// Whether a character is of a script without blanks between words: Thai, Lao, Japanese and Chinese.
pub(crate) fn is_joined(c: char) -> bool {
    matches!(
        c,
        '\u{e00}'..='\u{eff}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}'
    )
}

/// What stands before the joined character at the end of a part, and that character.
fn apart(part: &str) -> impl Iterator<Item = &str> {
    let last = part.chars().next_back().filter(|&c| is_joined(c)).map_or(0, char::len_utf8);
    let (before, last) = part.split_at(part.len() - last);
    [before, last].into_iter().filter(|part| !part.is_empty())
}

/// A hash of a text as it stands.
pub fn exact_key(text: &str) -> u64 {
    hash(text.as_bytes())
}

/// A hash of a text as it is compared: of its words, in lower case and without punctuation.
///
/// ```
/// use corpus::similarity::normalized_key;
/// assert_eq!(normalized_key("It's  GREAT !"), normalized_key("it s great"));
/// assert_ne!(normalized_key(":-)"), normalized_key(":-("));
/// ```
pub fn normalized_key(text: &str) -> u64 {
    let (mut sequence, mut n_words) = (0, 0);
    for_each_word(text, |word| {
        sequence = longer(sequence, word);
        n_words += 1;
    });
    key(sequence, n_words)
}

/// The hashes of all beginnings of a text's words: none, one, two, ...
pub(super) fn prefix_hashes(text: &str, hashes: &mut Vec<u64>) {
    hashes.clear();
    hashes.push(0);
    let mut sequence = 0;
    for_each_word(text, |word| {
        sequence = longer(sequence, word);
        hashes.push(sequence);
    });
}

/// The sequence with one more word.
fn longer(sequence: u64, word: &str) -> u64 {
    sequence.wrapping_mul(BASE).wrapping_add(hash(word.as_bytes()))
}

/// The key of the words between two beginnings; `power` is the base to the number of words.
pub(super) fn key_between(before: u64, after: u64, power: u64, n_words: usize) -> u64 {
    key(after.wrapping_sub(before.wrapping_mul(power)), n_words)
}

/// The powers of the base up to `n`.
pub(super) fn powers(n: usize) -> Vec<u64> {
    std::iter::successors(Some(1_u64), |power| Some(power.wrapping_mul(BASE))).take(n + 1).collect()
}

fn key(sequence: u64, n_words: usize) -> u64 {
    mixed(n_words as u64, sequence)
}

/// FNV-1a over words of eight bytes, finished by a mixer.
fn hash(bytes: &[u8]) -> u64 {
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for chunk in bytes.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        hash = mixed(0, (hash ^ u64::from_le_bytes(word)).wrapping_mul(PRIME));
    }
    mixed(bytes.len() as u64, hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_blanks_and_punctuation_make_no_difference() {
        let same = ["It works .", "it  works", "\"It WORKS!\""].map(normalized_key);
        assert!(same.iter().all(|key| *key == same[0]));
        let different = ["it works", "works it", "it work s", "itworks", "", ":)", ":(", "é", "e"].map(normalized_key);
        assert_eq!(different.iter().collect::<std::collections::HashSet<_>>().len(), different.len());
        assert_eq!(normalized_key("ÉTÉ"), normalized_key("été"));
        assert_eq!(normalized_key("味道ABC很好。!"), normalized_key("味 道 abc 很 好"));
    }

    #[test]
    fn keys_are_the_same_on_every_machine() {
        assert_eq!(exact_key("It works ."), 3_611_111_265_073_255_808);
        assert_eq!(normalized_key("It works ."), 14_783_955_736_617_075_378);
    }

    #[test]
    fn a_part_of_a_sequence_has_the_key_of_its_text() {
        let mut hashes = Vec::new();
        prefix_hashes("A film of rare beauty", &mut hashes);
        let power = powers(3)[3];
        assert_eq!(key_between(hashes[1], hashes[4], power, 3), normalized_key("film of rare"));
    }
}
