//! The program from outside: what it reads, in every format, and what it says of rows that it cannot read.

use std::io::Write;

use crate::common::{lines, piped, refuse, run, succeed, texts};
use flate2::write::GzEncoder;
use serde_json::json;
use testkit::{Sandbox, fixture};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The same two rows in every format, each plain and compressed, with a mark and CRLF where a text file has them.
#[test]
fn every_format_is_read_plain_and_compressed() {
    let sandbox = Sandbox::new();
    let files = [
        ("a.txt", "w5, w6\r\nw7 \"w8\"\r\n"),
        ("a.csv", "id,text\r\n1,\"w5, w6\"\r\n2,\"w7 \"\"w8\"\"\"\r\n"),
        ("a.tsv", "id\ttext\r\n1\tw5, w6\r\n2\tw7 \"w8\"\r\n"),
        ("a.jsonl", "{\"id\": 1, \"text\": \"w5, w6\"}\r\n\r\n{\"id\": 2, \"text\": \"w7 \\\"w8\\\"\"}\r\n"),
        ("a.ndjson", "{\"id\": 1, \"text\": \"w5, w6\"}\n{\"text\": \"w7 \\\"w8\\\"\", \"id\": 2}"),
        ("a.json", "[{\"id\": 1, \"text\": \"w5, w6\"}, {\"id\": 2, \"text\": \"w7 \\\"w8\\\"\"}]"),
    ];
    let mut expected = None;
    for (name, content) in files {
        for mark in ["", "\u{feff}"] {
            let bytes = format!("{mark}{content}").into_bytes();
            sandbox.write(name, &bytes);
            sandbox.write(&format!("{name}.gz"), gzip(&bytes));
            sandbox.write(&format!("{name}.zst"), zstd::encode_all(&bytes[..], 3).unwrap());
        }
        for ending in ["", ".gz", ".zst"] {
            let answer = succeed(&sandbox, &format!("--quiet --input {name}{ending}"));
            assert_eq!(texts(&answer.stdout), ["w5, w6", "w7 \"w8\""], "{name}{ending}");
            assert_eq!(answer.stderr, "", "{name}{ending}");
            let expected: &String = expected.get_or_insert_with(|| answer.stdout.clone());
            assert_eq!(&answer.stdout, expected, "{name}{ending}");
        }
    }
    for (flags, stdin) in [("", files[0].1), ("--input-format jsonl", files[3].1)] {
        for mark in ["", "\u{feff}"] {
            let answer = piped(&sandbox, &format!("--quiet {flags}"), format!("{mark}{stdin}").as_bytes());
            assert_eq!(Some(&answer.stdout), expected.as_ref(), "stdin {flags}");
        }
    }
}

#[test]
fn several_files_and_patterns_are_read_one_after_the_other() {
    let sandbox = Sandbox::new();
    for (name, content) in [("a-1.csv", "id,text\n1,w5\n"), ("a-2.csv", "text,id\nw6,2\n"), ("b.txt", "w7\n")] {
        sandbox.write(name, content);
    }
    let answer = succeed(&sandbox, "--quiet --input b.txt --input a-*.csv");
    assert_eq!(texts(&answer.stdout), ["w7", "w5", "w6"]);
    let kept = lines(&succeed(&sandbox, "--quiet --input a-*.csv --keep-columns id").stdout);
    assert_eq!(kept.iter().map(|line| line["id"].clone()).collect::<Vec<_>>(), ["1", "2"]);
    assert!(refuse(&sandbox, "--input c-*.csv").contains("--input c-*.csv matches no file"));
    assert!(refuse(&sandbox, "--input b.txt --input b.txt").contains("--input names b.txt twice"));
    assert!(refuse(&sandbox, "--input b.txt --input ./b.txt").contains("--input names ./b.txt twice"));
    sandbox.write("a-3.csv", "text,other\nw6,2\n");
    let refused = refuse(&sandbox, "--input a-*.csv --keep-columns all");
    assert!(refused.contains("a-3.csv has other columns than a-1.csv"), "{refused}");
}

