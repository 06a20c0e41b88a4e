//! Shared store: small values that the processes of one start leave for each other.
//!
//! torchrun starts the processes again with the store of the last start, in which that one's values still lie, and not all machines
//! count restarts alike. So process 0 draws a name for its start, which stands before all keys, and each other one learns it by
//! calling; whoever is gone calls no more, and whoever answered an earlier call is gone.
//!
//! ```text
//! caller/RANK    each but process 0: a name of its own
//! start/NAME     process 0, to the caller of that name: the name of the start
//! ```

use std::cell::RefCell;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant, SystemTime};

use anyhow::anyhow;
use bert::BertError;
use bert_kernels::{DistributedError, ProcessGroup, Store, StoreAddress, exit_at_once, has_c10d, libtorch};

use crate::processes::world::World;

/// Between two looks into the store.
pub(crate) const PAUSE: Duration = Duration::from_millis(50);
/// Stands before the keys that do not belong to one start.
const PREFIX: &str = "bert-finetune";

/// The values of this start.
#[derive(Debug)]
pub(crate) struct SharedStore {
    /// The first that ends: it needs the store.
    answering: Option<Answering>,
    values: Store,
    address: StoreAddress,
    /// Where the calls are; the process that holds the store holds it by this.
    _calls: Store,
    patience: RefCell<Patience>,
}

impl SharedStore {
    /// Waits for the store, and for the answer of process 0.
    ///
    /// # Errors
    /// Fails where the store cannot be reached or process 0 does not answer within `timeout`.
    pub(crate) fn open(world: &World, timeout: Duration) -> anyhow::Result<Self> {
        libtorch::load().map_err(BertError::from)?;
        anyhow::ensure!(
            has_c10d(),
            "several processes cannot train together: this libtorch has no c10d; start one process alone"
        );
        let address = world.store(PREFIX);
        let patience = Patience::new(world, &address, timeout);
        let calls = patience.open(&address, timeout)?;
        let name = name_of_process(world);
        let start = if world.is_first() { name } else { call(&calls, world.rank, &name, &patience)? };
        let address = StoreAddress { is_server: false, ..address };
        let of_start = StoreAddress { prefix: format!("{PREFIX}/{start}"), ..address.clone() };
        let values = patience.open(&of_start, timeout)?;
        let answering = world.is_first().then(|| Answering::begin(address, world.size, start, timeout));
        Ok(Self { answering, values, address: of_start, _calls: calls, patience: RefCell::new(patience) })
    }

    pub(crate) fn set(&self, key: &str, value: &[u8]) -> Result<(), DistributedError> {
        self.patience.borrow().hold(|| self.values.set(key, value))
    }

    pub(crate) fn get(&self, key: &str) -> Result<Option<Vec<u8>>, DistributedError> {
        self.patience.borrow().hold(|| self.values.get(key))
    }

    /// The same values by another connection, for another thread.
    pub(crate) fn another(&self, timeout: Duration) -> anyhow::Result<Store> {
        self.patience.borrow().open(&self.address, timeout)
    }

    /// Connects the processes, all of which have called.
    pub(crate) fn connect(&self, world: &World, timeout: Duration) -> Result<ProcessGroup, DistributedError> {
        if let Some(answering) = &self.answering {
            answering.stop();
        }
        // It has a time-out of its own.
        let patience = Patience { limit: timeout.saturating_mul(2), ..self.patience.borrow().clone() };
        let &World { rank, size, .. } = world;
        patience.hold(|| ProcessGroup::connect(&self.values, rank, size, world.own_address(), timeout))
    }

    /// From now on waits for no longer than `limit`, and says `last_words` where that is not enough.
    pub(crate) fn hurry(&self, limit: Duration, last_words: String) {
        self.patience.replace(Patience { limit, last_words });
    }
}

/// Tells process 0 the name of this one; the answer is the name of its start.
fn call(calls: &Store, rank: usize, name: &str, patience: &Patience) -> anyhow::Result<String> {
    patience.hold(|| calls.set(&format!("caller/{rank}"), name.as_bytes()))?;
    let since = Instant::now();
    loop {
        if let Some(start) = patience.hold(|| calls.get(&format!("start/{name}")))? {
            return Ok(String::from_utf8(start)?);
        }
        if since.elapsed() >= patience.limit {
            return Err(no_answer(0, patience.limit));
        }
        sleep(PAUSE);
    }
}

/// A process that never came, or is no longer there.
pub(crate) fn no_answer(rank: usize, timeout: Duration) -> anyhow::Error {
    let seconds = timeout.as_secs();
    anyhow!("rank {rank} did not answer for {seconds} s (--ddp-timeout); was it started, and is it alive?")
}

/// No process of any start has the same.
fn name_of_process(world: &World) -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    format!("{}-{}-{now}", world.rank, process::id())
}

/// Answers those that call process 0, in a thread, until all have come.
#[derive(Debug)]
struct Answering {
    enough: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Answering {
    fn begin(address: StoreAddress, size: usize, start: String, timeout: Duration) -> Self {
        let enough = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&enough);
        let thread = spawn(move || {
            let Ok(calls) = Store::open(&address, timeout) else { return };
            while !stopped.load(Ordering::Relaxed) {
                for rank in 1..size {
                    if let Ok(Some(name)) = calls.get(&format!("caller/{rank}")) {
                        let _ = calls.set(&format!("start/{}", String::from_utf8_lossy(&name)), start.as_bytes());
                    }
                }
                sleep(PAUSE);
            }
        });
        Self { enough, thread: Some(thread) }
    }

    fn stop(&self) {
        self.enough.store(true, Ordering::Relaxed);
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.stop();
        // A process must not end while one of its threads is within libtorch.
        self.thread.take().map(JoinHandle::join);
    }
}

/// For how long to wait for the store itself. libtorch would wait until the system gives the connection up, a quarter of an hour,
/// and only the end of the process ends that.
#[derive(Debug, Clone)]
struct Patience {
    limit: Duration,
    last_words: String,
}

impl Patience {
    fn new(world: &World, address: &StoreAddress, limit: Duration) -> Self {
        let (rank, seconds, StoreAddress { host, port, .. }) = (world.rank, limit.as_secs(), address);
        let last_words = format!(
            "error: rank {rank}: rank 0's store of the run, {host}:{port}, did not answer for {seconds} s (--ddp-timeout): its \
             machine cannot be reached"
        );
        Self { limit, last_words }
    }

    /// The store, which has to be there within `timeout`; what libtorch makes of that does not hold where a store accepts the connection and
    /// is silent then. No process has lost another one where this fails.
    fn open(&self, address: &StoreAddress, timeout: Duration) -> anyhow::Result<Store> {
        let StoreAddress { host, port, is_server, .. } = address;
        let what = if *is_server { "open the store of the run" } else { "reach rank 0's store of the run" };
        let longer = Self { limit: self.limit + Duration::from_secs(5), ..self.clone() };
        longer
            .hold(|| Store::open(address, timeout))
            .map_err(|error| anyhow!("cannot {what}, {host}:{port} (MASTER_ADDR, MASTER_PORT): {error}"))
    }

    /// What `ask` gives; ends this process with exit code 1 where that does not come.
    fn hold<T>(&self, ask: impl FnOnce() -> T) -> T {
        let Self { limit, last_words } = self.clone();
        let (answered, answer) = channel::<()>();
        spawn(move || {
            if answer.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                stage::say(&last_words);
                exit_at_once(1);
            }
        });
        let given = ask();
        drop(answered);
        given
    }
}
