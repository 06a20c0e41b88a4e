"""tests/fixtures/optimizers.json: a matrix and a vector under some steps of PyTorch's and the reference's optimizers.

`start` and `gradients` are common to all cases. A case names the optimizer, its arguments as the reference spells them
(its defaults where there is none), and what the parameters are after each step. `weight_decay` is the matrix's; the vector
has none, as biases have none. The rate of each step is its own, so that a momentum which is scaled at the wrong place shows.
"""

import json

import numpy
import torch
from transformers import Adafactor

N_ROWS, N_COLUMNS, N_STEPS = 4, 6, 8
LEARNING_RATES = [0.02, 0.04, 0.05, 0.04, 0.03, 0.02, 0.01, 0.005]

# As Trainer builds it, where the learning rate is given.
ADAFACTOR = {"scale_parameter": False, "relative_step": False}
CASES = [
    ("adamw", torch.optim.AdamW, {"weight_decay": 0.0}),
    ("adamw", torch.optim.AdamW, {"betas": [0.8, 0.95], "eps": 1e-4, "weight_decay": 0.1}),
    ("adam", torch.optim.Adam, {"weight_decay": 0.0}),
    ("adam", torch.optim.Adam, {"betas": [0.8, 0.95], "eps": 1e-4, "weight_decay": 0.1}),
    ("sgd", torch.optim.SGD, {"momentum": 0.0, "weight_decay": 0.0}),
    ("sgd", torch.optim.SGD, {"momentum": 0.9, "weight_decay": 0.0}),
    ("sgd", torch.optim.SGD, {"momentum": 0.9, "weight_decay": 0.1}),
    ("adafactor", Adafactor, {**ADAFACTOR, "weight_decay": 0.0}),
    ("adafactor", Adafactor, {**ADAFACTOR, "weight_decay": 0.1}),
]


def number(*places):
    """A sixteenth of a small integer, exact in float32, without a pattern along any axis."""
    mixed = 0
    for place in places:
        mixed = (mixed * 31 + place * 17 + 5) % 61
    return (mixed - 30) / 16


def start():
    matrix = [[number(row, column) for column in range(N_COLUMNS)] for row in range(N_ROWS)]
    return {"matrix": matrix, "vector": [number(9, column) for column in range(N_COLUMNS)]}


def gradients():
    """The second row has no gradient in every other step, as a word that does not occur."""
    steps = []
    for step in range(N_STEPS):
        rows = [[number(step, row, column) / 4 for column in range(N_COLUMNS)] for row in range(N_ROWS)]
        if step % 2 == 0:
            rows[1] = [0.0] * N_COLUMNS
        steps.append({"matrix": rows, "vector": [number(step, 9, column) / 4 for column in range(N_COLUMNS)]})
    return steps


def floats(tensor):
    """The shortest decimals that mean the same float32 numbers."""
    return [float(str(row)) if row.ndim == 0 else floats(row) for row in numpy.asarray(tensor)]


def case(name, optimizer, kwargs):
    parameters = {key: torch.nn.Parameter(torch.tensor(value)) for key, value in start().items()}
    groups = [{"params": [parameters["matrix"]]}, {"params": [parameters["vector"]], "weight_decay": 0.0}]
    running = optimizer(groups, lr=LEARNING_RATES[0], **kwargs)
    after = []
    for rate, gradient in zip(LEARNING_RATES, gradients(), strict=True):
        for group in running.param_groups:
            group["lr"] = rate
        for key, parameter in parameters.items():
            parameter.grad = torch.tensor(gradient[key])
        running.step()
        after.append({key: floats(parameter.detach()) for key, parameter in parameters.items()})
    return {"optimizer": name, "kwargs": kwargs, "after": after}


def make(folder):
    lines = ",\n".join(json.dumps(case(*each)) for each in CASES)
    head = {"learning_rates": LEARNING_RATES, "start": start(), "gradients": gradients()}
    head = ",\n".join(f'"{key}": {json.dumps(value)}' for key, value in head.items())
    (folder / "optimizers.json").write_text(f'{{{head},\n"cases": [\n{lines}\n]}}\n')
