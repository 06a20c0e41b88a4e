//! Compressed files.

use corpus::Split::{Test, Train};

use super::{gzip, utf16_le, zstd};
use crate::labels::{case, check};

const CSV: &str = "text,label\n\"good, really\",1\nbad,0\n";
const ROWS: [&str; 2] = ["good, really|1|-", "bad|0|-"];

#[test]
fn archives_are_read_as_what_is_in_them() {
    check(&[
        case("CSV").file("train.csv.gz", gzip(CSV)).rows(Train, &ROWS).unsaid("gz"),
        case("CSV, Zstandard").file("train.csv.zst", zstd(CSV)).rows(Train, &ROWS),
        case("TSV").file("train.tsv.gz", gzip("text\tlabel\ngood, really\t1\nbad\t0\n")).rows(Train, &ROWS),
        case("JSON lines").file("train.jsonl.gz", gzip("{\"text\": \"a\", \"label\": 0}\n")).rows(Train, &["a|0|-"]),
        case("JSON").file("train.json.zst", zstd("[{\"text\": \"a\", \"label\": 0}]")).rows(Train, &["a|0|-"]),
        case("trees").file("train.txt.gz", gzip("(3 (2 It) (4 works))\n")).said(&["train: 3 rows, 1 sentences"]),
        case("GLUE, whose quotes are text")
            .file("train.tsv.gz", gzip("sentence\tlabel\n\"fine\" \t1\nbad \t0\n"))
            .names(&["negative", "positive"])
            .rows(Train, &["\"fine\"|1|-", "bad|0|-"]),
        case("in any case, beside others")
            .file("Train.CSV.GZ", gzip(CSV))
            .file("test.csv", "text\nso\n")
            .rows(Train, &ROWS)
            .rows(Test, &["so|-|-"]),
        case("two members").file("train.csv.gz", [gzip(&CSV[..20]), gzip(&CSV[20..])].concat()).rows(Train, &ROWS),
        case("UTF-16 and semicolons in it")
            .file(
                "train.csv.zst",
                ::zstd::encode_all(utf16_le("\u{feff}text;label\na;1\nb;0\n").as_slice(), 1).unwrap(),
            )
            .rows(Train, &["a|1|-", "b|0|-"]),
    ]);
}

#[test]
fn damaged_archives_are_refused() {
    let (gz, zst) = (gzip(CSV), zstd(CSV));
    let flipped = |bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        let middle = bytes.len() - 6; // in the checksum
        bytes[middle] ^= 1;
        bytes
    };
    check(&[
        case("cut")
            .file("train.csv.gz", &gz[..gz.len() - 4])
            .refused(&["data/train.csv.gz cannot be read as gzip: it ends too early"]),
        case("cut, Zstandard")
            .file("train.csv.zst", &zst[..zst.len() - 4])
            .refused(&["data/train.csv.zst cannot be read as Zstandard"]),
        case("a wrong checksum")
            .file("train.csv.gz", flipped(&gz))
            .refused(&["data/train.csv.gz cannot be read as gzip"]),
        case("no archive").file("train.csv.gz", CSV).refused(&["data/train.csv.gz cannot be read as gzip"]),
        case("empty").file("train.csv.gz", "").refused(&["data/train.csv.gz is empty"]),
        case("nothing in it").file("train.csv.gz", gzip("")).refused(&["data/train.csv.gz is empty"]),
        case("Parquet, which is compressed inside")
            .file("train.parquet.gz", gzip("PAR1"))
            .refused(&["data/train.parquet.gz", "unpack it"]),
        case("a bomb")
            .file("train.csv.zst", ::zstd::encode_all(&*vec![b'a'; (64 << 20) + 1], 1).unwrap())
            .refused(&["data/train.csv.zst cannot be read as Zstandard", "unpack to more than 67108864"]),
        case("an archive and what was in it")
            .file("train.csv.gz", gzip(CSV))
            .file("train.csv", CSV)
            .refused(&["data/train.csv and data/train.csv.gz are both the train split"]),
        case("what is wrong in it")
            .file("train.csv.gz", gzip("text,label\na,b,1\n"))
            .refused(&["data/train.csv.gz, line 2"]),
    ]);
}
