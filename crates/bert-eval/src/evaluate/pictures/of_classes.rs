//! Pictures of a classifier: confusion matrix, the figures of each class.

use figures::{ClassBar, ClassBars, Confusion, class_bars, confusion_matrix};
use run_files::metrics_json::{ClassIntervals, ClassMetrics};

use super::{Picture, estimate, subtitle};

/// What can be drawn of the figures alone.
pub(crate) fn class_pictures(metrics: &ClassMetrics) -> Vec<Picture> {
    vec![confusion(metrics), classes(metrics)]
}

fn confusion(metrics: &ClassMetrics) -> Picture {
    let figures = &metrics.classification;
    let accuracy =
        format!("n = {} · accuracy {:.1} % · F1 {:.3}", figures.n, 100.0 * figures.accuracy, figures.weighted.f1);
    let matrix = &metrics.confusion_matrix;
    let chart = Confusion {
        title: "Confusion matrix",
        subtitle: &subtitle(&metrics.evaluated, &accuracy),
        label_names: &matrix.label_names,
        counts: &matrix.counts,
    };
    // With so many classes their names cannot be read beside the cells.
    let is_list = matrix.label_names.len() > figures::MAX_WITH_NAMES;
    Picture {
        name: "confusion_matrix",
        title: "Confusion matrix",
        caption: if is_list {
            "The classes that are most often taken for others, and a map of all of them: a row for each true label, a column \
             for each predicted one, the darker the larger its share of the row."
        } else {
            "A row for each true label, a column for each predicted one; colors are shares of the row, so that the diagonal \
             shows recall."
        },
        svg: confusion_matrix(&chart),
    }
}

fn classes(metrics: &ClassMetrics) -> Picture {
    let intervals = &metrics.intervals.per_class;
    let counts = &metrics.confusion_matrix.counts;
    let predicted: Vec<u64> = (0..counts.len()).map(|class| counts.iter().map(|row| row[class]).sum()).collect();
    // What is divided by nothing is 0 in the figures, and no bar here.
    let defined = |value: f64, divisor: u64| if divisor == 0 { f64::NAN } else { value };
    let bar = |(index, class): (usize, &metrics::PerClass)| {
        let interval = |of: fn(&ClassIntervals) -> Option<&metrics::Interval>| intervals.get(index).and_then(of);
        ClassBar {
            name: metrics.confusion_matrix.label_names.get(index).map_or("", String::as_str),
            n: class.support,
            precision: estimate(defined(class.precision, predicted[index]), interval(|it| it.precision.as_ref())),
            recall: estimate(defined(class.recall, class.support), interval(|it| it.recall.as_ref())),
            f1: estimate(defined(class.f1, class.support + predicted[index]), interval(|it| it.f1.as_ref())),
        }
    };
    let bars: Vec<ClassBar> = metrics.classification.per_class.iter().enumerate().map(bar).collect();
    let n = format!("n = {}", metrics.classification.n);
    let chart = ClassBars { title: "Classes", subtitle: &subtitle(&metrics.evaluated, &n), classes: &bars };
    Picture {
        name: "classes",
        title: "Classes",
        caption: "Precision, recall and F1 of each class, with 95 % intervals where it has rows and predictions enough; – where it has none.",
        svg: class_bars(&chart),
    }
}
