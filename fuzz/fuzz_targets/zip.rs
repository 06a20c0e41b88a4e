//! A ZIP archive: no panic, no name that leaves the folder, and every refusal names the file.
#![no_main]

use std::path::{Component, Path};

use corpus::zip_archive::ZipArchive;
use fuzz::with_file;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    with_file("a.zip", bytes, &[], |path| {
        let read = ZipArchive::open(path).and_then(|archive| {
            archive.names().try_for_each(|name| {
                let is_normal = |component| matches!(component, Component::Normal(_));
                assert!(Path::new(name).components().all(is_normal), "{name}");
                archive.text(name).map(drop)
            })
        });
        if let Err(refusal) = read {
            assert!(refusal.to_string().contains("a.zip"), "{refusal}");
        }
    });
});