/// Each row of the input has one of the output, whatever is wrong with it.
#[test]
fn a_broken_row_is_named_and_the_others_are_answered() {
    let sandbox = Sandbox::new();
    sandbox.write("a.csv", b"id,text\n1,w5\n2,w6,w7\n3,\\N\n4,caf\xe9\n5,\n");
    sandbox.write("a.txt", b"w5\ncaf\xe9\n\nw6");
    sandbox.write("a.jsonl", "{\"text\": \"w5\"}\n{\"text\": \n{\"text\": 7}\n{\"id\": 1}\n");
    let bytes = "its bytes are no text in the encoding of the file; mend them, or give the encoding with --encoding";

    let csv = succeed(&sandbox, "--input a.csv --keep-columns id");
    let rows = lines(&csv.stdout);
    assert_eq!(texts(&csv.stdout), ["w5", "(null)", "(null)", "(null)", ""]);
    assert_eq!(
        rows.iter().map(|row| row["id"].clone()).collect::<Vec<_>>(),
        [json!("1"), json!(null), json!("3"), json!("4"), json!("5")]
    );
    assert_eq!(
        csv.stdout.lines().nth(2).unwrap(),
        "{\"id\":\"3\",\"text\":null,\"label\":null,\"error\":\"a.csv, line 4: the text in column text is null; expected a text\"}"
    );
    let expected = format!(
        "bert-predict: a.csv, line 3: expected 2 fields as in the header, found 3; a field with the separator in it needs quotes\n\
         bert-predict: a.csv, line 4: the text in column text is null; expected a text\n\
         bert-predict: a.csv, line 5: {bytes}\n\
         bert-predict: 5 rows, 3 broken, 0 cut, 0 abstained; "
    );
    assert!(csv.stderr.starts_with(&expected) && csv.stderr.ends_with(" rows/s\n"), "{}", csv.stderr);

    let txt = succeed(&sandbox, "--quiet --input a.txt");
    assert_eq!(texts(&txt.stdout), ["w5", "(null)", "", "w6"]);
    assert_eq!(txt.stderr, format!("bert-predict: a.txt, line 2: {bytes}\n"));
    let western = succeed(&sandbox, "--quiet --input a.txt --encoding windows-1252");
    assert_eq!((texts(&western.stdout)[1].as_str(), western.stderr.as_str()), ("café", ""));

    let jsonl = succeed(&sandbox, "--quiet --input a.jsonl");
    assert_eq!(texts(&jsonl.stdout), ["w5", "(null)", "(null)", "(null)"]);
    assert_eq!(jsonl.stderr.lines().count(), 3, "{}", jsonl.stderr);
    sandbox.write("b.jsonl", "xx\nyy\n{\"text\": \"w5\"}\n");
    assert_eq!(texts(&succeed(&sandbox, "--quiet --input b.jsonl").stdout), ["(null)", "(null)", "w5"]);

    for (name, place) in [("a.csv", "a.csv, line 3: "), ("a.txt", "a.txt, line 2: "), ("a.jsonl", "a.jsonl, line 2: ")]
    {
        let stopped = run(&sandbox, &format!("--strict --input {name} --output answers.csv"));
        assert_eq!(stopped.code, Some(2), "{name}");
        assert!(stopped.stderr.starts_with(&format!("error: {place}")), "{}", stopped.stderr);
        assert!(!sandbox.path("answers.csv").exists(), "{name}");
        let before = run(&sandbox, &format!("--strict --quiet --input {name}"));
        assert_eq!((before.code, texts(&before.stdout)), (Some(2), vec!["w5".to_owned()]), "{name}");
    }
}

#[test]
fn broken_rows_of_stdin_are_named_too() {
    let sandbox = Sandbox::new();
    let answer = piped(&sandbox, "--quiet", b"w5\ncaf\xe9\nw6\n");
    assert_eq!(
        (answer.code, texts(&answer.stdout)),
        (Some(0), vec!["w5".to_owned(), "(null)".to_owned(), "w6".to_owned()])
    );
    assert_eq!(answer.stderr, "bert-predict: stdin, line 2: it is not UTF-8; give its encoding with --encoding\n");
    let wide = piped(&sandbox, "--quiet --encoding utf-16le", b"a\0\n\0");
    assert_eq!((wide.code, wide.stdout.as_str()), (Some(2), ""));
    assert!(wide.stderr.starts_with("error: stdin is read a line at a time, as UTF-16 cannot be;"), "{}", wide.stderr);
    let western = piped(&sandbox, "--quiet --encoding cp1252", b"caf\xe9\n");
    assert_eq!(texts(&western.stdout), ["café"]);
    let strict = piped(&sandbox, "--strict --input-format jsonl", b"{\"text\": \"w5\"}\nw6\n");
    assert_eq!((strict.code, texts(&strict.stdout)), (Some(2), vec!["w5".to_owned()]));
    assert!(strict.stderr.starts_with("error: stdin, line 2: expected a JSON object"), "{}", strict.stderr);
}

