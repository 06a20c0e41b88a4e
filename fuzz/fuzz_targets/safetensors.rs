//! A safetensors file: no panic, no allocation beyond the file, and every tensor has the bytes that its shape asks for.
#![no_main]

use checkpoint::SafetensorsFile;
use fuzz::with_file;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // The length of the header is its own, so that the fuzzer need not find it.
    let (header, data) = bytes.split_at(bytes.iter().position(|&byte| byte == b'\n').unwrap_or(bytes.len()));
    let file = [&(header.len() as u64).to_le_bytes(), header, data.get(1..).unwrap_or_default()].concat();
    with_file("m.safetensors", &file, &[], |path| {
        let mut opened = match SafetensorsFile::open(path) {
            Ok(opened) => opened,
            Err(refusal) => {
                assert!(refusal.to_string().contains("m.safetensors"), "{refusal}");
                return;
            }
        };
        let entries = opened.entries.clone();
        for (name, entry) in entries {
            let Some(element) = entry.element else { continue };
            match opened.read(&name) {
                Ok(bytes) => assert_eq!(bytes.len(), entry.shape.iter().product::<usize>() * element.size()),
                Err(refusal) => assert!(refusal.to_string().contains("tensor"), "{refusal}"),
            }
        }
    });
});
