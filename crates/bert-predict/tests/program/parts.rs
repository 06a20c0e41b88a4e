//! The program from outside: large files in parts, which are resumed, shared among shards, and collected.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::common::{lines, refuse, run, succeed};
use testkit::Sandbox;

/// Two files of 100 and 30 rows; parts of 16 rows are seven and two.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    for (name, n) in [("a.csv", 100), ("b.csv", 30)] {
        let mut csv = "id,text\n".to_owned();
        for row in 0..n {
            writeln!(csv, "{name}-{row},w{} w{}", 5 + row % 50, 5 + row % 7).unwrap();
        }
        sandbox.write(name, csv);
    }
    sandbox
}

const FLAGS: &str = "--input a.csv --input b.csv --keep-columns id --rows-per-part 16 --output-format jsonl --quiet";

/// The visible files of a folder, by their names.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    let named = entries.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(path).unwrap()));
    named.filter(|(name, _)| !name.starts_with('.')).collect()
}

#[test]
fn parts_hold_the_rows_of_their_files_in_order_and_a_second_run_does_nothing() {
    let sandbox = sandbox();
    succeed(&sandbox, &format!("{FLAGS} --out o"));
    let made = files(&sandbox.path("o"));
    let names: Vec<&String> = made.keys().collect();
    let expected: Vec<String> = (0..9).map(|part| format!("part-{part:06}.jsonl")).collect();
    assert_eq!(names[1..10], expected.iter().collect::<Vec<_>>());
    assert_eq!([names[0], names[10]], ["manifest.json", "parts.jsonl"]);
    let all: String = expected.iter().map(|name| String::from_utf8(made[name].clone()).unwrap()).collect();
    let ids: Vec<String> = lines(&all).iter().map(|line| line["id"].as_str().unwrap().to_owned()).collect();
    let of = |name: &str, n| (0..n).map(|row| format!("{name}-{row}")).collect::<Vec<_>>();
    assert_eq!(ids, [of("a.csv", 100), of("b.csv", 30)].concat());
    let ledger = lines(&sandbox.text("o/parts.jsonl"));
    let place = |part: usize| (&ledger[part + 1]["input"], &ledger[part + 1]["first_row"], &ledger[part + 1]["rows"]);
    assert_eq!(place(6), (&0.into(), &97.into(), &4.into()));
    assert_eq!(place(8), (&1.into(), &17.into(), &14.into()));

    let again = run(&sandbox, &FLAGS.replace("--quiet", "--out o"));
    assert_eq!((again.code, again.stderr.as_str()), (Some(0), "bert-predict: o is fresh\n"));
    let explained = run(&sandbox, &format!("{FLAGS} --out o --explain --max-length 9"));
    assert_eq!(explained.stdout, "bert-predict: o is out of date:\n  max_length: 24 -> 9\n");
    assert_eq!(files(&sandbox.path("o")), made);
}

#[test]
fn what_is_missing_or_damaged_is_made_again_and_nothing_else() {
    let sandbox = sandbox();
    succeed(&sandbox, &format!("{FLAGS} --out o"));
    let whole = files(&sandbox.path("o"));
    // As a kill leaves it: no manifest, a ledger whose last line is cut, a part that the ledger does not know.
    fs::remove_file(sandbox.path("o/manifest.json")).unwrap();
    let ledger = sandbox.text("o/parts.jsonl");
    let end = ledger.lines().take(6).map(|line| line.len() + 1).sum::<usize>();
    sandbox.write("o/parts.jsonl", &ledger[..end + 20]);
    let modified = |name: &str| fs::metadata(sandbox.path(name)).unwrap().modified().unwrap();
    let (kept, unknown) = (modified("o/part-000003.jsonl"), modified("o/part-000005.jsonl"));
    let said = run(&sandbox, &FLAGS.replace("--quiet", "--out o")).stderr;
    assert!(said.starts_with("bert-predict: 5 parts are there from an earlier run\n"), "{said}");
    assert!(said.contains("bert-predict: 130 rows, 0 broken, "), "{said}");
    assert_eq!(files(&sandbox.path("o")), whole);
    assert_eq!(modified("o/part-000003.jsonl"), kept);
    assert_ne!(modified("o/part-000005.jsonl"), unknown);

    fs::remove_file(sandbox.path("o/manifest.json")).unwrap();
    sandbox.write("o/part-000002.jsonl", "{}\n");
    sandbox.write("o/part-000077.jsonl", "{}\n");
    succeed(&sandbox, &format!("{FLAGS} --out o"));
    assert_eq!(files(&sandbox.path("o")), whole);

    // Of other settings nothing is kept.
    fs::remove_file(sandbox.path("o/manifest.json")).unwrap();
    let said = run(&sandbox, &FLAGS.replace("--quiet", "--out o --max-length 4")).stderr;
    assert!(!said.contains("from an earlier run"), "{said}");
    assert_ne!(files(&sandbox.path("o")), whole);
}

#[test]
fn shards_are_collected_to_the_bytes_of_an_undivided_run() {
    let sandbox = sandbox();
    for format in ["jsonl", "csv", "tsv", "parquet"] {
        let flags = FLAGS.replace("jsonl", format);
        succeed(&sandbox, &format!("{flags} --out whole-{format}"));
        for shard in ["3/3", "1/3", "2/3"] {
            succeed(&sandbox, &format!("{flags} --out o-{format} --shard {shard}"));
        }
        let collected = sandbox.run(&format!("bert-predict --collect o-{format}"));
        assert_eq!(collected.stderr, "bert-predict: 9 parts of 3 shards, 130 rows in all\n");
        assert_eq!(files(&sandbox.path(&format!("o-{format}"))), files(&sandbox.path(&format!("whole-{format}"))));
    }
}

