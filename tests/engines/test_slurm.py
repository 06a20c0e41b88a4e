"""The scripts of pipeline/slurm on a Slurm of one machine: submitted, killed, put back into the queue, with an equal result."""

import os
import signal
import subprocess
import time

import pytest
from conftest import NAME, PROFILE, PROGRAMS, ROWS_PER_PART, TOP, assert_same, parent, trainings
from slurm_node import SlurmNode, free_ports

PACKAGES = (TOP / ".cache/slurm").resolve()


TORCH = TOP / ".cache/reference/bin"


def cluster(folder, n_nodes):
    if not (PACKAGES / "usr/sbin/slurmd-wlm").exists():
        pytest.skip("no Slurm: `just test-engines` unpacks it on Debian")
    if os.geteuid() != 0:
        pytest.skip("the daemons of this Slurm run as root")
    return SlurmNode(PACKAGES, folder, n_nodes)


@pytest.fixture
def slurm(tmp_path):
    with cluster(tmp_path / "slurm", 1) as node:
        yield node


@pytest.fixture
def slurm_of_two_nodes(tmp_path):
    if not (TORCH / "torchrun").exists():
        pytest.skip("no torchrun: `sh pipeline/setup/environment.sh reference` brings it")
    with cluster(tmp_path / "slurm", 2) as nodes:
        nodes.env["PATH"] = f"{TORCH}:{nodes.env['PATH']}"
        yield nodes


def test_arrays_make_what_one_machine_makes_with_tasks_that_are_killed(slurm, one_machine, workplace):
    env = dict(slurm.env, BIN=str(PROGRAMS), ROWS_PER_PART=ROWS_PER_PART)
    submit = subprocess.run(
        ["sh", "pipeline/slurm/submit.sh", PROFILE, "2"], cwd=workplace.folder, env=env, text=True, capture_output=True
    )
    assert submit.returncode == 0, submit.stderr
    table, answers = submit.stdout.split()
    # A trial is killed, as if the node had no memory left; the training is told to save, as before a time limit.
    left = [("sweep/trials", signal.SIGKILL), (f"{NAME}/train", signal.SIGTERM)]
    ended = {"COMPLETED", "FAILED"}
    while left and not all(task["JobState"] in ended for task in slurm.job(answers)):
        for process in trainings(workplace, left[0][0]):
            time.sleep(0.5)
            try:
                os.kill(process, left[0][1])
                left.pop(0)
                break
            except ProcessLookupError:
                pass
        time.sleep(0.05)
    assert not left
    assert {task["JobState"] for task in slurm.wait_for(table) + slurm.wait_for(answers)} == {"COMPLETED"}
    logs = "\n".join(log.read_text() for log in workplace.folder.glob("slurm-*.log"))
    assert logs.count("run.sh: exit code") == 2 and "restart 1 of 3" in logs, logs
    assert_same(one_machine, workplace)


def test_what_would_only_come_again_is_not_put_back(slurm, workplace):
    script = [TOP / "pipeline/slurm/stage.sbatch", PROGRAMS / "sst-tokenize", "--raw", "nowhere", "--model", "nowhere", "--out", "tokens"]
    job = slurm.run("sbatch", "--parsable", *script, cwd=workplace.folder).strip()
    [ended] = slurm.wait_for(job)
    assert (ended["JobState"], ended["ExitCode"], ended["Restarts"]) == ("FAILED", "2:0", "0"), ended


def test_a_signal_before_the_time_limit_saves_and_a_requeue_goes_on(slurm, one_machine, workplace):
    workplace.copy_data(one_machine, "raw", "models", "tokens")
    words = ["--profile", PROFILE, "--tokens", f"data/tokens/{NAME}", "--model", f"data/models/{NAME}"]
    script = [TOP / "pipeline/slurm/stage.sbatch", PROGRAMS / "bert-finetune", *words, "--out", f"data/runs/{NAME}/train"]
    job = slurm.run("sbatch", "--parsable", *script, cwd=workplace.folder).strip()
    slurm.wait_until("a training", lambda: trainings(workplace, f"{NAME}/train"), 120)
    time.sleep(1)
    slurm.run("scancel", "--signal=TERM", "--batch", job)
    [ended] = slurm.wait_for(job)
    assert (ended["JobState"], ended["Restarts"]) == ("COMPLETED", "1"), ended
    assert "exit code 143, restart 1 of 3" in next(workplace.folder.glob("slurm-*.log")).read_text()
    expected = {name: sha for name, sha in one_machine.outputs().items() if name.startswith("train/")}
    assert workplace.outputs() == expected


def test_a_training_over_two_nodes_goes_on_after_a_requeue(slurm_of_two_nodes, one_machine, workplace):
    slurm = slurm_of_two_nodes
    workplace.copy_data(one_machine, "raw", "models", "tokens")
    run = f"data/runs/{NAME}"
    words = ["--profile", PROFILE, "--tokens", f"data/tokens/{NAME}", "--model", f"data/models/{NAME}", "--threads", "1"]
    words += ["--per-device-train-batch-size", "2", "--save-strategy", "steps", "--save-steps", "4", "--max-steps", "16"]
    workplace.run("bert-finetune", *words, "--gradient-accumulation-steps", "2", "--out", f"{run}/alone")

    env = dict(slurm.env, BIN=str(PROGRAMS), PORT=str(free_ports(1)[0]))
    script = [TOP / "pipeline/slurm/torchrun.sbatch", *words, "--out", f"{run}/train"]
    submit = lambda script: slurm.run("sbatch", "--parsable", *script, cwd=workplace.folder, env=env).strip()
    job = submit(script)
    saved = lambda: any((workplace.run_folder / "train/checkpoints").glob("step-*/manifest.json"))
    slurm.wait_until("a checkpoint", saved, 120)
    # A node's torchrun and its process are killed, as if the node had no memory left.
    process = trainings(workplace, f"{NAME}/train")[0]
    for victim in (parent(process), process):
        os.kill(victim, signal.SIGKILL)
    [ended] = slurm.wait_for(job)
    log = (workplace.folder / f"slurm-bert-finetune-{job}.log").read_text()
    assert (ended["JobState"], ended["Restarts"], ended["NumNodes"]) == ("COMPLETED", "1", "2"), log
    assert "2 processes x 1 micro-batches x 2 sentences: 4 in a step" in log and "continuing at step" in log, log
    outputs = workplace.outputs()
    of = lambda folder: {name.removeprefix(folder): sha for name, sha in outputs.items() if name.startswith(folder)}
    assert of("train/") == of("alone/") != {}

    # What would only come again is not tried again.
    job = submit([TOP / "pipeline/slurm/torchrun.sbatch", *words, "--seed", "1", "--warmup-ratio", "2", "--out", f"{run}/wrong"])
    [ended] = slurm.wait_for(job)
    assert (ended["JobState"], ended["ExitCode"], ended["Restarts"]) == ("FAILED", "2:0", "0"), ended
