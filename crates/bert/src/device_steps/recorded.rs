//! Recording of what is done again and again. Nothing is believed: a recording counts once a replay of it has given, to the byte,
//! what its operators gave one by one; otherwise the operators go on, and the reason is said.

use bert_kernels::{DeviceQueue, Graph};
use tch::{TchError, Tensor, no_grad};

use crate::error::BertError;

/// Whether graphs are recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recording {
    /// Of whatever is done a second time.
    Repeated,
    /// Never: operators one by one.
    Off,
}

/// More graphs are not recorded: each takes memory of the driver.
const MOST_GRAPHS: usize = 256;

const NO_ROOM: &str = "there is no memory for the copies that a recording is held against";

/// A stretch of work, and what is known of it.
#[derive(Debug, Default)]
pub(super) enum Recorded {
    /// It was not done yet.
    #[default]
    Unmet,
    /// Done once; what it needs once is there.
    Met,
    /// To be replayed.
    Graph(Graph),
}

/// Records, and remembers why it stopped.
#[derive(Debug)]
pub(super) struct Recorder {
    recording: Recording,
    n_graphs: usize,
    remark: Option<String>,
}

impl Recorder {
    pub(super) fn new(recording: Recording) -> Self {
        Self { recording, n_graphs: 0, remark: None }
    }

    /// How many recordings count.
    pub(super) fn n_graphs(&self) -> usize {
        self.n_graphs
    }

    pub(super) fn take_remark(&mut self) -> Option<String> {
        self.remark.take()
    }

    /// Does `work` after `seed`, by its graph where there is one. `work` changes nothing that lasts but `state`.
    pub(super) fn run(
        &mut self,
        queue: &DeviceQueue,
        recorded: &mut Recorded,
        state: &[&Tensor],
        seed: impl Fn() -> Result<(), BertError>,
        work: &mut dyn FnMut() -> Result<(), BertError>,
    ) -> Result<(), BertError> {
        match recorded {
            Recorded::Graph(graph) => {
                seed()?;
                graph.replay()?;
            }
            Recorded::Met if self.recording == Recording::Repeated && self.n_graphs < MOST_GRAPHS => {
                match record(queue, state, seed, work)? {
                    Ok(graph) => {
                        self.n_graphs += 1;
                        *recorded = Recorded::Graph(graph);
                    }
                    Err(reason) => {
                        self.recording = Recording::Off;
                        self.remark = Some(reason);
                    }
                }
            }
            Recorded::Met | Recorded::Unmet => {
                seed()?;
                work()?;
                *recorded = Recorded::Met;
            }
        }
        Ok(())
    }
}

/// Does `work` once, whatever becomes of its recording: the inner error says why there is none.
fn record(
    queue: &DeviceQueue,
    state: &[&Tensor],
    seed: impl Fn() -> Result<(), BertError>,
    work: &mut dyn FnMut() -> Result<(), BertError>,
) -> Result<Result<Graph, String>, BertError> {
    // Memory for the copies may be short where the work itself fits.
    let Ok(before) = copies(state) else {
        seed()?;
        work()?;
        return Ok(Err(NO_ROOM.to_owned()));
    };
    seed()?;
    work()?;
    let Ok(expected) = copies(state) else { return Ok(Err(NO_ROOM.to_owned())) };

    set(state, &before);
    let graph = match queue.record(&mut *work) {
        Ok(graph) => graph,
        Err(error) => {
            set(state, &expected);
            return Ok(Err(error.to_string()));
        }
    };
    set(state, &before);
    seed()?;
    graph.replay()?;
    let reason = match are_same(state, &expected) {
        Ok(true) => return Ok(Ok(graph)),
        Ok(false) => "a replay gave other numbers than its operators",
        Err(_) => NO_ROOM,
    };
    queue.reject(graph);
    set(state, &expected);
    Ok(Err(reason.to_owned()))
}

fn copies(state: &[&Tensor]) -> Result<Vec<Tensor>, TchError> {
    no_grad(|| state.iter().map(|tensor| tensor.f_detach_copy()).collect())
}

fn set(state: &[&Tensor], values: &[Tensor]) {
    no_grad(|| {
        for (tensor, value) in state.iter().zip(values) {
            tensor.shallow_clone().copy_(value);
        }
    });
}

/// Whether all numbers are the same; NaN is itself.
fn are_same(tensors: &[&Tensor], expected: &[Tensor]) -> Result<bool, TchError> {
    for (a, b) in tensors.iter().zip(expected) {
        let same = a.f_eq_tensor(b)?.f_logical_or(&a.f_isnan()?.f_logical_and(&b.f_isnan()?)?)?;
        if same.f_all()?.f_int64_value(&[])? == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}
