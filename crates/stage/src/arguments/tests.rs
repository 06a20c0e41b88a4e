//! Every way in which a profile and typed flags meet, with the messages as they are printed.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{ArgAction, Subcommand};

use super::*;
use crate::common_args::CommonArgs;
use crate::list::List;

#[derive(Debug, Parser)]
#[command(name = "finetune")]
struct Finetune {
    #[arg(long, default_value_t = 5e-5)]
    learning_rate: f64,
    #[arg(long, default_value_t = 42)]
    seed: u64,
    #[arg(long, conflicts_with = "tokens")]
    rows: Option<usize>,
    #[arg(long, alias = "token-budget")]
    tokens: Option<usize>,
    #[arg(long, default_value_t = 3.0)]
    epochs: f64,
    #[arg(long)]
    max_steps: Option<u64>,
    #[arg(long, value_parser = ["linear", "cosine"])]
    schedule: Option<String>,
    #[arg(long)]
    kwargs: Option<String>,
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=8))]
    threads: Option<u32>,
    #[arg(long, action = ArgAction::Set)]
    shuffle: Option<bool>,
    #[arg(long)]
    names: Option<List>,
    #[arg(long)]
    folder: Vec<PathBuf>,
    #[arg(conflicts_with = "input")]
    texts: Vec<String>,
    #[arg(long)]
    input: Option<PathBuf>,
    #[command(flatten)]
    common: CommonArgs,
}

const RULES: ProfileRules<'_> = ProfileRules {
    section: "finetune",
    other_sections: &["tokenize"],
    elsewhere: &[("fp16", "give --precision")],
    set_aside: &[
        SetAside::by("epochs", &["max_steps"]),
        SetAside::by("schedule", &["kwargs"]).when_changed(),
        SetAside::by("max_steps", &["epochs"]).when(|steps| steps != "0"),
    ],
};

/// Parses a profile's text and typed words; `PROFILE` in an error is the profile's path.
fn parse_as<A: Parser>(profile: &str, typed: &[&str]) -> Result<Arguments<A>, String> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(profile.as_bytes()).unwrap();
    let path = file.path().to_str().unwrap();
    let words = ["finetune", "--profile", path].into_iter().chain(typed.iter().copied());
    arguments(RULES, words.map(OsString::from).collect()).map_err(|error| {
        let message = format!("{error:#}").replace(path, "PROFILE");
        assert_eq!(crate::exit_code(&error, crate::bad_input_types![clap::Error]), 2, "{message}");
        message
    })
}

fn parse(profile: &str, typed: &[&str]) -> Finetune {
    parse_as(profile, &[typed, &["--out", "x"]].concat()).unwrap().parsed
}

fn problem_of(profile: &str, typed: &[&str]) -> String {
    parse_as::<Finetune>(profile, &[typed, &["--out", "x"]].concat()).unwrap_err()
}

#[test]
fn flags_win_over_the_profile_which_wins_over_defaults() {
    let profile = "[finetune]\nlearning_rate = 1e-4\nseed = 7\nout = 'data/runs/x'\nquiet = true\nforce = false\n";
    let parsed = parse_as::<Finetune>(profile, &["--seed", "1"]).unwrap().parsed;
    assert_eq!((parsed.learning_rate, parsed.seed), (1e-4, 1));
    assert_eq!(
        (parsed.common.out.as_path(), parsed.common.quiet, parsed.common.force),
        (Path::new("data/runs/x"), true, false)
    );
}

#[test]
fn a_typed_flag_sets_aside_what_excludes_it() {
    let parsed = parse("[finetune]\nrows = 8\n", &["--tokens", "60"]);
    assert_eq!((parsed.rows, parsed.tokens), (None, Some(60)));
    let parsed = parse("[finetune]\ntoken_budget = 60\n", &["--rows", "8"]);
    assert_eq!((parsed.rows, parsed.tokens), (Some(8), None), "a conflict is declared on one side, and means both");
    let parsed = parse("[finetune]\ninput = 'a.csv'\n", &["Fine."]);
    assert_eq!((parsed.texts.len(), parsed.input), (1, None), "a text is a typed argument without a flag");
    let parsed = parse("[finetune]\ntokens = 60\n", &["--token-budget", "80"]);
    assert_eq!(parsed.tokens, Some(80), "an alias is the flag");
}

