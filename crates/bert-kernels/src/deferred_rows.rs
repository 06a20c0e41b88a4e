//! Deferred rows of an embedding table: optimizer steps without a gradient are put off until somebody reads the row.
//!
//! A batch reads a few hundred of the word table's tens of thousands of rows. The others only decay, and what momentum they
//! have goes on moving them: that costs the whole table's memory traffic in every step. Here a row remembers which steps it
//! has missed, and takes them one after the other, in registers, before it is read. The numbers are bit for bit those of
//! taking every step in its time.

use tch::{Device, Kind, Tensor};

use crate::ffi;
use crate::update_rule::{UpdateRule, UpdateStep};

/// A row that waits for longer is brought up to date with all others, so that the past stays short.
const LONGEST_PAST: usize = 1024;

/// A table `(rows, width)`, float32 and contiguous, with its moments, all on the CPU.
#[derive(Debug)]
pub struct DeferredTable {
    /// The weights, updated in place.
    pub param: Tensor,
    /// As many as the rule keeps, or more, of the table's shape; updated in place.
    pub moments: Vec<Tensor>,
    /// Weight decay.
    pub weight_decay: f64,
    /// The formula.
    pub rule: UpdateRule,
}

/// A table and the steps that each of its rows has yet to take.
#[derive(Debug)]
pub struct DeferredRows {
    table: DeferredTable,
    /// Of each row: how many of the past steps it has taken.
    done: Vec<u32>,
    past: Vec<ffi::PastStep>,
}

impl DeferredRows {
    /// Of a table whose rows are all up to date.
    pub fn new(table: DeferredTable) -> Self {
        let n_rows = table.param.size()[0] as usize;
        Self { table, done: vec![0; n_rows], past: Vec::new() }
    }

    /// Steps that some row has yet to take.
    pub fn n_steps(&self) -> usize {
        self.past.len()
    }

    /// Remembers a step that only the rows `updated` took; they have to have been up to date.
    pub(crate) fn defer(&mut self, step: UpdateStep, learning_rate: f64, updated: &[i64]) {
        let now = self.past.len() as u32;
        self.past.push(step.past_step(learning_rate));
        for &row in updated {
            let done = &mut self.done[row as usize];
            assert!(*done == now, "row {row} takes its deferred steps before it has a gradient");
            *done = now + 1;
        }
    }

    /// Brings `rows`, each of which stands there once, up to date, or all rows when the past has grown long.
    ///
    /// # Panics
    /// When a row is not one of the table's, or its tensors are not as [`DeferredTable`] says: mistakes of the caller.
    pub fn apply(&mut self, rows: &[i64]) {
        if self.past.len() >= LONGEST_PAST {
            return self.flush();
        }
        let now = self.past.len() as u32;
        let behind: Vec<i64> = rows.iter().copied().filter(|&row| self.done[row as usize] < now).collect();
        self.take_steps(&behind);
    }

    /// Brings every row up to date, and forgets the past. That changes no number of what follows.
    pub fn flush(&mut self) {
        let now = self.past.len() as u32;
        let all = 0..self.done.len() as i64;
        let behind: Vec<i64> = all.filter(|&row| self.done[row as usize] < now).collect();
        self.take_steps(&behind);
        self.past.clear();
        self.done.fill(0);
    }

    /// `rows`: rising, so each once.
    fn take_steps(&mut self, rows: &[i64]) {
        assert!(rows.windows(2).all(|pair| pair[0] < pair[1]), "deferred rows rise");
        if rows.is_empty() {
            return;
        }
        let table = &self.table;
        let width = table.param.numel() / self.done.len();
        assert!(table.moments.len() >= table.rule.n_moments(), "{:?} has its moments", table.rule);
        for state in table.moments.iter().chain([&table.param]) {
            let on_cpu = state.device() == Device::Cpu && state.is_contiguous() && state.kind() == Kind::Float;
            assert!(on_cpu && state.numel() == width * self.done.len(), "contiguous float32 of one shape on the CPU");
        }
        let moment = |index: usize| table.moments.get(index).map_or(std::ptr::null_mut(), ffi::floats);
        let run = ffi::Run {
            param: ffi::floats(&table.param),
            grad: std::ptr::null(),
            first: moment(0),
            second: moment(1),
            n: table.param.numel() as i64,
            learning_rate: 0.0,
            weight_decay: table.weight_decay as f32,
        };
        let rule = UpdateStep { rule: table.rule, step: 1, grad_scale: 1.0 }.cpu_rule();
        let deferred = ffi::DeferredRows {
            rows: rows.as_ptr(),
            n_rows: rows.len() as i64,
            done: self.done.as_mut_ptr(),
            past: self.past.as_ptr(),
            n_past: self.past.len() as i64,
        };
        // SAFETY: the table's tensors are as the assertions say; rows lie inside of it, since `done` was indexed by them, and
        // each is there once; `done` has one entry for each row, none beyond the past.
        unsafe {
            ffi::bert_kernels_apply_deferred(&raw const run, width as i64, &raw const deferred, &raw const rule);
        }
    }
}
