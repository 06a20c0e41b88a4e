//! Line breaks, counted for messages.

/// How many line breaks a text has, be they LF, CRLF or CR.
#[derive(Default)]
pub(super) struct LineBreaks {
    lf: u64,
    cr: u64,
}

impl LineBreaks {
    /// Adds those of the next part.
    pub(super) fn add(&mut self, text: &str) {
        let count = |wanted: u8| text.bytes().filter(|&byte| byte == wanted).count() as u64;
        self.lf += count(b'\n');
        self.cr += count(b'\r');
    }

    /// Those so far. A file with LF has lines that end in LF, whatever CRs are in them.
    pub(super) fn count(&self) -> u64 {
        if self.lf > 0 { self.lf } else { self.cr }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_breaks_of_each_kind_are_counted_across_parts() {
        let count = |parts: &[&str]| {
            let mut breaks = LineBreaks::default();
            parts.iter().for_each(|part| breaks.add(part));
            breaks.count()
        };
        assert_eq!(count(&["a\nb", "c\n"]), 2);
        assert_eq!(count(&["a\r", "\nb\r\n"]), 2);
        assert_eq!(count(&["a\rb", "\r"]), 2);
        assert_eq!(count(&["a\rb\n"]), 1);
    }
}