#[test]
fn a_typed_flag_sets_aside_what_the_program_says() {
    let parsed = parse("[finetune]\nmax_steps = 100\n", &["--epochs", "2"]);
    assert_eq!((parsed.epochs, parsed.max_steps), (2.0, None));
    let profile = "[finetune]\nschedule = 'cosine'\nkwargs = 'x'\n";
    assert_eq!(parse(profile, &["--schedule", "linear"]).kwargs, None);
    assert_eq!(parse(profile, &["--schedule", "cosine"]).kwargs.as_deref(), Some("x"));
    assert_eq!(parse("[finetune]\nepochs = 5\n", &["--max-steps", "0"]).epochs, 5.0);
    assert_eq!(parse("[finetune]\nepochs = 5\n", &["--max-steps", "9"]).epochs, 3.0);
}

#[test]
fn what_is_typed_twice_is_an_error_of_clap() {
    let problem = problem_of("", &["--seed", "1", "--seed", "1"]);
    assert!(problem.starts_with("error: the argument '--seed <SEED>' cannot be used multiple times"), "{problem}");
    let problem = problem_of("[finetune]\nrows = 8\n", &["--rows", "1", "--tokens", "1"]);
    assert!(
        problem.starts_with("error: the argument '--rows <ROWS>' cannot be used with '--tokens <TOKENS>'"),
        "{problem}"
    );
    let problem = problem_of("[finetune]\nseed = 'x'\n", &["--seed", "y"]);
    assert!(
        problem.starts_with("error: invalid value 'y' for '--seed <SEED>': invalid digit found in string"),
        "{problem}"
    );
    let problem = problem_of("", &["--folder", "a", "--sed", "b"]);
    assert!(problem.starts_with("error: unexpected argument '--sed' found"), "{problem}");
    let missing = parse_as::<Finetune>("[finetune]\nseed = 7\n", &[]).unwrap_err();
    assert!(
        missing.starts_with("error: the following required arguments were not provided:\n  --out <DIR>"),
        "{missing}"
    );
}

#[test]
fn unset_takes_a_key_out_of_the_profile() {
    let profile = "[finetune]\nseed = 7\nmax_steps = 9\ntoken_budget = 60\nlearning_rate = 1.0\nrows = 'x'\n";
    let parsed =
        parse(profile, &["--unset", "seed,max_steps", "--unset=--learning-rate", "--unset", "tokens,finetune.rows"]);
    assert_eq!((parsed.seed, parsed.max_steps, parsed.tokens, parsed.learning_rate), (42, None, None, 5e-5));
    assert_eq!(parsed.rows, None, "a wrong value that is taken out is no error");
    assert_eq!(parse("", &["--unset", "seed"]).seed, 42);
    let typed = parse(profile, &["--unset", "rows,tokens,seed", "--seed", "3"]);
    assert_eq!(typed.seed, 3);
    let parsed = parse("", &["--unset", "tokenize.max-length"]);
    assert_eq!(parsed.common.unset_in("tokenize"), ["max_length"]);
    assert_eq!(
        problem_of("", &["--unset", "sead"]),
        "--unset sead: unknown key sead; did you mean seed? A key of another section is named with it: tokenize.sead"
    );
    assert!(problem_of("", &["--unset", "explain"]).starts_with("--unset explain: unknown key explain; did you mean "));
    assert_eq!(
        problem_of("", &["--unset", "eval.split"]),
        "--unset eval.split: [eval] is not read here; expected a key of [finetune] or [tokenize]"
    );
}

#[test]
fn a_wrong_value_is_told_by_its_profile_and_key() {
    for (line, expected) in [
        ("seed = 'x'", "seed = \"x\": expected a whole number"),
        ("seed = 1.5", "seed = 1.5: expected a whole number"),
        ("seed = -1", "seed = -1: expected 0 or more"),
        ("seed = ''", "seed = \"\": expected a whole number"),
        ("seed = [1, 2]", "seed = [1, 2]: expected one value, not a list"),
        ("seed = 2026-11-28", "seed = 2026-11-28: expected a string, number, boolean, list or table"),
        ("learning_rate = 'fast'", "learning_rate = \"fast\": expected a number"),
        ("learning_rate = true", "learning_rate = true: expected a number"),
        ("shuffle = 1", "shuffle = 1: expected one of true, false"),
        ("quiet = 1", "quiet = 1: expected true or false"),
        ("schedule = 'cosin'", "schedule = \"cosin\": expected one of linear, cosine; did you mean cosine?"),
        ("threads = 9", "threads = 9: expected 1 to 8"),
        ("input = ''", "input = \"\": expected a value that is not empty"),
        ("names = []", "names = []: the list is empty; expected at least one item"),
        ("names = ['a', '']", "names = [\"a\", \"\"]: item 2 of the list is empty"),
        ("names = [['a']]", "names = [[\"a\"]]: [\"a\"] in a list; expected a string, number or boolean"),
        ("rows = 1\ntokens = 2", "rows = 1, tokens = 2: these exclude each other; remove one of them"),
    ] {
        assert_eq!(
            problem_of(&format!("[finetune]\n{line}\n"), &[]),
            format!("in the profile PROFILE: [finetune] {expected}")
        );
    }
    assert_eq!(
        problem_of("[finetune]\nsed = 1\n", &[]),
        "in the profile PROFILE: in [finetune]: unknown key sed; did you mean seed?"
    );
    assert_eq!(
        problem_of("[finetune]\nfp16 = true\n", &[]),
        "in the profile PROFILE: in [finetune]: unknown key fp16: give --precision"
    );
    assert_eq!(parse("[finetune]\nseed = 'x'\n", &["--seed", "1"]).seed, 1, "a wrong value that gives way is no error");
}

