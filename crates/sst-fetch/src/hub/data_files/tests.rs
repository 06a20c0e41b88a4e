//! Which files of a repository are its data.

use super::*;

fn choose(files: &[&str], config: Option<&str>) -> Result<Vec<String>, String> {
    let files: Vec<String> = files.iter().map(|&file| file.to_owned()).collect();
    let chosen = super::choose(&files, &Card::default(), config).map_err(|error| error.to_string())?;
    Ok(chosen.splits.into_iter().map(|(split, files)| format!("{}: {}", split.name(), files.join(" "))).collect())
}

#[test]
fn splits_are_recognized_by_the_names_of_files_and_folders() {
    let sst2 = [
        ".gitattributes",
        "README.md",
        "data/test-00000-of-00001.parquet",
        "data/train-00001-of-00002.parquet",
        "data/train-00000-of-00002.parquet",
        "data/validation-00000-of-00001.parquet",
    ];
    let expected = [
        "train: data/train-00000-of-00002.parquet data/train-00001-of-00002.parquet",
        "validation: data/validation-00000-of-00001.parquet",
        "test: data/test-00000-of-00001.parquet",
    ];
    assert_eq!(choose(&sst2, None).unwrap(), expected);
    assert_eq!(
        choose(&["dataset_infos.json", "dev.jsonl", "test.jsonl", "train.jsonl", "train.csv"], None).unwrap(),
        ["train: train.jsonl", "validation: dev.jsonl", "test: test.jsonl"]
    );
    let converted = [
        "default/train/0000.parquet",
        "default/test/0000.parquet",
        "dictionary/dictionary/0000.parquet",
        "ptb/train/0000.parquet",
    ];
    assert_eq!(
        choose(&converted, None).unwrap(),
        ["train: default/train/0000.parquet", "test: default/test/0000.parquet"]
    );
    assert_eq!(choose(&converted, Some("ptb")).unwrap(), ["train: ptb/train/0000.parquet"]);
    assert_eq!(
        choose(&["train.csv", "test.csv", "test.parquet", "dev.jsonl"], None).unwrap(),
        ["train: train.csv", "validation: dev.jsonl", "test: test.csv"]
    );
}

#[test]
fn archives_are_data_in_any_case_of_their_names() {
    assert_eq!(
        choose(&["Train.CSV.gz", "test.csv", "test.csv.gz", "train.parquet.gz", "readme.txt.gz"], None).unwrap(),
        ["train: Train.CSV.gz", "test: test.csv"]
    );
    assert_eq!(choose(&["data/train-0.jsonl.zst", "data/train-1.jsonl.zst"], None).unwrap().len(), 1);
}

#[test]
fn several_configurations_need_a_choice() {
    let glue = ["cola/train-00000-of-00001.parquet", "sst2/train-00000-of-00001.parquet"];
    assert_eq!(choose(&glue, Some("sst2")).unwrap(), ["train: sst2/train-00000-of-00001.parquet"]);
    assert_eq!(
        choose(&glue, None).unwrap_err(),
        "the repository has several configurations; choose one with --config: cola, sst2"
    );
    assert_eq!(choose(&glue, Some("x")).unwrap_err(), "the repository has no configuration x, only cola, sst2");
}

#[test]
fn a_repository_without_data_says_what_to_do() {
    assert!(choose(&["sst.py", "README.md"], None).unwrap_err().contains("add @refs/convert/parquet"));
    assert_eq!(choose(&["test.csv"], None).unwrap_err(), "the repository has no train split");
}

#[test]
fn a_split_is_one_table_and_all_of_it() {
    let refused = |files: &[&str], problem: &str| {
        let error = choose(files, None).unwrap_err();
        assert!(error.contains(problem), "{files:?}: {error}");
    };
    refused(
        &["train_raw.csv", "train_clean.csv"],
        "train split is of several files by their names, and train_clean and train_raw",
    );
    refused(&["train-00000-of-00003.csv", "train-00002-of-00003.csv"], "number 1 is missing");
    refused(
        &["train.csv", "validation.xlsx"],
        "validation.xlsx looks like the validation split and is nothing that is read",
    );
    refused(&["train.csv", "test.csv.zip"], "test.csv.zip looks like the test split");
    assert!(choose(&["train-10.csv", "train-9.csv"], None).is_err());
    let ten: Vec<String> = (0..11).map(|number| format!("train-{number}.csv")).collect();
    let ten: Vec<&str> = ten.iter().map(String::as_str).collect();
    assert!(choose(&ten, None).unwrap()[0].ends_with("train-9.csv train-10.csv"));
}

