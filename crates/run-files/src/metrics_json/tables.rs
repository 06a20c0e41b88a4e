//! The tables of `metrics.json` in `docs/formats.md`.

use crate::schema::{Field, Table};

const DATASET: Field = Field { name: "dataset", type_name: "string", meaning: "name of the dataset" };
const SPLIT: Field = Field { name: "split", type_name: "string", meaning: "`validation` or `test`" };
const ROWS: Field = Field { name: "rows", type_name: "integer", meaning: "rows predicted" };
const REMARK: Field =
    Field { name: "remark", type_name: "string, optional", meaning: "what has to stand beside the figures" };
const N: Field = Field { name: "n", type_name: "integer", meaning: "rows with a label, which are scored" };
const PRECISION: Field =
    Field { name: "precision", type_name: "number", meaning: "right predictions of a class by all of them" };
const RECALL: Field = Field { name: "recall", type_name: "number", meaning: "found rows of a class by all of them" };
const F1: Field = Field { name: "f1", type_name: "number", meaning: "harmonic mean of the two" };

const UNDEFINED: Field = Field { name: "undefined", type_name: "object", meaning: "why a figure is null, by its name" };
const NO_INTERVAL: Field =
    Field { name: "no_interval", type_name: "object", meaning: "why a figure has no interval, by its name" };
const INTERVAL: &str = "absent where no interval holds";

const fn nullable(name: &'static str, meaning: &'static str) -> Field {
    Field { name, type_name: "number, nullable", meaning }
}

const fn optional(name: &'static str, meaning: &'static str) -> Field {
    Field { name, type_name: "object, optional", meaning }
}

/// The tables of `docs/formats.md`.
pub const TABLES: &[Table] = &[
    Table {
        name: "metrics.classes",
        fields: &[
            DATASET,
            SPLIT,
            ROWS,
            REMARK,
            Field { name: "loss", type_name: "number", meaning: "mean cross-entropy, nats" },
            N,
            Field { name: "accuracy", type_name: "number", meaning: "fraction of right predictions" },
            Field { name: "weighted", type_name: "object", meaning: "averages, weighted by support" },
            Field { name: "macro", type_name: "object", meaning: "plain averages over the classes" },
            Field { name: "micro", type_name: "object", meaning: "all decisions pooled" },
            Field { name: "mcc", type_name: "number", meaning: "Matthews' correlation coefficient" },
            Field { name: "per_class", type_name: "list of objects", meaning: "in the order of the label names" },
            Field { name: "warnings", type_name: "list of strings", meaning: "divisions by zero, in words" },
            Field { name: "roc_auc", type_name: "number, nullable", meaning: "area under the ROC curve" },
            Field { name: "expected_calibration_error", type_name: "number, nullable", meaning: "with 15 bins" },
            Field { name: "intervals", type_name: "object", meaning: "95 % confidence intervals" },
            Field { name: "confusion_matrix", type_name: "object", meaning: "the counts" },
            nullable("balanced_accuracy", "mean recall of the classes that have rows"),
            nullable("kappa", "Cohen's kappa"),
            nullable("quadratic_kappa", "with squared distances, of ordered classes"),
            nullable("mean_absolute_error", "mean distance of class indices, of ordered classes"),
            nullable("brier", "mean squared distance of probability and truth"),
            nullable("pr_auc", "average precision"),
            nullable("top_2_accuracy", "label among the two largest probabilities"),
            nullable("top_3_accuracy", "among the three largest"),
            nullable("top_5_accuracy", "among the five largest"),
            nullable("majority_rate", "share of the most frequent label"),
            UNDEFINED,
            NO_INTERVAL,
        ],
    },
    Table { name: "metrics.averages", fields: &[PRECISION, RECALL, F1] },
    Table {
        name: "metrics.per_class",
        fields: &[
            Field { name: "label", type_name: "string", meaning: "name of the class" },
            PRECISION,
            RECALL,
            F1,
            Field { name: "support", type_name: "integer", meaning: "rows of the class" },
        ],
    },
    Table {
        name: "metrics.intervals",
        fields: &[
            Field { name: "accuracy", type_name: "object", meaning: "Wilson's interval" },
            Field { name: "f1", type_name: "object", meaning: "`weighted` and `macro`, each nullable" },
            optional("precision", "`weighted` and `macro`, each nullable"),
            optional("recall", "`weighted` and `macro`, each nullable"),
            Field {
                name: "per_class",
                type_name: "list of objects, optional",
                meaning: "`label`, and `precision`, `recall`, `f1`, each nullable",
            },
            optional("balanced_accuracy", INTERVAL),
            optional("brier", INTERVAL),
            optional("kappa", INTERVAL),
            optional("loss", INTERVAL),
            optional("mcc", INTERVAL),
            optional("mean_absolute_error", INTERVAL),
            optional("pr_auc", INTERVAL),
            optional("quadratic_kappa", INTERVAL),
            optional("roc_auc", INTERVAL),
            optional("top_2_accuracy", INTERVAL),
            optional("top_3_accuracy", INTERVAL),
            optional("top_5_accuracy", INTERVAL),
        ],
    },
    Table {
        name: "metrics.interval",
        fields: &[
            Field { name: "low", type_name: "number", meaning: "lower bound" },
            Field { name: "high", type_name: "number", meaning: "upper bound" },
        ],
    },
    Table {
        name: "metrics.confusion_matrix",
        fields: &[
            Field { name: "label_names", type_name: "list of strings", meaning: "by class index" },
            Field { name: "counts", type_name: "list of lists of integers", meaning: "by label, then by prediction" },
        ],
    },
    Table {
        name: "metrics.scores",
        fields: &[
            DATASET,
            SPLIT,
            ROWS,
            REMARK,
            Field { name: "loss", type_name: "number", meaning: "mean squared error" },
            N,
            Field { name: "mse", type_name: "number", meaning: "mean squared error" },
            Field { name: "mae", type_name: "number", meaning: "mean absolute error" },
            Field { name: "pearson", type_name: "number, nullable", meaning: "null where one side is constant" },
            Field { name: "spearman", type_name: "number, nullable", meaning: "null where one side is constant" },
            Field { name: "r2", type_name: "number, nullable", meaning: "coefficient of determination" },
            Field { name: "five_class_accuracy", type_name: "number, nullable", meaning: "of scores cut into classes" },
            Field { name: "intervals", type_name: "object", meaning: "95 % confidence intervals by figure" },
            UNDEFINED,
            NO_INTERVAL,
        ],
    },
];
