//! Watch: over the other processes of a run whose GPUs are connected, from a thread of its own.
//!
//! NCCL does not notice that a process is gone. Then its messages never end, and the host waits within libtorch for ever: for numbers, or
//! for the device to take more work. So this thread beats, listens to the beats of the next process and to the words of all, and ends
//! this process where it cannot go on.
//!
//! ```text
//! beat/RANK      each, every second: a number of its own, and how many steps it has begun; `done` where nobody has to wait for it any more
//! ```

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};

use bert_kernels::{DistributedError, Store};

use crate::processes::failure::Failure;
use crate::processes::shared_store::PAUSE;

const DONE: &[u8] = b"done";
/// A store that is there does.
const STORE_ANSWERS: Duration = Duration::from_secs(5);

/// The watching thread.
#[derive(Debug)]
pub(crate) struct Watch {
    progress: Arc<Progress>,
    /// Whether the process has come to a good end; the thread ends with it.
    end: Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

/// How far the process is.
#[derive(Debug, Default)]
struct Progress {
    /// Since when it has waited for numbers of a step, which the others have to do with.
    waiting_since: Mutex<Option<Instant>>,
    n_steps_begun: AtomicU64,
}

/// How long to wait for what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Between two beats.
    pub(super) beat: Duration,
    /// Without a beat of the next process, after which that is gone.
    pub(super) silence: Duration,
    /// For the numbers of a step.
    pub(super) numbers: Duration,
}

/// Which process of how many this is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member {
    pub(super) rank: usize,
    pub(super) size: usize,
}

impl Progress {
    fn waiting_since(&self) -> MutexGuard<'_, Option<Instant>> {
        self.waiting_since.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn waited(&self) -> Duration {
        self.waiting_since().map_or(Duration::ZERO, |since| since.elapsed())
    }
}

