"""Figures and tests of crates/metrics against scikit-learn, SciPy, statsmodels and cleanlab to 1e-12, on random and degenerate rows."""

import json
import subprocess

import cleanlab
import numpy
import pytest
import scipy.optimize
import scipy.special
import scipy.stats
from conftest import BIN
from sklearn import metrics
from sklearn.calibration import calibration_curve
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

CLOSE = 1e-12


def ask(*requests):
    """The answers of the example `figures`, one for each request."""
    text = "".join(json.dumps(request) + "\n" for request in requests)
    done = subprocess.run([BIN / "examples/figures"], input=text, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def rows(seed, n, n_classes, *, absent=(), ties=False, constant=False):
    """Labels, and probabilities that know something of them."""
    rng = numpy.random.default_rng(seed)
    labels = rng.choice([c for c in range(n_classes) if c not in absent], n)
    logits = rng.normal(size=(n, n_classes)) + 1.5 * numpy.eye(n_classes)[labels]
    if ties:
        logits = numpy.round(logits)
    if constant:
        logits = numpy.zeros_like(logits)
    shares = numpy.exp(logits) / numpy.exp(logits).sum(axis=1, keepdims=True)
    return labels, shares.argmax(axis=1), shares


CASES = {
    **{f"random {n_classes} of {n}": (rows(n * n_classes, n, n_classes), n_classes)
       for n_classes in (2, 3, 7) for n in (30, 500)},
    **{f"ties of {n_classes}": (rows(5, 200, n_classes, ties=True), n_classes) for n_classes in (2, 4)},
    **{f"constant of {n_classes}": (rows(6, 50, n_classes, constant=True), n_classes) for n_classes in (2, 3)},
    "a class absent of 2": (rows(7, 40, 2, absent=[1]), 2),
    "a class absent of 4": (rows(8, 60, 4, absent=[2]), 4),
    "one row of 2": (rows(9, 1, 2), 2),
    "one row of 5": (rows(10, 1, 5), 5),
    "surely wrong": ((numpy.array([0, 1, 1]), numpy.array([1, 1, 0]), numpy.array([[0, 1], [0, 1], [1.0, 0]])), 2),
}


def expected(labels, guesses, shares, n_classes):
    """Scikit-learn's figures by our names; those that it does not define are missing."""
    classes = list(range(n_classes))
    counted = metrics.confusion_matrix(labels, guesses, labels=classes)
    onehot = numpy.eye(n_classes)[labels]
    figures = {
        "accuracy": metrics.accuracy_score(labels, guesses),
        "balanced_accuracy": metrics.recall_score(labels, guesses, labels=sorted(set(labels)), average="macro", zero_division=0),
        "loss": metrics.log_loss(labels, shares, labels=classes),
        "majority_rate": max(numpy.bincount(labels)) / len(labels),
        "mean_absolute_error": metrics.mean_absolute_error(labels, guesses),
    }
    if len(set(labels)) > 1:
        figures["balanced_accuracy"] = metrics.balanced_accuracy_score(labels, guesses)
    if n_classes == 2:
        figures["brier"] = metrics.brier_score_loss(labels, shares[:, 1], pos_label=1)
    else:
        figures["brier"] = metrics.brier_score_loss(labels, shares, labels=classes)
    for average in ("weighted", "macro"):
        values = metrics.precision_recall_fscore_support(labels, guesses, average=average, zero_division=0)
        figures.update({f"{name}_{average}": value for name, value in zip(("precision", "recall", "f1"), values)})
    for name, values in zip(("precision", "recall", "f1"),
                            metrics.precision_recall_fscore_support(labels, guesses, labels=classes, zero_division=0)):
        figures.update({f"{name}.{c}": value for c, value in enumerate(values)})
    if len(set(labels)) > 1 and len(set(guesses)) > 1:
        figures["mcc"] = metrics.matthews_corrcoef(labels, guesses)
    if len(set(labels) | set(guesses)) > 1:
        figures["kappa"] = metrics.cohen_kappa_score(labels, guesses)
        figures["quadratic_kappa"] = metrics.cohen_kappa_score(labels, guesses, labels=classes, weights="quadratic")
    if (counted.sum(axis=1) > 0).all():
        if n_classes == 2:
            figures["roc_auc"] = metrics.roc_auc_score(labels, shares[:, 1])
            figures["pr_auc"] = metrics.average_precision_score(labels, shares[:, 1])
        else:
            figures["roc_auc"] = metrics.roc_auc_score(labels, shares, multi_class="ovr")
            figures["pr_auc"] = metrics.average_precision_score(onehot, shares)
    for k in (2, 3, 5):
        if k < n_classes:
            figures[f"top_{k}_accuracy"] = metrics.top_k_accuracy_score(labels, shares, k=k, labels=classes)
    return figures


def request(labels, guesses, shares, n_classes):
    return {"labels": labels.tolist(), "predictions": guesses.tolist(), "probabilities": shares.ravel().tolist(), "n_classes": n_classes}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", CASES)
def test_figures_are_those_of_scikit_learn(case):
    (labels, guesses, shares), n_classes = CASES[case]
    (ours,) = ask(request(labels, guesses, shares, n_classes))
    theirs = expected(labels, guesses, shares, n_classes)
    defined = {name for name, of in ours.items() if of["value"] is not None}
    assert defined - {"expected_calibration_error"} == set(theirs)
    for name, value in theirs.items():
        assert abs(ours[name]["value"] - value) <= CLOSE, (name, ours[name], value)
        interval = ours[name].get("interval")
        assert interval is None or interval["low"] <= ours[name]["value"] <= interval["high"], name
        assert (interval is None) == ("no_interval" in ours[name]), name


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", ["random", "ties", "constant predictions", "constant targets", "two rows", "one row"])
def test_scores_are_those_of_scikit_learn_and_scipy(case):
    rng = numpy.random.default_rng(3)
    targets = rng.uniform(size=300)
    scores = targets + rng.normal(size=300) / 5
    if case == "ties":
        targets, scores = numpy.round(4 * targets), numpy.round(4 * scores)
    if case == "constant predictions":
        scores[:] = 0.1
    if case == "constant targets":
        targets[:] = 0.25
    rows = {"two rows": 2, "one row": 1}.get(case, 300)
    targets, scores = targets[:rows], scores[:rows]
    (ours,) = ask({"targets": targets.tolist(), "scores": scores.tolist()})
    theirs = {"mse": metrics.mean_squared_error(targets, scores), "mae": metrics.mean_absolute_error(targets, scores)}
    if rows > 1:
        theirs["r2"] = metrics.r2_score(targets, scores)
    if rows > 1 and not case.startswith("constant"):
        theirs |= {"pearson": scipy.stats.pearsonr(targets, scores)[0], "spearman": scipy.stats.spearmanr(targets, scores)[0]}
    assert {name for name, of in ours.items() if of["value"] is not None} == set(theirs)
    for name, value in theirs.items():
        assert abs(ours[name]["value"] - value) <= CLOSE, (name, ours[name], value)


def test_the_area_has_delongs_variance():
    """On the logit scale, with Student's t for the degrees of freedom that Satterthwaite gives."""
    labels, guesses, shares = rows(21, 400, 2)
    (ours,) = ask(request(labels, guesses, shares, 2))
    scores = shares[:, 1]
    own, rest = scores[labels == 1], scores[labels == 0]
    above = (own[:, None] > rest[None, :]) + 0.5 * (own[:, None] == rest[None, :])
    area, n = above.mean(), len(labels)
    influence = numpy.zeros(n)
    influence[labels == 1] = (above.mean(axis=1) - area) * n / len(own)
    influence[labels == 0] = (above.mean(axis=0) - area) * n / len(rest)
    kurtosis = scipy.stats.kurtosis(influence, fisher=False)
    error = influence.std(ddof=1) / numpy.sqrt(n) / (area * (1 - area))
    t = scipy.stats.t.ppf(0.975, min(n - 1, 2 * n / (kurtosis - 1)))
    low, high = scipy.special.expit(scipy.special.logit(area) + numpy.array([-t, t]) * error)
    assert abs(ours["roc_auc"]["interval"]["low"] - low) < 1e-10
    assert abs(ours["roc_auc"]["interval"]["high"] - high) < 1e-10


def test_differences_are_those_of_the_figures_and_those_of_the_means_have_the_paired_test_of_student():
    labels, guesses, shares = rows(31, 300, 3)
    _, guesses_2, shares_2 = rows(31, 300, 3, ties=True)
    first = request(labels, guesses, shares, 3)
    second = {"predictions": guesses_2.tolist(), "probabilities": shares_2.ravel().tolist()}
    (differences,) = ask(first | {"second": second})
    for name, value in expected(labels, guesses_2, shares_2, 3).items():
        if "value" in differences[name]:
            assert abs(differences[name]["value"] - (value - expected(labels, guesses, shares, 3)[name])) <= CLOSE, name
    losses = [-numpy.log(of[numpy.arange(300), labels]) for of in (shares, shares_2)]
    paired = losses[1] - losses[0]
    p_value = 2 * scipy.stats.t.sf(abs(paired.mean()) / scipy.stats.sem(paired), len(paired) - 1)
    assert abs(differences["loss"]["p_value"] - p_value) < 0.02
    (itself,) = ask(first | {"second": {"predictions": guesses.tolist(), "probabilities": shares.ravel().tolist()}})
    assert itself["loss"] == {"undefined": "the two say the same of every row"}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("n_classes, n", [(2, 400), (2, 5000), (3, 900), (6, 3000)])
def test_label_issues_are_those_of_cleanlab(n_classes, n):
    labels, guesses, shares = rows(n + n_classes, n, n_classes)
    wrong = numpy.random.default_rng(2).uniform(size=n) < 0.1
    given = numpy.where(wrong, (labels + 1) % n_classes, labels)
    (ours,) = ask(request(given, guesses, shares, n_classes) | {"task": "label_issues"})
    joint = cleanlab.count.compute_confident_joint(given, shares)
    theirs = cleanlab.filter.find_label_issues(given, shares, return_indices_ranked_by="self_confidence", n_jobs=1)
    assert numpy.array_equal(ours["confident_joint"], joint)
    assert [issue["row"] for issue in ours["issues"]] == theirs.tolist()
    assert len(theirs) > 0.03 * n


def test_calibration_and_curves_are_those_of_the_references():
    labels, guesses, shares = rows(41, 400, 2)
    (ours,) = ask(request(labels, guesses, shares, 2) | {"task": "calibration"})
    confidence, right = shares.max(axis=1), guesses == labels
    theirs, mean = calibration_curve(right, confidence, n_bins=15)
    assert numpy.allclose([bin["accuracy"] for bin in ours["reliability"]], theirs, rtol=0, atol=CLOSE)
    assert numpy.allclose([bin["confidence"] for bin in ours["reliability"]], mean, rtol=0, atol=CLOSE)

    logits = numpy.log(shares).astype(numpy.float32).astype(float)
    loss = lambda t: metrics.log_loss(labels, scipy.special.softmax(logits / t, axis=1))
    best = scipy.optimize.minimize_scalar(loss, bounds=(0.01, 100), method="bounded", options={"xatol": 1e-10})
    assert abs(ours["temperature"]["temperature"] - best.x) < 1e-5
    assert abs(ours["temperature"]["loss_before"] - loss(1)) <= CLOSE
    assert abs(ours["temperature"]["loss_after"] - best.fun) <= CLOSE

    points = lambda name: numpy.array([[point["x"], point["y"]] for point in ours[name]["points"]]).T
    *rates, _ = metrics.roc_curve(labels, shares[:, 1])
    assert numpy.allclose(points("roc"), rates, rtol=0, atol=CLOSE)
    precision, recall, _ = metrics.precision_recall_curve(labels, shares[:, 1])
    assert numpy.allclose(points("precision_recall"), [recall[::-1], precision[::-1]], rtol=0, atol=CLOSE)
    assert abs(ours["roc"]["area"] - metrics.roc_auc_score(labels, shares[:, 1])) <= CLOSE


def test_mcnemar_and_holm_are_those_of_statsmodels():
    pairs = [(0, 0), (1, 0), (3, 9), (12, 12), (40, 61), (900, 1013), (20000, 20500)]
    for (b, c), ours in zip(pairs, ask(*({"mcnemar": pair} for pair in pairs))):
        if b + c:
            assert abs(ours["exact"] - mcnemar([[5, b], [c, 5]], exact=True).pvalue) <= 1e-11, (b, c)
            mid = 2 * scipy.stats.binom.cdf(min(b, c), b + c, 0.5) - scipy.stats.binom.pmf(min(b, c), b + c, 0.5)
            assert abs(ours["mid_p"] - min(1, mid)) <= 1e-11, (b, c)
    p_values = numpy.random.default_rng(1).uniform(size=20).round(2).tolist()
    (ours,) = ask({"holm": p_values})
    assert numpy.allclose(ours, multipletests(p_values, method="holm")[1], rtol=0, atol=CLOSE)
