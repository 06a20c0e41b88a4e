//! Meeting: how the processes of a run wait for each other, learn what process 0 decided, and why one of them stopped.
//!
//! All of it goes through small values in the store, which process 0 opens at once, and the others when they need it: it takes
//! libtorch.
//!
//! ```text
//! decision       process 0: whether there is something to do
//! ready/RANK     each: it has read its input and can train
//! failed/0       process 0, where it stopped by itself: rank, exit code, reason
//! failed         another one that did
//! lost/RANK      each that lost a connection: to whom
//! beat/RANK      each whose GPU is connected: that it is alive (watch.rs)
//! end            process 0: the result is written
//! left/RANK      each: it needs the store no more
//! ```

use std::cell::{Cell, OnceCell};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::anyhow;
use bert::BertError;
use bert_kernels::{DistributedError, ProcessGroup, exit_at_once};
use stage::{BadInputType, ExitReason, Interrupt, exit_code};

use crate::processes::failure::Failure;
use crate::processes::shared_store::{PAUSE, SharedStore, no_answer};
use crate::processes::watch::{Limits, Member, Watch};
use crate::processes::world::World;

/// For the others to say why the connection to them broke, where they still can.
const GRACE: Duration = Duration::from_secs(2);
/// For the others to come, where they are still starting, and to hear why this one does not go on.
const LONG_GRACE: Duration = Duration::from_secs(10);
/// Of processes that watch over each other.
const BEAT: Duration = Duration::from_secs(1);
/// After this long without a beat a process is gone.
const SILENCE: Duration = Duration::from_secs(60);

/// What process 0 found of the output folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    Train,
    /// It is fresh, or was only to be explained.
    Leave,
}

/// The processes of a run while they wait for each other.
#[derive(Debug)]
pub(crate) struct Meeting {
    world: World,
    timeout: Duration,
    /// How long to wait for the store.
    store_timeout: Cell<Duration>,
    /// `None`: it was waited for in vain.
    store: OnceCell<Option<SharedStore>>,
}

impl Meeting {
    /// `timeout`: how long a process waits for another.
    pub(crate) fn new(world: World, timeout: Duration) -> Self {
        Self { world, timeout, store_timeout: Cell::new(timeout), store: OnceCell::new() }
    }

    /// From here on process 0 can be asked.
    pub(crate) fn begin(&self) -> anyhow::Result<()> {
        if self.world.is_first() { self.store().map(drop) } else { Ok(()) }
    }

    pub(crate) fn world(&self) -> &World {
        &self.world
    }

    /// Process 0 says what it decided.
    pub(crate) fn decide(&self, decision: Decision) -> anyhow::Result<()> {
        let text = if decision == Decision::Train { "train" } else { "leave" };
        Ok(self.store()?.set("decision", text.as_bytes())?)
    }

    /// What process 0 decided.
    pub(crate) fn decision(&self) -> anyhow::Result<Decision> {
        let text = self.wait_for("decision", 0)?;
        Ok(if text == b"train" { Decision::Train } else { Decision::Leave })
    }

    /// Waits until every process is ready to train, then connects them.
    pub(crate) fn connect(&self) -> anyhow::Result<ProcessGroup> {
        self.store()?.set(&format!("ready/{}", self.world.rank), b"")?;
        for rank in 0..self.world.size {
            self.wait_for(&format!("ready/{rank}"), rank)?;
        }
        Ok(self.store()?.connect(&self.world, self.timeout)?)
    }

    /// Watches over the others while this process trains with them: ends it where it cannot go on.
    pub(super) fn watch(&self) -> anyhow::Result<Watch> {
        let &World { rank, size, .. } = &self.world;
        let limits = Limits { beat: BEAT, silence: SILENCE.min(self.timeout), numbers: self.timeout };
        let end = |exit_code: u8, words: &str| {
            if !words.is_empty() {
                stage::say(&format!("error: {words}"));
            }
            exit_at_once(exit_code.into());
        };
        Ok(Watch::begin(self.store()?.another(self.timeout)?, Member { rank, size }, limits, end))
    }