#[test]
fn what_lies_aside_is_passed_over() {
    let files = [
        ".ipynb_checkpoints/train-checkpoint.csv",
        "__MACOSX/train.csv",
        "._train.csv",
        "results/test_metrics.json",
        "train.csv",
    ];
    assert_eq!(choose(&files, None).unwrap(), ["train: train.csv"]);
    let files: Vec<String> = files.iter().map(|&file| file.to_owned()).collect();
    let chosen = super::choose(&files, &Card::default(), None).unwrap();
    assert_eq!(chosen.said, ["the files of .; others are in results"]);
    assert_eq!(choose(&["train.csv", "old/train.csv"], Some("default")).unwrap(), ["train: train.csv"]);
    assert!(choose(&["train.csv", "old/train.csv"], None).unwrap_err().contains("with --config: ., old"));
}

#[test]
fn the_card_counts_more_than_names() {
    let chosen = |files: &[&str], head: &str, config: Option<&str>| {
        let card = Card::parse(&format!("---\nconfigs:\n{head}---\n")).unwrap();
        let files: Vec<String> = files.iter().map(|&file| file.to_owned()).collect();
        let chosen = super::choose(&files, &card, config).map_err(|error| error.to_string())?;
        let splits = chosen.splits.iter().map(|(split, files)| format!("{}: {}", split.name(), files.join(" ")));
        Ok::<Vec<String>, String>(splits.chain(chosen.said).collect())
    };
    let one = "- config_name: default\n  data_files:\n  - split: train\n    path: train.csv\n  - split: validation\n    path: test.csv\n  \
               - split: unsupervised\n    path: all.csv\n";
    assert_eq!(
        chosen(&["train.csv", "train_augmented.csv", "test.csv", "all.csv"], one, None).unwrap(),
        ["train: train.csv", "validation: test.csv", "of the splits of default, unsupervised are not read"]
    );
    assert!(chosen(&["a.csv", "test.csv"], one, None).unwrap_err().contains("train is train.csv, which is none of"));
    let two = "- config_name: en\n  data_files: \"en/*.csv\"\n- config_name: de\n  data_files: [de/b.csv, 'de/**']\n";
    let files = ["en/b.csv", "en/a.csv", "en/x/c.csv", "de/b.csv", "de/x/a.csv"];
    assert_eq!(chosen(&files, two, Some("en")).unwrap(), ["train: en/a.csv en/b.csv"]);
    assert_eq!(chosen(&files, two, Some("de")).unwrap(), ["train: de/b.csv de/x/a.csv"]);
    assert!(chosen(&files, two, None).unwrap_err().contains("choose one with --config: en, de"));
    assert!(chosen(&files, two, Some("fr")).unwrap_err().contains("no configuration fr, only en, de"));
    let folders =
        "- config_name: all\n  data_dir: all\n  default: true\n- config_name: small\n  data_files: small/train.csv\n";
    let files = ["all/train.csv", "all/dev.csv", "small/train.csv", "train.csv"];
    assert_eq!(chosen(&files, folders, None).unwrap(), ["train: all/train.csv", "validation: all/dev.csv"]);
    let twice = "- data_files: {train: t.csv, dev: d.csv, validation: v.csv, test: 'data/*'}\n";
    assert_eq!(
        chosen(&["t.csv", "d.csv", "v.csv", "data/a.csv", "data/README.md"], twice, None).unwrap(),
        ["train: t.csv", "validation: v.csv", "test: data/a.csv", "of the splits of default, dev are not read"]
    );
    let image = "- data_files: [a.png]\n";
    assert!(chosen(&["a.png"], image, None).unwrap_err().contains("a.png is of train, and it is nothing that is read"));
}
