"""tests/fixtures/schedules.json: the learning rate of every step, from each of the reference's schedulers.

A case names the scheduler and its arguments as the reference spells them. `learning_rates` has the rate of each step
from 0, and one more: the rate after the last step. For reduce_lr_on_plateau, which does not look at the step, it is
the rate before each of the `metrics`, and after the last.

get_scheduler drops the arguments of `constant`, `constant_with_warmup` and `inverse_sqrt`, so no case has any for them.
"""

import json
import warnings

import torch
from transformers import get_scheduler

LEARNING_RATE = 5e-5

# scheduler, warm-up steps, steps in all, further arguments
STEPPED = [
    ("linear", 0, 8, {}),
    ("linear", 3, 11, {}),
    ("linear", 8, 8, {}),
    ("cosine", 0, 8, {}),
    ("cosine", 3, 11, {}),
    ("cosine", 3, 11, {"num_cycles": 1.25}),
    ("cosine_with_restarts", 0, 8, {}),
    ("cosine_with_restarts", 3, 13, {"num_cycles": 3}),
    ("cosine_with_restarts", 0, 11, {"num_cycles": 1.5}),
    ("polynomial", 0, 8, {}),
    ("polynomial", 3, 11, {}),
    ("polynomial", 3, 11, {"lr_end": 1e-5, "power": 2.0}),
    ("constant", 0, 5, {}),
    ("constant", 3, 5, {}),
    ("constant_with_warmup", 0, 5, {}),
    ("constant_with_warmup", 3, 7, {}),
    ("inverse_sqrt", 0, 8, {}),
    ("inverse_sqrt", 3, 11, {}),
    ("cosine_with_min_lr", 0, 8, {"min_lr": 1e-5}),
    ("cosine_with_min_lr", 3, 11, {"min_lr_rate": 0.1}),
    ("cosine_with_min_lr", 3, 11, {"min_lr_rate": 0.1, "num_cycles": 1.0}),
    ("cosine_warmup_with_min_lr", 0, 8, {"min_lr": 1e-5}),
    ("cosine_warmup_with_min_lr", 3, 11, {"min_lr_rate": 0.1}),
    ("cosine_warmup_with_min_lr", 3, 11, {"min_lr_rate": 0.1, "warmup_lr_rate": 0.2, "num_cycles": 1.0}),
    ("warmup_stable_decay", 0, 8, {"num_decay_steps": 3}),
    ("warmup_stable_decay", 3, 13, {"num_decay_steps": 4}),
    ("warmup_stable_decay", 3, 13, {"num_decay_steps": 4, "num_stable_steps": 2}),
    ("warmup_stable_decay", 4, 13,
     {"num_decay_steps": 5, "warmup_type": "cosine", "decay_type": "linear", "min_lr_ratio": 0.1}),
    ("warmup_stable_decay", 4, 13, {"num_decay_steps": 5, "warmup_type": "1-sqrt", "decay_type": "1-sqrt"}),
    ("warmup_stable_decay", 2, 9, {"num_decay_steps": 12, "decay_type": "linear"}),
    ("warmup_stable_decay", 2, 12, {"num_decay_steps": 8, "num_cycles": 1.5, "min_lr_ratio": 0.25}),
]

# Falls, stands still for longer than any patience below, falls by less and by more than the threshold, rises.
METRICS = [0.9, 0.7, 0.7, 0.69999, 0.71, 0.72, 0.5, 0.5, 0.6, 0.55, 0.52, 0.51, 0.4, 0.39, 0.41] + [0.4] * 13
PLATEAU = [
    {},
    {"patience": 2},
    {"factor": 0.5, "patience": 1, "cooldown": 2, "min_lr": 1e-6},
    {"factor": 0.5, "patience": 0, "threshold": 0.1, "threshold_mode": "abs"},
    {"factor": 0.2, "patience": 1, "mode": "max"},
    {"factor": 0.9, "patience": 0, "eps": 1e-5},
]


def optimizer():
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=LEARNING_RATE)


def stepped(name, warmup_steps, total_steps, kwargs):
    ours = optimizer()
    scheduler = get_scheduler(name, ours, warmup_steps, total_steps, scheduler_specific_kwargs=kwargs)
    rates = [scheduler.get_last_lr()[0]]
    for _ in range(total_steps):
        ours.step()
        scheduler.step()
        rates.append(scheduler.get_last_lr()[0])
    return {"type": name, "kwargs": kwargs, "warmup_steps": warmup_steps, "total_steps": total_steps, "learning_rates": rates}


def plateau(kwargs):
    ours = optimizer()
    scheduler = get_scheduler("reduce_lr_on_plateau", ours, scheduler_specific_kwargs=kwargs)
    rates = [ours.param_groups[0]["lr"]]
    for metric in METRICS:
        scheduler.step(metric)
        rates.append(ours.param_groups[0]["lr"])
    return {"type": "reduce_lr_on_plateau", "kwargs": kwargs, "metrics": METRICS, "learning_rates": rates}


def make(folder):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # two of the cases are unusual on purpose
        cases = [stepped(*case) for case in STEPPED] + [plateau(kwargs) for kwargs in PLATEAU]
    lines = ",\n".join(json.dumps(case) for case in cases)
    (folder / "schedules.json").write_text(f'{{"learning_rate": {LEARNING_RATE}, "cases": [\n{lines}\n]}}\n')