    /// Ends this process's part of the run: as process 0 does, or as the one that stopped it.
    pub(crate) fn part(&self, outcome: anyhow::Result<()>, bad_input: &[BadInputType]) -> anyhow::Result<()> {
        let outcome = match outcome {
            Ok(()) if self.world.is_first() => self.store().and_then(|store| Ok(store.set("end", b"")?)),
            Ok(()) => self.wait_for("end", 0).map(drop),
            Err(error) => {
                self.store_timeout.set(LONG_GRACE); // to leave word only
                if self.world.is_first() {
                    // A launcher tells all to end when one of the others has ended, and this one has yet to say why.
                    let _ = Interrupt::install();
                }
                Err(error)
            }
        };
        let some_are_gone = outcome.as_ref().is_err_and(|error| lost_connection(error).is_some());
        let outcome = outcome.map_err(|error| self.explained(error, bad_input));
        if let Ok(store) = self.store() {
            let _ = store.set(&format!("left/{}", self.world.rank), b"");
            if self.world.is_first() {
                self.wait_for_each("left", if some_are_gone { GRACE } else { LONG_GRACE });
            }
        }
        outcome
    }

    /// The error as this process tells it: of another one that stopped, or its own, with its number; nothing where process 0
    /// says the same.
    fn explained(&self, error: anyhow::Error, bad_input: &[BadInputType]) -> anyhow::Error {
        if let Some(ExitReason::Followed { message, .. }) = error.downcast_ref() {
            return if message.is_empty() { error } else { self.prefixed(error) };
        }
        if let Some(lost) = lost_connection(&error) {
            self.hurry(lost);
            let reason = self.reason_of_loss(lost);
            return if stage::is_said(&reason) { reason } else { self.prefixed(reason) };
        }
        let (rank, reason) = (self.world.rank, format!("{error:#}"));
        let failure = Failure { rank, exit_code: exit_code(&error, bad_input), reason };
        let said_by_first = match self.world.is_first() {
            true => {
                self.leave_word(&failure);
                false
            }
            false => self.is_said_by_first(&failure),
        };
        if said_by_first {
            return ExitReason::Followed { exit_code: failure.exit_code, message: String::new() }.into();
        }
        self.prefixed(error)
    }

    fn prefixed(&self, error: anyhow::Error) -> anyhow::Error {
        if self.world.is_first() { error } else { error.context(format!("rank {}", self.world.rank)) }
    }

    fn leave_word(&self, failure: &Failure) {
        if let Ok(store) = self.store() {
            failure.leave(|key, text| store.set(key, text));
        }
    }

    /// Leaves word, unless process 0 says the same before it leaves.
    fn is_said_by_first(&self, failure: &Failure) -> bool {
        let is_said =
            || Ok(self.failure()?.is_some_and(|other: Failure| other.rank == 0 && other.reason == failure.reason));
        let wait = || -> anyhow::Result<bool> {
            if is_said()? {
                return Ok(true);
            }
            self.leave_word(failure);
            let since = Instant::now();
            while since.elapsed() < LONG_GRACE && !self.has("left/0") && !is_said()? {
                sleep(PAUSE);
            }
            is_said()
        };
        wait().unwrap_or(false) // the store is gone
    }

    /// Which process is the reason that a connection broke, as far as it can be told: one that lost a connection itself points
    /// to the next.
    fn reason_of_loss(&self, lost: &DistributedError) -> anyhow::Error {
        let blame = lost.rank.map_or(String::new(), |rank| rank.to_string());
        let left_word =
            self.store().and_then(|store| Ok(store.set(&format!("lost/{}", self.world.rank), blame.as_bytes())?));
        if left_word.is_err() {
            return store_is_gone(lost);
        }
        let since = Instant::now();
        loop {
            match self.failure() {
                Ok(Some(failure)) => return failure.followed().into(),
                Ok(None) if since.elapsed() < GRACE => sleep(PAUSE),
                Ok(None) => return self.silent(lost),
                Err(_) => return store_is_gone(lost),
            }
        }
    }

