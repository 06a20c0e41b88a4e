//! The tables of `docs/formats.md` are those of the code: the same fields in the same order, of the same types.
//!
//! A table of the document belongs to the code when `<!-- table: NAME -->` stands before it. Its first column holds the
//! field's name in backticks, its second the type.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

type Fields = Vec<(String, String)>;

#[test]
fn the_document_and_the_code_have_the_same_fields() {
    let code: BTreeMap<String, Fields> = run_files::TABLES
        .into_iter()
        .flatten()
        .map(|table| {
            let fields = table.fields.iter().map(|field| (field.name.to_owned(), field.type_name.to_owned()));
            (table.name.to_owned(), fields.collect())
        })
        .collect();
    let documented = tables(&document());
    let formats: Vec<&str> = code.keys().filter_map(|name| name.split('.').next()).collect();
    let ours = documented.keys().filter(|name| formats.contains(&name.split('.').next().unwrap_or_default()));
    let names: Vec<&String> = ours.collect();
    assert_eq!(names, code.keys().collect::<Vec<_>>(), "tables of the document and of the code");
    for (name, fields) in &code {
        assert_eq!(&documented[name], fields, "`{name}`: the document (left) and the code (right) differ");
    }
}

fn document() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/formats.md")).unwrap()
}

/// The marked tables of a Markdown text.
fn tables(text: &str) -> BTreeMap<String, Fields> {
    let mut tables = BTreeMap::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let marker = line.trim().strip_prefix("<!-- table: ").and_then(|rest| rest.strip_suffix(" -->"));
        let Some(name) = marker else { continue };
        let rows = lines.by_ref().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
        let cells = rows.skip(2).map(|row| {
            let mut cells = row.trim_matches('|').split('|').map(str::trim);
            let mut cell = || cells.next().unwrap_or_default().trim_matches('`').to_owned();
            (cell(), cell())
        });
        tables.insert(name.to_owned(), cells.collect());
    }
    tables
}

#[test]
fn a_marked_table_is_read_and_others_are_not() {
    let text = "| `x` | y |\n\n<!-- table: log.end -->\n\n| field | type | |\n|---|---|---|\n| `step` | integer | a |\n\n| `z` | y |\n";
    let fields = vec![("step".to_owned(), "integer".to_owned())];
    assert_eq!(tables(text), BTreeMap::from([("log.end".to_owned(), fields)]));
}
