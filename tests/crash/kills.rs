//! kill -9 at random moments, the same command again: final weights, optimizer state and log are byte for byte the same.
//!
//! A kill counts when the process was alive and past its first step. It is halted first, so that what it was doing can be
//! looked at before it dies.

use std::time::{Duration, Instant};

use crate::life::Life;
use crate::sandbox::{TrainingSandbox, continued_at};
use crate::{is_full, size, tell};
use testkit::Random;

/// What is killed: arguments of the run, by what is special about them.
const SETS: [(&str, &str); 8] = [
    ("mid-epoch", "--precision float32 --save-strategy steps --save-steps 2 --num-train-epochs 6"),
    ("warm-up", "--precision float32 --warmup-ratio 0.9 --save-strategy steps --save-steps 1 --num-train-epochs 6"),
    (
        "after a best save",
        "--precision float32 --eval-strategy steps --eval-steps 1 --save-strategy steps --save-steps 3 \
         --num-train-epochs 4",
    ),
    (
        "accumulation",
        "--precision float32 --per-device-train-batch-size 4 --gradient-accumulation-steps 3 --save-strategy steps \
         --save-steps 2 --num-train-epochs 5",
    ),
    ("epochs", "--precision float32 --per-device-train-batch-size 50 --num-train-epochs 20 --save-total-limit 1"),
    (
        "averaged weights",
        "--precision float32 --ema-decay 0.95 --eval-strategy steps --eval-steps 4 --save-strategy steps --save-steps 2 \
         --num-train-epochs 5",
    ),
    ("bf16, mid-epoch", "--precision bf16 --save-strategy steps --save-steps 2 --num-train-epochs 4"),
    (
        "bf16, accumulation, warm-up",
        "--precision bf16 --per-device-train-batch-size 4 --gradient-accumulation-steps 3 --warmup-ratio 0.5 \
         --eval-strategy steps --eval-steps 5 --save-strategy steps --save-steps 3 --num-train-epochs 3",
    ),
];

/// What was counted.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) kills: u64,
    pub(crate) inside_a_save: u64,
    pub(crate) resumes: u64,
    pub(crate) resumes_past_zero: u64,
    /// Runs that came to their end and were compared, every file of them.
    pub(crate) compared: u64,
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.kills += other.kills;
        self.inside_a_save += other.inside_a_save;
        self.resumes += other.resumes;
        self.resumes_past_zero += other.resumes_past_zero;
        self.compared += other.compared;
    }

    pub(crate) fn tell(&self, proof: &str) {
        let counted = [
            ("kills", self.kills),
            ("inside a save", self.inside_a_save),
            ("resumes", self.resumes),
            ("past step 0", self.resumes_past_zero),
            ("runs compared", self.compared),
            ("differing", 0),
        ];
        tell(proof, &counted);
    }

    pub(crate) fn assert_most_resumed_past_zero(&self) {
        assert!(10 * self.resumes_past_zero >= 8 * self.resumes, "{} of {}", self.resumes_past_zero, self.resumes);
    }
}

#[test]
fn a_killed_run_ends_in_the_same_bytes() {
    let sandbox = TrainingSandbox::small();
    let mut all = Tally::default();
    for (seed, (name, arguments)) in SETS.iter().enumerate() {
        let kills = size(2, 39);
        let tally = kill_often(&sandbox, arguments, kills, &mut Random::new(seed as u64));
        tally.tell(&format!("kills: {name}"));
        all.add(&tally);
    }
    all.tell("kills: all");
    assert!(all.resumes_past_zero > 0);
    if is_full() {
        assert!(all.kills >= 300, "{} kills", all.kills);
        assert!(all.inside_a_save >= 100, "{} kills were inside a save", all.inside_a_save);
        all.assert_most_resumed_past_zero();
    }
}

/// Kills runs of `arguments`, one after another, until `kills` were counted; each goes on to its end at last.
pub(crate) fn kill_often(sandbox: &TrainingSandbox, arguments: &str, kills: u64, random: &mut Random) -> Tally {
    let mut life = Life::begin(sandbox, "whole", arguments);
    assert!(life.takes_a_step(), "the run is over before it can be killed: {}", life.said());
    let clock = Instant::now();
    let (status, said) = life.end();
    assert!(status.success(), "{said}");
    // About eight lives to a run: enough to be killed in, and most of them begin behind a checkpoint.
    let longest = clock.elapsed() / 6;
    let expected = sandbox.hashes("whole");

    let mut tally = Tally::default();
    let mut after_a_kill = false;
    loop {
        let done = tally.kills == kills;
        let life = Life::begin(sandbox, "killed", arguments);
        let moment = longest.mul_f64(random.below(1000) as f64 / 1000.0);
        let end = if done { End::Own(life.end().1) } else { kill_at(life, moment, &mut tally) };
        let (End::Own(said) | End::Killed(said)) = &end;
        if after_a_kill {
            tally.resumes += 1;
            tally.resumes_past_zero += u64::from(continued_at(said) > 0);
        }
        after_a_kill = matches!(end, End::Killed(_));
        if let End::Own(said) = end {
            assert_eq!(sandbox.hashes("killed"), expected, "{arguments}: the last life said: {said}");
            tally.compared += 1;
            sandbox.remove("killed");
            if done {
                break;
            }
        }
    }
    sandbox.remove("whole");
    tally
}

/// How a life ended, and what it had said.
enum End {
    Own(String),
    Killed(String),
}

/// Kills `life` some time after its first step, if it lives that long.
fn kill_at(mut life: Life, moment: Duration, tally: &mut Tally) -> End {
    if !life.takes_a_step() {
        return End::Own(life.end().1);
    }
    std::thread::sleep(moment);
    if !life.halt() {
        return End::Own(life.end().1);
    }
    tally.kills += 1;
    tally.inside_a_save += u64::from(life.is_inside_a_save());
    End::Killed(life.kill())
}
