//! The same of searches: whoever changes one, kills it and damages its trials ends with the table and the best profile that an empty
//! folder gives. What is trained already is taken from the folder, which is where such a table could go wrong.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use stage::Fingerprint;
use testkit::{Outcome, Pipeline, kill, outcome};

use crate::sweep::{search_pipeline, sweep};
use crate::walk::{self, Left, Walk, Way, damage_one, files, one_of};

/// What is searched; the first is where a walk begins.
const SPACES: [&str; 5] = [
    "method = 'grid'\n[sweep.space]\nlearning_rate = [1e-3, 3e-3]\nweight_decay = [0.0, 0.1]\n",
    "method = 'grid'\n[sweep.space]\nlearning_rate = [3e-3]\nweight_decay = [0.0, 0.1]\n",
    "trials = 3\nseed = 5\n[sweep.space]\nlearning_rate = { min = 1e-3, max = 1e-2, log = true }\n",
    "trials = 4\nseed = 5\n[sweep.space]\nlearning_rate = { min = 1e-3, max = 1e-2, log = true }\n",
    "trials = 4\nseed = 5\n[sweep.space]\nlearning_rate = { min = 1e-3, max = 1e-2, log = true }\n[sweep.halving]\nfirst = 0.5\n",
];
/// How the trials are trained.
const TRAINING: [&str; 3] = ["", "seed = 7\n", "metric_for_best_model = 'loss'\nmax_tokens_per_batch = 200\n"];
/// Other sections, which only the best profile has.
const OTHERS: [&str; 2] = ["", "[export]\ndtype = 'float16'\n"];
/// How it is run. The last two change no result but what is kept.
const FLAGS: [&str; 4] = ["", "--seeds 2", "--jobs 2", "--keep-weights all"];

/// Of each list which one.
type Mind = [usize; 4];

#[test]
fn whoever_changes_a_search_ends_with_what_an_empty_folder_gives() {
    walk::take::<Search>(walk::numbers(2));
}

/// A search, its trials included.
struct Search;

impl Way for Search {
    type Mind = Mind;

    fn begin(mind: &Mind) -> Pipeline {
        search_pipeline(&profile(mind))
    }

    fn take_a_turn(walk: &mut Walk<Self>) -> String {
        match walk.random.below(8) {
            0..3 => {
                let lengths = [SPACES.len(), TRAINING.len(), OTHERS.len(), FLAGS.len()];
                let list = walk.random.below(lengths.len() as u64) as usize;
                walk.mind[list] = walk.random.below(lengths[list] as u64) as usize;
                walk.pipeline.write("sweep.toml", profile(&walk.mind));
                format!("{:?}", walk.mind)
            }
            3 | 4 => {
                let child = sweep(&walk.pipeline, &words(&walk.mind, "", "")).spawn().unwrap();
                let delay = walk.random.below(2000);
                std::thread::sleep(Duration::from_millis(delay));
                kill(child);
                format!("killed after {delay} ms")
            }
            5 => {
                let action = one_of(&mut walk.random, &["plan", "list", "collect", "trial --index 1"]);
                format!("{action}: {:?}", run(walk, action, "").code)
            }
            6 => {
                let all = files(&walk.pipeline.path("sweep/trials"));
                let Some(folder) = all.first().and_then(|file| file.parent()) else { return "no trials".to_owned() };
                fs::remove_dir_all(folder).unwrap();
                format!("without {}", folder.display())
            }
            _ => damage_one(&mut walk.random, &files(&walk.pipeline.path("sweep"))),
        }
    }

    fn run(walk: &mut Walk<Self>) -> Result<(), String> {
        let ended = run(walk, "", "");
        if ended.code == Some(0) {
            return Ok(());
        }
        walk.done.push(format!("refused: {}", ended.stderr.lines().last().unwrap_or_default()));
        let anew = run(walk, "", "--force");
        match (ended.code, anew.code) {
            (Some(2), Some(0)) => Ok(()),
            _ => Err(format!("{}; {}", ended.stderr, anew.stderr)),
        }
    }

    fn busy(walk: &Walk<Self>) -> Option<String> {
        let again = run(walk, "", "");
        (!again.stderr.ends_with(" is fresh\n")).then(|| format!("not fresh behind a whole run: {}", again.stderr))
    }

    /// What the search left beside its trials, and does not tell of times.
    fn left(pipeline: &Pipeline) -> Left {
        let root = pipeline.path("sweep");
        let names = ["best.toml", "leaderboard.md", "summary.json", "sweep.html", "trials.jsonl"];
        let weights = ["best/model.safetensors", "best/train/model.safetensors"];
        let there = names.into_iter().chain(weights).map(|name| root.join(name)).filter(|path| path.is_file());
        let hash = |path: PathBuf| {
            let text = fs::read_to_string(&path).unwrap_or_else(|_| Fingerprint::of_file(&path).unwrap().sha256);
            (path.strip_prefix(&root).unwrap().to_owned(), text)
        };
        there.map(hash).collect()
    }
}

fn run(walk: &Walk<Search>, action: &str, flags: &str) -> Outcome {
    outcome(&mut sweep(&walk.pipeline, &words(&walk.mind, action, flags)))
}

fn profile(mind: &Mind) -> String {
    let [space, training, others, _] = *mind;
    let finetune = "[finetune]\nnum_train_epochs = 2\nper_device_train_batch_size = 32\n";
    let finetune =
        if TRAINING[training].contains("max_tokens") { "[finetune]\nnum_train_epochs = 2\n" } else { finetune };
    format!("{finetune}{}[sweep]\n{}{}", TRAINING[training], SPACES[space], OTHERS[others])
}

fn words(mind: &Mind, action: &str, flags: &str) -> String {
    format!("{action} --profile sweep.toml --out sweep {} {flags}", FLAGS[mind[3]])
}
