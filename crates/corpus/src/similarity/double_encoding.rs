//! Text that was encoded twice: the bytes of UTF-8, taken for windows-1252 or Latin-1, and encoded again.

use encoding_rs::WINDOWS_1252;

/// What a text was meant to be, if it looks encoded twice: `CafÃ©` for `Café`, also after it was put in lower case.
///
/// ```
/// use corpus::similarity::mended;
/// assert_eq!(mended("CafÃ© â€“ na\u{c3}\u{af}ve").as_deref(), Some("Café – naïve"));
/// assert_eq!(mended("cafã©").as_deref(), Some("café"));
/// assert_eq!(mended("Café, não"), None);
/// assert_eq!(mended("Ã la carte"), None);
/// ```
pub fn mended(text: &str) -> Option<String> {
    if text.is_ascii() {
        return None;
    }
    let mut bytes: Vec<u8> = text.chars().map(byte).collect::<Option<_>>()?;
    if std::str::from_utf8(&bytes).is_err() {
        raise(&mut bytes);
    }
    String::from_utf8(bytes).ok()
}

/// Undoes lower case of the first bytes of characters: `ã` before what no letter is was `Ã`.
fn raise(bytes: &mut [u8]) {
    const LOWER: u8 = 0xe3;
    const UPPER: u8 = 0xc3;
    for index in 1..bytes.len() {
        let is_first = bytes[index - 1] == LOWER && (0x80..0xc0).contains(&bytes[index]);
        if is_first && !bytes.get(index + 1).is_some_and(|next| (0x80..0xc0).contains(next)) {
            bytes[index - 1] = UPPER;
        }
    }
}

/// The byte that a character is in windows-1252, or in Latin-1 where that has none.
fn byte(character: char) -> Option<u8> {
    if let Ok(byte) = u8::try_from(u32::from(character)) {
        return Some(byte);
    }
    let mut buffer = [0; 4];
    let (bytes, _, is_lossy) = WINDOWS_1252.encode(character.encode_utf8(&mut buffer));
    bytes.first().copied().filter(|_| !is_lossy)
}
