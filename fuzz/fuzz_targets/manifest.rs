//! A manifest of an output folder: no panic, and every refusal names the file.
#![no_main]

use fuzz::with_file;
use libfuzzer_sys::fuzz_target;
use stage::Manifest;

fuzz_target!(|bytes: &[u8]| {
    with_file("manifest.json", bytes, &[], |path| {
        let folder = path.parent().expect("a folder");
        match Manifest::load(folder) {
            Ok(manifest) => assert!(manifest.is_some()),
            Err(refusal) => assert!(refusal.to_string().contains("manifest.json"), "{refusal}"),
        }
    });
});
