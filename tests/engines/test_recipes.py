"""The recipes for Slurm and Airflow where neither is installed: which words they give the programs. The real ones are in test_slurm.py and
test_airflow.py."""

import importlib.util
import json
import os
import subprocess
import sys
import types

import pytest
from conftest import TOP

CALIBRATION = "data/runs/own/eval/validation/calibration.json"
# Writes its words down as a line of JSON, and prints what a stage does.
PROGRAM = f"""#!{sys.executable}
import json, os, sys
with open(os.environ["TOLD"], "a") as told:
    print(json.dumps([os.path.basename(sys.argv[0]), *sys.argv[1:]]), file=told)
print(json.dumps({{"state": "done"}}))
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with programs that write down what they are told."""
    (tmp_path / "bin").mkdir()
    for program in ("sst-fetch", "sst-tokenize", "bert-finetune", "bert-eval", "bert-export", "bert-predict", "bert-sweep"):
        (tmp_path / "bin" / program).write_text(PROGRAM)
        (tmp_path / "bin" / program).chmod(0o755)
    monkeypatch.setenv("TOLD", str(tmp_path / "told.txt"))
    return tmp_path


def told(place):
    """The words of each program since the last call."""
    lines = [json.loads(line) for line in (place / "told.txt").read_text().splitlines()]
    (place / "told.txt").unlink()
    return lines


def calibrated(place):
    """By program and split, whether it was given the calibration."""
    found = {}
    for words in told(place):
        split = words[words.index("--split") + 1] if "--split" in words else ""
        given = words[words.index("--calibration") + 1] if "--calibration" in words else None
        if words[0] in ("bert-eval", "bert-export"):
            found[words[0], split] = given
    return found


NOT_GIVEN = {("bert-eval", "validation"): None, ("bert-eval", "test"): None, ("bert-export", ""): None}
GIVEN = NOT_GIVEN | {("bert-eval", "test"): CALIBRATION, ("bert-export", ""): CALIBRATION}


def leave_calibration(place):
    (place / CALIBRATION).parent.mkdir(parents=True)
    (place / CALIBRATION).touch()


def test_slurm_gives_the_calibration_that_is_there(place):
    # An sbatch that runs the script at once, and a number of a job.
    sbatch = '#!/bin/sh\nwhile case $1 in -*) ;; *) false ;; esac; do shift; done\nSLURM_SUBMIT_DIR=. sh "$@" > /dev/null && echo 7\n'
    (place / "bin/sbatch").write_text(sbatch)
    (place / "bin/sbatch").chmod(0o755)
    env = {name: value for name, value in os.environ.items() if not name.startswith("SLURM_")}
    env |= {"PATH": f"{place}/bin:{os.environ['PATH']}", "BIN": f"{place}/bin"}
    command = ["sh", TOP / "pipeline/slurm/submit.sh", "pipeline/profiles/own.toml", "2"]
    for leave, expected in ((lambda _: None, NOT_GIVEN), (leave_calibration, GIVEN)):
        leave(place)
        done = subprocess.run(command, cwd=place, env=env, text=True, capture_output=True)
        assert done.returncode == 0, done.stderr
        assert calibrated(place) == expected


class Task:
    """What a DAG asks of a task, as far as it is written down in fine_tune_bert.py."""

    made = []
    output = None

    def __init__(self, task_id, trigger_rule=None):
        self.task_id = task_id
        self.log = types.SimpleNamespace(info=lambda *_: None, log=lambda *_: None)
        Task.made.append(self)

    @classmethod
    def partial(cls, **kwargs):
        return types.SimpleNamespace(expand=lambda more: cls(**kwargs, more=more))

    def __rshift__(self, other):
        return other

    __rrshift__ = __rshift__


class Dag:
    def __init__(self, **_):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


def test_airflow_gives_the_calibration_that_is_there(place, monkeypatch):
    sdk, exceptions = types.ModuleType("airflow.sdk"), types.ModuleType("airflow.sdk.exceptions")
    sdk.BaseOperator, sdk.DAG, sdk.Param, sdk.TriggerRule = Task, Dag, lambda *_, **__: None, types.SimpleNamespace(ALL_DONE=None)
    sdk.task = lambda function: lambda *_: None
    exceptions.AirflowException = exceptions.AirflowFailException = RuntimeError
    for module in (types.ModuleType("airflow"), sdk, exceptions):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.syspath_prepend(str(TOP / "pipeline/airflow"))
    monkeypatch.delitem(sys.modules, "stage_operator", raising=False)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr(Task, "made", [])
    spec = importlib.util.spec_from_file_location("fine_tune_bert", TOP / "pipeline/airflow/fine_tune_bert.py")
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
    monkeypatch.delitem(sys.modules, "stage_operator")

    def render(value):
        """As Airflow renders a template field."""
        if isinstance(value, (list, tuple)):
            return type(value)(map(render, value))
        return value.replace("{{ params.name }}", "own") if isinstance(value, str) else value

    tasks = [task for task in Task.made if task.task_id in ("eval_validation", "eval_test", "export")]
    assert len(tasks) == 3
    for task in tasks:
        for field in task.template_fields:
            setattr(task, field, render(getattr(task, field)))
        task.programs, task.workplace = str(place / "bin"), str(place)
    for leave, expected in ((lambda _: None, NOT_GIVEN), (leave_calibration, GIVEN)):
        leave(place)
        assert [task.execute({}) for task in tasks] == [{"state": "done"}] * 3
        assert calibrated(place) == expected
