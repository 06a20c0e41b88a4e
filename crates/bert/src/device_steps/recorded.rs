//! Recording of what is done again and again. Nothing is believed: a recording counts once a replay of it has given, to the byte,
//! what its operators gave one by one; otherwise the operators go on, and the reason is said.

use std::cell::RefCell;

use bert_kernels::{DeviceQueue, Graph};
use tch::{Tensor, no_grad};

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

impl Recorded {
    pub(super) fn is_graph(&self) -> bool {
        matches!(self, Self::Graph(_))
    }
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
                let attempt = Attempt { queue, state, seed: &seed, work: RefCell::new(work) };
                match attempt.record()? {
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

struct Attempt<'a> {
    queue: &'a DeviceQueue,
    state: &'a [&'a Tensor],
    seed: &'a dyn Fn() -> Result<(), BertError>,
    work: RefCell<&'a mut dyn FnMut() -> Result<(), BertError>>,
}

impl Attempt<'_> {
    /// Does the work once, whatever becomes of its recording: the inner error says why there is none.
    fn record(&self) -> Result<Result<Graph, String>, BertError> {
        let before = self.state_now();
        (self.seed)()?;
        self.do_work()?;
        let expected = self.state_now();

        self.set_state(&before);
        let graph = match self.queue.record(|| self.do_work()) {
            Ok(graph) => graph,
            Err(error) => {
                self.set_state(&expected);
                return Ok(Err(error.to_string()));
            }
        };
        self.set_state(&before);
        (self.seed)()?;
        graph.replay()?;
        if self.state.iter().zip(&expected).all(|(tensor, expected)| is_same(tensor, expected)) {
            return Ok(Ok(graph));
        }
        self.set_state(&expected);
        Ok(Err("a replay gave other numbers than its operators".to_owned()))
    }

    fn do_work(&self) -> Result<(), BertError> {
        (self.work.borrow_mut())()
    }

    fn state_now(&self) -> Vec<Tensor> {
        no_grad(|| self.state.iter().map(|tensor| tensor.copy()).collect())
    }

    fn set_state(&self, values: &[Tensor]) {
        no_grad(|| {
            for (tensor, value) in self.state.iter().zip(values) {
                tensor.shallow_clone().copy_(value);
            }
        });
    }
}

/// The same bytes: NaN is itself.
fn is_same(a: &Tensor, b: &Tensor) -> bool {
    a.eq_tensor(b).logical_or(&a.isnan().logical_and(&b.isnan())).all().int64_value(&[]) != 0
}