impl Watch {
    /// Begins to watch. Where this process cannot go on, `end` ends it: with an exit code and its last words, empty where process 0
    /// says them.
    pub(super) fn begin(
        store: Store,
        member: Member,
        limits: Limits,
        end: impl FnOnce(u8, &str) + Send + 'static,
    ) -> Self {
        let progress = Arc::new(Progress::default());
        let (sender, ended) = channel();
        let watcher = Watcher { store, member, limits, progress: Arc::clone(&progress) };
        let thread = spawn(move || {
            let mut next = NextBeat { value: None, since: Instant::now() };
            for beat in 0_u64.. {
                if let Some(failure) = watcher.look(beat, &mut next) {
                    return end(failure.exit_code, &watcher.words(failure));
                }
                match ended.recv_timeout(watcher.limits.beat) {
                    Err(RecvTimeoutError::Timeout) => {}
                    Ok(is_done) => return watcher.part(is_done),
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        });
        Self { progress, end: sender, thread: Some(thread) }
    }

    /// A step begins, whose numbers are waited for.
    pub(crate) fn step_begins(&self) {
        self.progress.n_steps_begun.fetch_add(1, Ordering::Relaxed);
        self.progress.waiting_since().get_or_insert_with(Instant::now);
    }

    /// The numbers of a step have come; `more`: those of others are waited for.
    pub(crate) fn numbers_came(&self, more: bool) {
        *self.progress.waiting_since() = more.then(Instant::now);
    }

    /// This process no longer waits for the others, and is not missed.
    pub(crate) fn done(&self) {
        let _ = self.end.send(true);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.end.send(false);
        // A process must not end while one of its threads is within libtorch; where the store does not answer, what comes next finds that
        // too, and ends the process at once.
        let Some(thread) = self.thread.take() else { return };
        let since = Instant::now();
        while !thread.is_finished() && since.elapsed() < STORE_ANSWERS {
            sleep(PAUSE);
        }
        if thread.is_finished() {
            let _ = thread.join();
        }
    }
}

/// What the thread has.
struct Watcher {
    store: Store,
    member: Member,
    limits: Limits,
    progress: Arc<Progress>,
}

/// The last beat of the next process.
struct NextBeat {
    value: Option<Vec<u8>>,
    since: Instant,
}

impl Watcher {
    /// Beats, and looks at the others; a failure where this process cannot go on.
    fn look(&self, beat: u64, next: &mut NextBeat) -> Option<Failure> {
        self.look_into_store(beat, next).unwrap_or_else(|lost| {
            let reason = format!("rank 0, which held the store of the run, ended without a word ({lost})");
            Some(self.own_failure(reason))
        })
    }

    fn look_into_store(&self, beat: u64, next: &mut NextBeat) -> Result<Option<Failure>, DistributedError> {
        let Self { store, member: Member { rank, size }, limits, progress } = self;
        let n_steps = progress.n_steps_begun.load(Ordering::Relaxed);
        store.set(&format!("beat/{rank}"), format!("{beat} {n_steps}").as_bytes())?;
        if let Some(failure) = self.failure()? {
            return Ok(Some(failure));
        }
        let neighbor = (rank + 1) % size;
        let value = store.get(&format!("beat/{neighbor}"))?;
        if value != next.value || value.as_deref() == Some(DONE) {
            *next = NextBeat { value, since: Instant::now() };
        }
        if next.since.elapsed() > limits.silence {
            return self.blame(
                &[neighbor],
                "ended without a word: it was killed or stopped, or its machine cannot be reached",
            );
        }
        if progress.waited() > limits.numbers {
            let what = format!("did not answer for {} s (--ddp-timeout): it hangs", limits.numbers.as_secs());
            return self.blame(&self.slowest()?, &what);
        }
        Ok(None)
    }

    /// Those that have begun the fewest steps; none where all have begun as many.
    fn slowest(&self) -> Result<Vec<usize>, DistributedError> {
        let n_steps = |rank: usize| -> Result<u64, DistributedError> {
            let beat = self.store.get(&format!("beat/{rank}"))?.unwrap_or_default();
            let beat = String::from_utf8_lossy(&beat).into_owned();
            Ok(beat.split_once(' ').and_then(|(_, n_steps)| n_steps.parse().ok()).unwrap_or(0))
        };
        let of_ranks = (0..self.member.size).map(n_steps).collect::<Result<Vec<u64>, _>>()?;
        let (fewest, most) = (of_ranks.iter().min(), of_ranks.iter().max());
        let is_slowest = |rank: &usize| fewest != most && of_ranks.get(*rank) == fewest;
        Ok((0..self.member.size).filter(is_slowest).collect())
    }

    fn failure(&self) -> Result<Option<Failure>, DistributedError> {
        Failure::find(|key| self.store.get(key))
    }

    /// What is said of `ranks`; the first that says so is heard by all.
    fn blame(&self, ranks: &[usize], what: &str) -> Result<Option<Failure>, DistributedError> {
        if let Some(failure) = self.failure()? {
            return Ok(Some(failure));
        }
        let ranks: Vec<String> = ranks.iter().map(ToString::to_string).collect();
        let who = if ranks.is_empty() { "another process".to_owned() } else { format!("rank {}", ranks.join(", ")) };
        let failure = self.own_failure(format!("{who} {what}"));
        failure.leave(|key, text| self.store.set(key, text));
        Ok(Some(failure))
    }

    /// The last words: its own, or those of another one that is the reason.
    fn words(&self, failure: Failure) -> String {
        match (failure.rank == self.member.rank, self.member.rank) {
            (true, 0) => failure.reason,
            (true, rank) => format!("rank {rank}: {}", failure.reason),
            (false, _) => failure.followed().to_string(),
        }
    }

    fn own_failure(&self, reason: String) -> Failure {
        Failure { rank: self.member.rank, exit_code: 1, reason }
    }

    /// The last beat.
    fn part(&self, is_done: bool) {
        if is_done {
            let _ = self.store.set(&format!("beat/{}", self.member.rank), DONE);
        }
    }
}

#[cfg(test)]
mod tests;