#[test]
fn many_broken_rows_are_counted_and_twenty_named() {
    let sandbox = Sandbox::new();
    let content: Vec<u8> =
        (0..50).flat_map(|row| if row == 7 { b"w5\n".to_vec() } else { b"\xe9\n".to_vec() }).collect();
    sandbox.write("a.txt", content);
    let said = succeed(&sandbox, "--input a.txt --output a.csv").stderr;
    let named = said.lines().filter(|line| line.contains("its bytes are no text")).count();
    assert_eq!(named, 20, "{said}");
    assert!(said.contains("bert-predict: further rows that cannot be read are counted only\n"), "{said}");
    assert!(said.contains("bert-predict: 50 rows, 49 broken, "), "{said}");
}

#[test]
fn what_holds_no_rows_is_refused_and_empty_stdin_is_no_error() {
    let sandbox = Sandbox::new();
    for (name, content) in [("a.txt", ""), ("a.csv", "text\n"), ("a.jsonl", "\n")] {
        sandbox.write(name, content);
        let refused = refuse(&sandbox, &format!("--input {name}"));
        assert_eq!(refused, format!("error: {name} is empty; expected at least one row\n"));
    }
    let all = refuse(&sandbox, "--input a.txt --input a.csv");
    assert_eq!(all, "error: a.txt is empty; expected at least one row\n");
    sandbox.write("b.csv", "text\nw5\n");
    let some = succeed(&sandbox, "--input a.csv --input b.csv --input a.txt");
    assert_eq!(texts(&some.stdout), ["w5"]);
    assert!(some.stderr.contains("bert-predict: without rows, and passed over: a.csv, a.txt\n"), "{}", some.stderr);
    let none = piped(&sandbox, "--quiet", b"");
    assert_eq!((none.code, none.stdout.as_str(), none.stderr.as_str()), (Some(0), "", ""));
    sandbox.write("latin1.txt", b"\xe9\n\xe9");
    let all_broken = run(&sandbox, "--input latin1.txt");
    assert_eq!(all_broken.code, Some(2));
    assert!(all_broken.stderr.ends_with("error: no row of the input could be read\n"), "{}", all_broken.stderr);
}

#[test]
fn a_token_that_the_model_has_no_row_for_is_named_with_its_text() {
    let sandbox = Sandbox::new();
    for name in ["config.json", "model.safetensors"] {
        sandbox.write(&format!("odd/{name}"), std::fs::read(fixture("small-bert").join(name)).unwrap());
    }
    // A special token that the vocabulary lacks gets the next number.
    let vocabulary = std::fs::read_to_string(fixture("small-bert").join("vocab.txt")).unwrap();
    sandbox.write("odd/vocab.txt", vocabulary.replace("[MASK]", "unmasked"));
    let refused = sandbox.refuse("bert-predict --model odd --precision float32 --threads 1 w5 w6[MASK]");
    let expected = "it makes [MASK] (token 61) of a part of the text \"w6[MASK]\", but the model has word embeddings of 61 tokens alone";
    assert!(refused.contains(expected), "{refused}");
}

