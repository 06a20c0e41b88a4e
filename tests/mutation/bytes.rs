//! Mutation of bytes: noise, parts that come and go, numbers at their ends, two files made one.

use testkit::Random;

/// Numbers that lengths and offsets are replaced by.
const EXTREMES: [u64; 12] =
    [0, 1, 2, 0x7f, 0x80, 0xff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, i64::MAX as u64, u64::MAX];

/// An index of a list that has one.
pub(crate) fn index(random: &mut Random, length: usize) -> usize {
    random.below(length.max(1) as u64) as usize
}

/// One of a list.
pub(crate) fn one_of<'a, T: ?Sized>(random: &mut Random, items: &[&'a T]) -> &'a T {
    items[index(random, items.len())]
}

/// Whether one of `n` times.
pub(crate) fn once_in(random: &mut Random, n: u64) -> bool {
    random.below(n) == 0
}

/// A range of at most `longest` bytes.
fn range(random: &mut Random, length: usize, longest: usize) -> std::ops::Range<usize> {
    let begin = index(random, length + 1);
    let n = index(random, longest.min(length - begin) + 1);
    begin..begin + n
}

/// Changes the bytes in one way; `other` is a file of the same kind.
pub(crate) fn change(random: &mut Random, bytes: &mut Vec<u8>, other: &[u8]) {
    if bytes.is_empty() {
        bytes.extend_from_slice(other);
        return;
    }
    let length = bytes.len();
    match random.below(9) {
        0 => {
            let at = index(random, length);
            bytes[at] ^= 1 << random.below(8);
        }
        1 => {
            let at = index(random, length);
            bytes[at] = random.below(256) as u8;
        }
        2 => {
            let at = index(random, length + 1);
            bytes.insert(at, random.below(256) as u8);
        }
        3 => drop(bytes.drain(range(random, length, 16))),
        4 => {
            let part = bytes[range(random, length, 64)].to_vec();
            let at = index(random, length + 1);
            bytes.splice(at..at, part);
        }
        5 => bytes.truncate(index(random, length)),
        6 => overwrite_number(random, bytes),
        7 => {
            let part = other[range(random, other.len(), 64)].to_vec();
            let at = range(random, length, 64);
            bytes.splice(at, part);
        }
        _ => {
            let (head, tail) = (index(random, length), index(random, other.len()));
            bytes.truncate(head);
            bytes.extend_from_slice(&other[tail..]);
        }
    }
}

/// Writes an extreme number over some bytes, of one of the widths that formats have.
pub(crate) fn overwrite_number(random: &mut Random, bytes: &mut [u8]) {
    let width = [1, 2, 4, 8][index(random, 4)];
    let number = EXTREMES[index(random, EXTREMES.len())].wrapping_add(random.below(3)).wrapping_sub(1);
    let number = if once_in(random, 4) { number.swap_bytes() } else { number };
    let at = index(random, bytes.len());
    for (byte, new) in bytes[at..].iter_mut().zip(&number.to_le_bytes()[..width]) {
        *byte = *new;
    }
}
