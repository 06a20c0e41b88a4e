//! The same of searches: whoever changes one, kills it and damages its trials ends with the table and the best profile that an empty
//! folder gives. What is trained already is taken from the folder, which is where such a table could go wrong.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use stage::Fingerprint;
use testkit::{Outcome, Pipeline, Random, kill, outcome};

use crate::sweep::{search_pipeline, sweep};
use crate::walk::{self, Left, damage_one, differing, files, one_of};

/// How often the search is run to its end in a walk.
const ROUNDS: usize = 3;

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
    let mut clean = HashMap::new();
    walk::take(walk::numbers(2), |number| Walk::new(number).fails(&mut clean));
}

struct Walk {
    number: u64,
    random: Random,
    pipeline: Pipeline,
    mind: Mind,
    /// What was done, to be told.
    done: Vec<String>,
}

impl Walk {
    fn new(number: u64) -> Self {
        let mind = Mind::default();
        let pipeline = search_pipeline(&profile(&mind));
        Self { number, random: Random::new(number), pipeline, mind, done: Vec::new() }
    }

    /// Takes the walk, and says what is wrong, if anything is.
    fn fails(mut self, clean: &mut HashMap<Mind, Left>) -> Option<String> {
        for _ in 0..ROUNDS {
            for _ in 0..=self.random.below(3) {
                self.take_a_turn();
            }
            let wrong = self.run_to_its_end().err().or_else(|| {
                let expected = clean.entry(self.mind).or_insert_with(|| of_an_empty_folder(&self.mind));
                let differing = differing(expected, &left(&self.pipeline));
                (!differing.is_empty()).then(|| format!("{} differ", differing.join(", ")))
            });
            let wrong = wrong.or_else(|| {
                let again = self.run("", "");
                (!again.stderr.ends_with(" is fresh\n"))
                    .then(|| format!("not fresh behind a whole run: {}", again.stderr))
            });
            if let Some(wrong) = wrong {
                return Some(format!("walk {}: {}: {wrong}", self.number, self.done.join("; ")));
            }
            self.done.push("all".to_owned());
        }
        None
    }

    /// One thing that a user does, or that happens to one.
    fn take_a_turn(&mut self) {
        let told = match self.random.below(8) {
            0..3 => {
                let lengths = [SPACES.len(), TRAINING.len(), OTHERS.len(), FLAGS.len()];
                let list = self.random.below(lengths.len() as u64) as usize;
                self.mind[list] = self.random.below(lengths[list] as u64) as usize;
                self.pipeline.write("sweep.toml", profile(&self.mind));
                format!("{:?}", self.mind)
            }
            3 | 4 => {
                let child = sweep(&self.pipeline, &words(&self.mind, "", "")).spawn().unwrap();
                let delay = self.random.below(2000);
                std::thread::sleep(Duration::from_millis(delay));
                kill(child);
                format!("killed after {delay} ms")
            }
            5 => {
                let action = one_of(&mut self.random, &["plan", "list", "collect", "trial --index 1"]);
                format!("{action}: {:?}", self.run(action, "").code)
            }
            6 => {
                let all = files(&self.pipeline.path("sweep/trials"));
                let Some(folder) = all.first().and_then(|file| file.ancestors().nth(1)).map(PathBuf::from) else {
                    return;
                };
                fs::remove_dir_all(&folder).unwrap();
                format!("without {}", folder.display())
            }
            _ => damage_one(&mut self.random, &files(&self.pipeline.path("sweep"))),
        };
        self.done.push(told);
    }

    fn run(&self, action: &str, flags: &str) -> Outcome {
        outcome(&mut sweep(&self.pipeline, &words(&self.mind, action, flags)))
    }

    /// Runs the search; where it refuses what was damaged, it starts over, as the message asks for.
    fn run_to_its_end(&mut self) -> Result<(), String> {
        let ended = self.run("", "");
        if ended.code == Some(0) {
            return Ok(());
        }
        self.done.push(format!("refused: {}", ended.stderr.lines().last().unwrap_or_default()));
        let anew = self.run("", "--force");
        if ended.code == Some(2) && anew.code == Some(0) {
            Ok(())
        } else {
            Err(format!("{}; {}", ended.stderr, anew.stderr))
        }
    }
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

fn of_an_empty_folder(mind: &Mind) -> Left {
    let pipeline = search_pipeline(&profile(mind));
    let ended = outcome(&mut sweep(&pipeline, &words(mind, "", "")));
    assert_eq!(ended.code, Some(0), "{mind:?}: {}", ended.stderr);
    left(&pipeline)
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
