//! Lines of a text in whatever encoding: no panic, and no line holds its own end.
#![no_main]

use std::ops::ControlFlow;

use corpus::records::for_each_line;
use fuzz::with_file;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    with_file("m.txt", bytes, &[], |path| {
        let mut lines = String::new();
        let read = for_each_line(path, &mut |line| {
            assert!(!line.contains('\n'), "{line:?}");
            lines += line;
            ControlFlow::Continue(())
        });
        match (read, std::str::from_utf8(bytes)) {
            (Err(refusal), _) => assert!(refusal.to_string().contains("m.txt"), "{refusal}"),
            (Ok(()), Ok(text)) if !text.contains(['\r', '\0', '\u{feff}']) => assert_eq!(lines, text.replace('\n', "")),
            _ => {}
        }
    });
});