/// `.txt` is a text a line, unless labels in the lines or flags about tables say otherwise.
#[test]
fn tables_in_txt_are_read_as_the_flags_say() {
    let sandbox = Sandbox::new();
    sandbox.write("a.txt", "w5 w6\tgood\nw7\tbad\n");
    let lines_of = |flags: &str| texts(&succeed(&sandbox, &format!("--quiet {flags}")).stdout);
    assert_eq!(lines_of("--input a.txt"), ["w5 w6\tgood", "w7\tbad"]);
    assert_eq!(lines_of("--input a.txt --no-header --text-column 1"), ["w5 w6", "w7"]);
    sandbox.write("b.txt", "id;review\n1;w5\n2;w6, w7\n");
    let kept = succeed(&sandbox, "--input b.txt --text-column review --keep-columns id --output b.csv");
    assert!(kept.stderr.contains("bert-predict: b.txt: separated by `;`\n"), "{}", kept.stderr);
    assert!(sandbox.text("b.csv").contains("\n2,\"w6, w7\","), "{}", sandbox.text("b.csv"));
    sandbox.write("c.txt", "__label__good w5 w6\nw7 __label__bad __label__long\n");
    let labeled = succeed(&sandbox, "--input c.txt");
    assert_eq!(texts(&labeled.stdout), ["w5 w6", "w7"]);
    let said = "bert-predict: c.txt: lines of fastText, whose labels begin with __label__\n";
    assert!(labeled.stderr.contains(said), "{}", labeled.stderr);
    sandbox.write("d.txt", "__label__good w5\n\nw6\n");
    assert_eq!(lines_of("--input d.txt"), ["w5", "", "w6"]);
    // A digit before a text may belong to it; whoever says that there is a column of texts means a label.
    sandbox.write("e.test", "1 w5 w6\n0 w7\n1 w8\n0 w5\n");
    assert_eq!(lines_of("--input e.test"), ["1 w5 w6", "0 w7", "1 w8", "0 w5"]);
    assert_eq!(lines_of("--input e.test --text-column text"), ["w5 w6", "w7", "w8", "w5"]);
    let with_labels = lines(&succeed(&sandbox, "--quiet --input c.txt --keep-columns label").stdout);
    assert_eq!([&with_labels[0]["source_label"], &with_labels[1]["source_label"]], ["good", "bad long"]);
}

#[test]
fn flags_that_do_not_fit_the_input_are_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("a.txt", "w5\n");
    sandbox.write("a.csv", "review\nw5\n");
    sandbox.write("a.doc", "w5\n");
    let refused = |flags: &str, expected: &str| {
        let message = refuse(&sandbox, flags);
        assert!(message.contains(expected), "{flags}: {message}");
    };
    refused("--input a.txt --text-column text", "a.txt has no column text, only w5; it has no separator that is told");
    refused("--input a.txt --keep-columns id", "a.txt has no column text or sentence, only w5");
    refused("--input a.csv", "a.csv has no column text or sentence, only review");
    refused("--input a.csv --text-column Review", "; is it --text-column 'review'?");
    refused("--input a.csv --text-column review --keep-columns id", "a.csv has no column id, only review");
    refused("--input /dev/null", "--input names /dev/null, a pipe or device");
    refused("--input a.doc", "a.doc has no known format; expected one of .parquet, .jsonl");
    refused("--input a.txt w5", "cannot be used with");
    for flag in ["--explain", "--force", "--shard 1/2", "--rows-per-part 5"] {
        refused(&format!("{flag} w5"), "cannot be used with");
        refused(&format!("{flag} --input a.txt --output b.csv"), "cannot be used with");
        refused(&format!("{flag} --input a.txt"), "--out <DIR>");
    }
    refused("--text-column review", "--text-column and --keep-columns are about tables; give a file with --input");
    refused("--input-format jsonl --keep-columns all", "--keep-columns all is for files");
    refused("--delimiter ; w5", "--delimiter is about CSV and TSV; give the file with --input");
    refused("--input missing.csv", "cannot read missing.csv");
}

#[test]
fn separators_headers_and_quotes_are_told_by_the_flags_of_fetching() {
    let sandbox = Sandbox::new();
    sandbox.write("a.csv", "1|w5 \"w6\n2|w7\n");
    let flags = "--quiet --input a.csv --no-header --delimiter | --quotes literal --text-column 2 --keep-columns 1";
    let answer = succeed(&sandbox, flags);
    assert_eq!(texts(&answer.stdout), ["w5 \"w6", "w7"]);
    assert_eq!(lines(&answer.stdout)[1]["1"], "2");
}