#[test]
fn a_list_of_a_profile_is_a_list() {
    let names =
        |line: &str, typed: &[&str]| parse(&format!("[finetune]\n{line}\n"), typed).names.unwrap().items().to_vec();
    assert_eq!(names("names = ['Culture, arts', 'R&D', 'Sport']", &[]), ["Culture, arts", "R&D", "Sport"]);
    assert_eq!(names("names = [' a', '\"', 1, 2.5, true]", &[]), [" a", "\"", "1", "2.5", "true"]);
    assert_eq!(names("names = 'a,b'", &[]), ["a", "b"]);
    assert_eq!(names("names = ['a', 'b']", &["--names", "\"c, d\",e"]), ["c, d", "e"]);
    let folders = |typed: &[&str]| parse("[finetune]\nfolder = ['a,b', 'c']\n", typed).folder;
    assert_eq!(folders(&[]), [Path::new("a,b"), Path::new("c")], "a flag that may be repeated");
    assert_eq!(folders(&["--folder", "d"]), [Path::new("d")], "and the typed one wins");
}

#[test]
fn an_error_of_the_run_names_the_key_behind_its_flag() {
    let profile = "[finetune]\nmax_steps = 0\nepochs = 1.5\ntoken_budget = 3\nseed = 1\n";
    let Arguments { from_profile, .. } =
        parse_as::<Finetune>(profile, &["--seed", "1", "--max-steps", "0", "--out", "x"]).unwrap();
    let explained = |message: &str| {
        let error = from_profile.explain(bad_input!("{message}"));
        let text = format!("{error:#}");
        text.split_once("in the profile ").map_or(text.clone(), |(_, rest)| rest.split_once(": ").unwrap().1.to_owned())
    };
    assert_eq!(explained("--epochs is 1.5"), "[finetune] epochs = 1.5: --epochs is 1.5");
    assert_eq!(
        explained("--tokens, --epochs: no"),
        "[finetune] epochs = 1.5, token_budget = 3: --tokens, --epochs: no"
    );
    let told = from_profile.explain(bad_input!("in the profile y.toml: use --epochs"));
    assert_eq!(format!("{told:#}"), "in the profile y.toml: use --epochs", "it is told already");
    assert_eq!(explained("--max-steps is 0"), "--max-steps is 0", "it was typed");
    assert_eq!(explained("--epochs-steps is 0"), "--epochs-steps is 0", "another flag");
}

#[derive(Debug, Parser)]
#[command(name = "fetch")]
struct Fetch {
    #[command(subcommand)]
    command: FetchCommand,
}

#[derive(Debug, Subcommand)]
enum FetchCommand {
    Dataset(Finetune),
}

#[test]
fn a_subcommand_has_a_section_of_its_own() {
    let profile = "[fetch.dataset]\nseed = 7\nrows = 8\nmax_steps = 9\nout = 'x'\n";
    let rules = ProfileRules { section: "fetch", ..RULES };
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::OpenOptions::new().write(true).open(file.path()).unwrap().write_all(profile.as_bytes()).unwrap();
    let path = file.path().to_str().unwrap();
    let words = ["fetch", "dataset", "--profile", path, "--tokens", "60", "--unset", "max-steps,seed"];
    let Fetch { command: FetchCommand::Dataset(parsed) } =
        arguments(rules, words.map(OsString::from).to_vec()).unwrap().parsed;
    assert_eq!((parsed.seed, parsed.rows, parsed.tokens, parsed.max_steps), (42, None, Some(60), None));
}