    /// Waits for the store no longer than for a word of the others.
    fn hurry(&self, lost: &DistributedError) {
        // Where the store does not answer, the process that holds it is the one that hangs, whichever was waited for.
        let holder = self.world.store_holder().filter(|&holder| holder != self.world.rank);
        let blamed = holder.or(lost.rank);
        let gone = blamed.map_or_else(|| format!("lost another process ({lost})"), |rank| self.gone(rank, lost));
        let last_words = format!("error: rank {}: {gone}; nor does the store of the run answer", self.world.rank);
        if let Ok(store) = self.store() {
            store.hurry(4 * GRACE, last_words);
        }
    }

    /// The process at the end of the chain has said nothing.
    fn silent(&self, lost: &DistributedError) -> anyhow::Error {
        let mut blamed = lost.rank;
        for _ in 0..self.world.size {
            let Some(rank) = blamed else { break };
            let Ok(word) = self.store().and_then(|store| Ok(store.get(&format!("lost/{rank}"))?)) else {
                return store_is_gone(lost);
            };
            let Some(word) = word else { return anyhow!(self.gone(rank, lost)) };
            blamed = String::from_utf8(word).ok().and_then(|word| word.parse().ok());
        }
        let peer = lost.rank.map_or("another process".to_owned(), |rank| format!("rank {rank}"));
        anyhow!("the connection to {peer} broke: {lost}")
    }

    fn gone(&self, rank: usize, lost: &DistributedError) -> String {
        let seconds = self.timeout.as_secs();
        if lost.message.contains("Timed out") {
            format!(
                "rank {rank} did not answer for {seconds} s (--ddp-timeout): it hangs, or its machine cannot be reached"
            )
        } else {
            format!("rank {rank} ended without a word: it was killed, or its machine cannot be reached ({lost})")
        }
    }

    /// A value that `from` leaves, once it is there.
    fn wait_for(&self, key: &str, from: usize) -> anyhow::Result<Vec<u8>> {
        let store = self.store()?;
        let since = Instant::now();
        loop {
            if let Some(value) = store.get(key)? {
                return Ok(value);
            }
            if let Some(failure) = self.failure()? {
                return Err(failure.followed().into());
            }
            if since.elapsed() >= self.timeout {
                return Err(no_answer(from, self.timeout));
            }
            sleep(PAUSE);
        }
    }

    fn wait_for_each(&self, what: &str, limit: Duration) {
        let since = Instant::now();
        let all_there = || (0..self.world.size).all(|rank| self.has(&format!("{what}/{rank}")));
        while !all_there() && since.elapsed() < limit {
            sleep(PAUSE);
        }
    }

    fn has(&self, key: &str) -> bool {
        self.store().is_ok_and(|store| matches!(store.get(key), Ok(Some(_))))
    }

    /// Why a process stopped by itself, if one did.
    fn failure(&self) -> anyhow::Result<Option<Failure>> {
        let store = self.store()?;
        Ok(Failure::find(|key| store.get(key))?)
    }

    fn store(&self) -> anyhow::Result<&SharedStore> {
        let mut problem = None;
        let open =
            || SharedStore::open(&self.world, self.store_timeout.get()).map_err(|error| problem = Some(error)).ok();
        let store = self.store.get_or_init(open).as_ref();
        store.ok_or_else(|| problem.unwrap_or_else(|| anyhow!("the store of the run cannot be reached")))
    }
}

fn store_is_gone(lost: &DistributedError) -> anyhow::Error {
    anyhow!("rank 0, which held the store of the run, ended without a word ({lost})")
}

/// The error of a connection, if one is in the chain.
fn lost_connection(error: &anyhow::Error) -> Option<&DistributedError> {
    error.chain().find_map(|cause| match cause.downcast_ref::<BertError>() {
        Some(BertError::Distributed(lost)) => Some(lost),
        _ => cause.downcast_ref::<DistributedError>(),
    })
}
