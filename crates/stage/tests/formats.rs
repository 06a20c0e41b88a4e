//! `docs/formats.md` against the code: the fields of a manifest are those of its table.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use stage::{CommonArgs, Job, OutputWriter, Stage};

#[test]
fn a_manifest_has_the_documented_fields() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let common = CommonArgs::quiet(&out);
    let job = Job::new(Stage { name: "test-stage", version: 1 }, &common);
    let mut output = job.begin().unwrap().unwrap();
    output.write("a.txt", "content").unwrap();
    output.finish().unwrap();
    let manifest: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(&fs::read(out.join("manifest.json")).unwrap()).unwrap();

    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/formats.md");
    let text = fs::read_to_string(document).unwrap();
    let section = text.split("\n## ").find(|part| part.starts_with("`manifest.json`")).unwrap();
    let rows = section.lines().skip_while(|line| !line.starts_with("| field |")).skip(2);
    let documented: BTreeSet<&str> =
        rows.take_while(|line| line.starts_with('|')).filter_map(|line| line.split('`').nth(1)).collect();
    assert_eq!(manifest.keys().map(String::as_str).collect::<BTreeSet<_>>(), documented);
}
