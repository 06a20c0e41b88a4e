//! Rows of a table whose steps without a gradient are put off until somebody reads them.
//!
//! A batch reads a few hundred of the word table's tens of thousands of rows. The others only decay, and what momentum they
//! have goes on moving them: that costs the whole table's memory traffic in every step. Here a row remembers which steps it
//! has missed, and takes them one after the other, in registers, before it is read. The numbers are bit for bit those of
//! taking every step in its time.

use tch::{Device, Kind, Tensor};

use crate::ffi;
use crate::optimizer::{UpdateRule, UpdateStep, raw_pointer, raw_rule, raw_step};

/// The steps that each row of a table has yet to take.
#[derive(Debug)]
pub struct DeferredRows {
    /// Of each row: how many of the past steps it has taken.
    done: Vec<u32>,
    past: Vec<ffi::PastStep>,
}

/// A table `(rows, width)`, float32 and contiguous, with its moments, all on the CPU.
#[derive(Debug)]
pub struct Table {
    /// The weights, updated in place.
    pub param: Tensor,
    /// The first moment, where the rule has one.
    pub first: Option<Tensor>,
    /// The second moment, where the rule has one.
    pub second: Option<Tensor>,
    /// Weight decay.
    pub weight_decay: f64,
    /// The formula.
    pub rule: UpdateRule,
}

impl DeferredRows {
    /// Of a table whose rows are all up to date.
    pub fn new(n_rows: usize) -> Self {
        Self { done: vec![0; n_rows], past: Vec::new() }
    }

    /// Steps that some row has yet to take.
    pub fn n_steps(&self) -> usize {
        self.past.len()
    }

    /// Remembers a step that only `moved` rows took; they have to have been up to date.
    pub(crate) fn note(&mut self, step: UpdateStep, learning_rate: f64, moved: &[i64]) {
        let now = self.past.len() as u32;
        self.past.push(raw_step(step, learning_rate));
        for &row in moved {
            let done = &mut self.done[row as usize];
            assert!(*done == now, "row {row} is read, and so up to date, before it has a gradient");
            *done = now + 1;
        }
    }

    /// Brings `rows` up to date.
    ///
    /// # Panics
    /// When the table does not fit: a mistake of the caller.
    pub fn apply_deferred(&mut self, table: &Table, rows: &[i64]) {
        let now = self.past.len() as u32;
        let mut late: Vec<i64> = rows.iter().copied().filter(|&row| self.done[row as usize] < now).collect();
        late.sort_unstable();
        late.dedup();
        self.take_steps(table, &late);
    }

    /// Brings every row up to date, and forgets the past.
    ///
    /// # Panics
    /// When the table does not fit: a mistake of the caller.
    pub fn apply_all_deferred(&mut self, table: &Table) {
        let all: Vec<i64> = (0..self.done.len() as i64).collect();
        self.apply_deferred(table, &all);
        self.past.clear();
        self.done.fill(0);
    }

    fn take_steps(&mut self, table: &Table, rows: &[i64]) {
        if rows.is_empty() {
            return;
        }
        let width = table.param.numel() / self.done.len();
        assert!(table.param.numel() == width * self.done.len(), "a table of {} rows", self.done.len());
        let moments = table.first.iter().chain(&table.second);
        assert!(moments.clone().count() >= table.rule.n_moments(), "{:?} has its moments", table.rule);
        for state in moments.chain([&table.param]) {
            let placed = state.device() == Device::Cpu && state.is_contiguous() && state.kind() == Kind::Float;
            assert!(placed && state.numel() == table.param.numel(), "contiguous float32 of one length on the CPU");
        }
        let of_moment = |moment: &Option<Tensor>| moment.as_ref().map_or(std::ptr::null_mut(), raw_pointer);
        let run = ffi::Run {
            param: raw_pointer(&table.param),
            grad: std::ptr::null(),
            first: of_moment(&table.first),
            second: of_moment(&table.second),
            n: table.param.numel() as i64,
            learning_rate: 0.0,
            weight_decay: table.weight_decay as f32,
        };
        let rule = raw_rule(UpdateStep { rule: table.rule, step: 1, grad_scale: 1.0 });
        // SAFETY: the table's tensors are as the assertions say; rows lie inside of it, each once, since `done` was indexed by
        // them; `done` has one place for each row, none beyond the past.
        unsafe {
            ffi::bert_kernels_catch_up(
                &raw const run,
                width as i64,
                rows.as_ptr(),
                rows.len() as i64,
                self.done.as_mut_ptr(),
                self.past.as_ptr(),
                self.past.len() as i64,
                &raw const rule,
            );
        }
    }
}
