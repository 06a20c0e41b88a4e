"""metrics.json against scikit-learn on predictions.parquet, to 1e-12."""

import numpy
import pandas
import pytest
from sklearn import metrics


@pytest.mark.parametrize("split", ["validation", "test"])
def test_metrics_are_those_of_scikit_learn(run, split):
    ours = run.metrics(split)
    table = pandas.read_parquet(run.evaluation(split) / "predictions.parquet")
    truth, guess = table.label.to_numpy(), table.prediction.to_numpy()
    shares = numpy.stack(table.probabilities.to_numpy())
    close = lambda a, b: abs(a - b) <= 1e-12

    assert ours["n"] == len(table) == {"validation": 872, "test": 1821}[split]
    assert numpy.array_equal(ours["confusion_matrix"]["counts"], metrics.confusion_matrix(truth, guess))
    assert close(ours["accuracy"], metrics.accuracy_score(truth, guess))
    assert close(ours["mcc"], metrics.matthews_corrcoef(truth, guess))
    assert close(ours["loss"], metrics.log_loss(truth, shares))
    assert close(ours["roc_auc"], metrics.roc_auc_score(truth, shares[:, 1]))
    assert close(ours["pr_auc"], metrics.average_precision_score(truth, shares[:, 1]))
    assert close(ours["brier"], metrics.brier_score_loss(truth, shares[:, 1]))
    assert close(ours["balanced_accuracy"], metrics.balanced_accuracy_score(truth, guess))
    assert close(ours["kappa"], metrics.cohen_kappa_score(truth, guess))
    assert close(ours["quadratic_kappa"], metrics.cohen_kappa_score(truth, guess, weights="quadratic"))
    assert close(ours["mean_absolute_error"], metrics.mean_absolute_error(truth, guess))
    assert close(ours["majority_rate"], numpy.bincount(truth).max() / len(truth))
    assert set(ours["undefined"]) == {"top_2_accuracy", "top_3_accuracy", "top_5_accuracy"}
    assert set(ours["no_interval"]) == {"expected_calibration_error", "majority_rate"}
    for name in ("loss", "brier", "roc_auc", "pr_auc", "mcc", "kappa", "balanced_accuracy"):
        assert ours["intervals"][name]["low"] < ours[name] < ours["intervals"][name]["high"], name
    for average in ("weighted", "macro", "micro"):
        expected = metrics.precision_recall_fscore_support(truth, guess, average=average, zero_division=0)
        for name, value in zip(("precision", "recall", "f1"), expected):
            assert close(ours[average][name], value), (average, name)
    each = zip(*metrics.precision_recall_fscore_support(truth, guess, zero_division=0))
    for of_class, expected in zip(ours["per_class"], each, strict=True):
        for name, value in zip(("precision", "recall", "f1", "support"), expected):
            assert close(of_class[name], value), (of_class["label"], name)
