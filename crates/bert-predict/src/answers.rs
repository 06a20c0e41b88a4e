//! Answers of one window after the other: logits to verdicts, written in the order of the rows, and counted.

use std::io::Write;

use crate::answer::{Answer, Outcome};
use crate::counts::Counts;
use crate::output::AnswerWriter;
use crate::predictor::{Predicted, Predictor};
use crate::prepare::PreparedWindow;

/// Broken rows that are named; the others are counted.
const MOST_NAMED: u64 = 20;

/// Answers windows, and says which rows are broken.
pub(crate) struct Answering<'a> {
    predictor: &'a Predictor<'a>,
    n_named: u64,
}

impl<'a> Answering<'a> {
    pub(crate) fn new(predictor: &'a Predictor<'a>) -> Self {
        Self { predictor, n_named: 0 }
    }

    /// What the model says of the texts of a window.
    ///
    /// # Errors
    /// Fails when a kernel does.
    pub(crate) fn predict(&self, window: &PreparedWindow) -> anyhow::Result<Predicted> {
        self.predictor.predict(&window.encodings)
    }

    /// Writes an answer for each row of a window; `say` hears of broken ones.
    ///
    /// # Errors
    /// Fails when the sink does.
    pub(crate) fn write<W: Write + Send>(
        &mut self,
        window: &PreparedWindow,
        predicted: &Predicted,
        writer: &mut AnswerWriter<'_, W>,
        say: &dyn Fn(&str),
    ) -> anyhow::Result<Counts> {
        let decoding = &self.predictor.settings.decoding;
        let mut verdicts = decoding.verdicts(&predicted.logits).into_iter();
        let mut attributions = predicted.attributions.iter();
        let mut counts = Counts { rows: window.rows.len() as u64, ..Counts::default() };
        counts.add_longer(&window.encodings, self.predictor.settings.max_length);
        for row in &window.rows {
            let outcome = match (&row.text, row.text.is_ok().then(|| verdicts.next()).flatten()) {
                (Ok(text), Some(verdict)) => {
                    counts.abstained += u64::from(verdict.abstains());
                    Outcome::Read { text, verdict, attribution: attributions.next() }
                }
                (Ok(_), None) => anyhow::bail!("there are fewer predictions than texts"),
                (Err(problem), _) => {
                    counts.broken += 1;
                    self.name_broken(problem, say);
                    Outcome::Broken(problem)
                }
            };
            writer.write(&Answer { kept: &row.kept, outcome })?;
        }
        Ok(counts)
    }

    fn name_broken(&mut self, problem: &str, say: &dyn Fn(&str)) {
        self.n_named += 1;
        if self.n_named <= MOST_NAMED {
            say(&format!("bert-predict: {problem}"));
        } else if self.n_named == MOST_NAMED + 1 {
            say("bert-predict: further rows that cannot be read are counted only");
        }
    }
}