#[test]
fn a_shard_that_is_missing_unfinished_edited_or_another_ones_is_not_collected() {
    let sandbox = sandbox();
    let collect = || sandbox.refuse("bert-predict --collect o");
    let shard = |flags: &str, shard: &str| succeed(&sandbox, &format!("{flags} --out o --shard {shard}"));
    assert!(collect().contains("o cannot be read"));
    shard(FLAGS, "1/2");
    assert!(collect().contains("o has no shard-2-of-2; make it with --shard 2/2"));
    shard(FLAGS, "2/2");
    let manifest = sandbox.text("o/shard-2-of-2/manifest.json");
    fs::remove_file(sandbox.path("o/shard-2-of-2/manifest.json")).unwrap();
    assert!(collect().contains("o/shard-2-of-2 is unfinished"));
    sandbox.write("o/shard-2-of-2/manifest.json", &manifest);
    let part = sandbox.read("o/shard-2-of-2/part-000001.jsonl");
    sandbox.write("o/shard-2-of-2/part-000001.jsonl", "{}\n");
    assert!(collect().contains("part-000001.jsonl is not what"));
    fs::remove_file(sandbox.path("o/shard-2-of-2/part-000001.jsonl")).unwrap();
    assert!(collect().contains("part-000001.jsonl cannot be read: No such file"));
    assert!(!sandbox.path("o/part-000000.jsonl").exists(), "nothing is collected of what is not whole");
    sandbox.write("o/shard-2-of-2/part-000001.jsonl", part);
    shard(FLAGS, "1/3");
    assert!(collect().contains("o holds shard-1-of-2 and shard-1-of-3: parts would be there twice"));
    fs::remove_dir_all(sandbox.path("o/shard-1-of-3")).unwrap();
    shard(&format!("{FLAGS} --max-length 5"), "2/2");
    assert!(collect().contains("o/shard-1-of-2 and o/shard-2-of-2 are shards of different runs"));
    shard(FLAGS, "2/2");
    sandbox.run("bert-predict --collect o").assert_success("collect");
}

#[test]
fn a_folder_of_parts_is_nobody_elses() {
    let sandbox = sandbox();
    sandbox.write("mine/thesis.txt", "");
    let refused = |flags: &str, expected: &str| {
        let message = refuse(&sandbox, &format!("{FLAGS} {flags}"));
        assert!(message.contains(expected), "{flags}: {message}");
    };
    refused("--out mine", "mine holds files that no stage wrote");
    refused("--out mine --shard 1/2", "mine holds files that no stage wrote");
    refused("--out o --output p.csv", "cannot be used with");
    refused("--shard 1/2", "--out <DIR>");
    refused("--out o --shard 3/2", "expected I/N with I from 1 to N");
    refused("--out o --rows-per-part 0", "--rows-per-part");
    assert!(refuse(&sandbox, "--out o").contains("--input <FILE>"));
    assert!(!sandbox.path("o").exists());
    assert!(!sandbox.path("mine/shard-1-of-2").exists());
}

#[test]
fn a_broken_row_of_a_part_has_its_place_and_strict_keeps_what_was_before() {
    let sandbox = Sandbox::new();
    let rows: String =
        (0..40).map(|row| if row == 21 { "1,2,3\n".to_owned() } else { format!("w{}\n", 5 + row) }).collect();
    sandbox.write("a.csv", format!("text\n{rows}"));
    let flags = "--input a.csv --rows-per-part 16 --quiet";
    let lenient = succeed(&sandbox, &format!("{flags} --out o"));
    assert!(lenient.stderr.starts_with("bert-predict: a.csv, line 23: expected 1 fields"), "{}", lenient.stderr);
    assert_eq!(lines(&sandbox.text("o/part-000001.jsonl")).len(), 16);
    assert_eq!(lines(&sandbox.text("o/parts.jsonl"))[2]["broken"], 1);
    let strict = refuse(&sandbox, &format!("{flags} --strict --out s"));
    assert!(strict.starts_with("error: a.csv, line 23: expected 1 fields"), "{strict}");
    assert!(!sandbox.path("s/manifest.json").exists());
}

/// A shard may be small: whether anything could be read is told of all of them.
#[test]
fn an_input_of_which_no_row_can_be_read_makes_no_result() {
    let sandbox = Sandbox::new();
    sandbox.write("latin1.txt", b"\xe9\n\xe9\n\xe9\n");
    let none = "error: no row of the input could be read\n";
    let whole = run(&sandbox, "--input latin1.txt --rows-per-part 2 --out o");
    assert_eq!((whole.code, whole.stderr.ends_with(none)), (Some(2), true), "{}", whole.stderr);
    assert!(!sandbox.path("o/manifest.json").exists());
    for shard in 1..=2 {
        succeed(&sandbox, &format!("--input latin1.txt --rows-per-part 2 --out s --shard {shard}/2 --quiet"));
    }
    assert_eq!(sandbox.refuse("bert-predict --collect s"), none);
}
