//! Figures of slices: accuracy inside and outside, or the mean absolute error of a regression, and whether a slice is worse
//! than the rest by more than chance.

use metrics::{
    ClassEvaluation, Estimate, Figure, Interval, MetricsError, Reason, ScoreFigure, SliceDifference, holm, score_slice,
    slice,
};
use serde::Serialize;

use super::slices::Slice;
use crate::labeled::Labeled;
use crate::p_value::LEVEL;

/// `slices.json`.
#[derive(Debug, Serialize)]
pub(crate) struct SliceFigures {
    /// `accuracy` or `mae`.
    pub(crate) figure: String,
    /// Of all rows.
    pub(crate) overall: f64,
    /// The worst first: those that are worse by more than chance, then by the figure.
    pub(crate) slices: Vec<SliceFigure>,
}

impl SliceFigures {
    pub(crate) fn is_accuracy(&self) -> bool {
        self.figure == Figure::Accuracy.name()
    }
}

/// One slice.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct SliceFigure {
    pub(crate) group: String,
    pub(crate) name: String,
    /// Rows with a label.
    pub(crate) n: usize,
    pub(crate) value: f64,
    /// 95 %.
    pub(crate) interval: Option<Interval>,
    /// The figure of all other rows.
    pub(crate) rest: Option<f64>,
    /// Of the difference to the rest.
    pub(crate) p_value: Option<f64>,
    /// The same, corrected for the number of slices by Holm's method.
    pub(crate) p_adjusted: Option<f64>,
    /// Whether it is worse than the rest by more than chance.
    pub(crate) is_worse: bool,
    /// Why there is no p-value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<Reason>,
}

/// The figures of all slices that have rows with a label.
///
/// # Errors
/// Fails on a class that has no name.
pub(crate) fn slice_figures(slices: &[Slice], labeled: &Labeled) -> Result<SliceFigures, MetricsError> {
    let (figure, overall, greater_is_better, differences) = match labeled {
        Labeled::Classes(classes) => {
            let evaluation = ClassEvaluation::new(classes.class_rows()?);
            let overall = value(&evaluation.estimate(Figure::Accuracy));
            let of = |members: &[bool]| slice(Figure::Accuracy, &evaluation, members);
            (Figure::Accuracy.name(), overall, true, members(slices, labeled).map(|members| of(&members)).collect())
        }
        Labeled::Scores(scores) => {
            let rows = scores.score_rows()?;
            let overall = value(&metrics::score_estimate(ScoreFigure::Mae, rows));
            let of = |members: &[bool]| score_slice(ScoreFigure::Mae, rows, members);
            let differences: Vec<SliceDifference> = members(slices, labeled).map(|members| of(&members)).collect();
            (ScoreFigure::Mae.name().to_owned(), overall, false, differences)
        }
    };
    let mut figures: Vec<SliceFigure> =
        slices.iter().zip(differences).filter_map(|(slice, difference)| slice_figure(slice, difference)).collect();
    correct(&mut figures, greater_is_better);
    Ok(SliceFigures { figure, overall, slices: figures })
}

fn value(estimate: &Result<Estimate, Reason>) -> f64 {
    estimate.as_ref().map_or(f64::NAN, |estimate| estimate.value)
}

/// Whether each labeled row is in the slice, slice by slice.
fn members(slices: &[Slice], labeled: &Labeled) -> impl Iterator<Item = Vec<bool>> {
    let rows = labeled.rows();
    slices.iter().map(move |slice| {
        let mut of_slice = slice.rows.iter().map(|&row| row as usize).peekable();
        let is_in = |&row: &usize| {
            while of_slice.next_if(|&other| other < row).is_some() {}
            of_slice.next_if_eq(&row).is_some()
        };
        rows.iter().map(is_in).collect()
    })
}

fn slice_figure(slice: &Slice, found: SliceDifference) -> Option<SliceFigure> {
    let inside = found.inside.as_ref().ok()?;
    Some(SliceFigure {
        group: slice.group.clone(),
        name: slice.name.clone(),
        n: found.n,
        value: inside.value,
        interval: inside.interval().ok(),
        rest: found.outside.as_ref().ok().map(|outside| outside.value),
        p_value: found.difference.as_ref().ok().map(|difference| difference.p_value),
        p_adjusted: None,
        is_worse: false,
        reason: found.difference.err(),
    })
}

/// Corrects the p-values and sorts the worst first.
fn correct(figures: &mut [SliceFigure], greater_is_better: bool) {
    let tested: Vec<usize> = (0..figures.len()).filter(|&index| figures[index].p_value.is_some()).collect();
    let p_values: Vec<f64> = tested.iter().filter_map(|&index| figures[index].p_value).collect();
    for (index, adjusted) in tested.into_iter().zip(holm(&p_values)) {
        let figure = &mut figures[index];
        let is_below =
            figure.rest.is_some_and(|rest| (figure.value < rest) == greater_is_better && figure.value != rest);
        figure.p_adjusted = Some(adjusted);
        figure.is_worse = adjusted < LEVEL && is_below;
    }
    let badness = |figure: &SliceFigure| if greater_is_better { figure.value } else { -figure.value };
    figures.sort_by(|a, b| b.is_worse.cmp(&a.is_worse).then_with(|| badness(a).total_cmp(&badness(b))));
}

#[cfg(test)]
mod tests {
    use run_files::predictions::{Outcomes, Predictions};

    use super::*;

    /// 200 rows; of the last 40 half are wrong, of all others one in ten; one row has no label.
    fn predictions() -> Predictions {
        let is_wrong = |row: usize| if row >= 160 { row.is_multiple_of(2) } else { row.is_multiple_of(10) };
        let labels: Vec<Option<i32>> = (0..200).map(|row| (row != 3).then_some(row % 2)).collect();
        let predicted: Vec<i32> = (0..200).map(|row| ((row + usize::from(is_wrong(row))) % 2) as i32).collect();
        let probabilities = predicted.iter().flat_map(|&class| if class == 0 { [0.75, 0.25] } else { [0.25, 0.75] });
        Predictions {
            label_names: vec!["negative".to_owned(), "positive".to_owned()],
            ids: (0..200).collect(),
            sentence_ids: (0..200).collect(),
            outcomes: Outcomes::Classes {
                labels,
                probabilities: probabilities.collect(),
                predictions: predicted,
                logits: vec![0.0; 400],
            },
        }
    }

    #[test]
    fn what_is_worse_by_more_than_chance_comes_first() {
        let slice = |name: &str, rows: Vec<u32>| Slice { group: "part".to_owned(), name: name.to_owned(), rows };
        let slices = [slice("first", (0..160).collect()), slice("tiny", vec![3]), slice("last", (160..200).collect())];
        let predictions = predictions();
        let found = slice_figures(&slices, &Labeled::of(&predictions).unwrap()).unwrap();
        let names: Vec<(&str, usize, bool)> =
            found.slices.iter().map(|slice| (slice.name.as_str(), slice.n, slice.is_worse)).collect();
        assert_eq!(names, [("last", 40, true), ("first", 159, false)], "a slice without labels has no figure");
        let last = &found.slices[0];
        assert_eq!((last.value, found.overall), (0.5, 163.0 / 199.0));
        assert!(last.p_adjusted.unwrap() < 1e-3 && last.p_adjusted >= last.p_value);
        assert!(found.slices[1].interval.is_some_and(|interval| interval.low < 0.9 && interval.high > 0.9));
    }
}
