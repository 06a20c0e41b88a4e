"""Two nodes, as torchrun has them: a connection that breaks in the middle, silently or not, and the run that goes on from there."""

import os
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from nodes import Nodes, reset_connection
from torchrun import TORCHRUN, assert_equal, environment, free_port, has_saved, ranks, wait_until, words

#: Long enough for a machine that does other things, too.
TIMEOUT = 6
#: torchrun notices and ends; a process waits for the store of a machine that is gone.
MORE = 30


@pytest.fixture
def nodes():
    with Nodes() as nodes:
        yield nodes


@pytest.fixture
def command(prepared, small_model, tmp_path):
    return words(prepared, small_model, tmp_path / "train", ddp_timeout=TIMEOUT)


def all_said(runs):
    with ThreadPoolExecutor() as threads:
        return list(threads.map(lambda run: run.communicate(timeout=300)[1], runs))


def finish(runs):
    said = all_said(runs)
    assert [run.returncode for run in runs] == [0, 0], said
    return said


def ends(runs, since):
    said = all_said(runs)
    assert time.monotonic() - since < TIMEOUT + MORE
    assert [run.returncode for run in runs] == [1, 1], said
    return said


def test_two_nodes_give_the_bytes_of_one_process(nodes, command, undisturbed, tmp_path):
    finish(nodes.start(command))
    assert_equal(undisturbed, tmp_path / "train")


def test_a_connection_that_breaks_silently_ends_both_sides_and_nothing_is_damaged(nodes, command, undisturbed, tmp_path):
    runs = nodes.start(command)
    wait_until(lambda: has_saved(tmp_path / "train"), *runs)
    nodes.connect(False)
    first, second = ends(runs, time.monotonic())
    assert f"rank 1 did not answer for {TIMEOUT} s (--ddp-timeout): it hangs, or its machine cannot be reached" in first
    assert f"rank 0 did not answer for {TIMEOUT} s (--ddp-timeout): it hangs, or its machine cannot be reached" in second
    nodes.connect(True)
    said = finish(nodes.start(command))
    assert "continuing at step" in said[0]
    assert_equal(undisturbed, tmp_path / "train")


def test_torchrun_goes_on_once_the_connection_is_back(nodes, command, undisturbed, tmp_path):
    runs = nodes.start(command, "--max-restarts", "5")
    wait_until(lambda: has_saved(tmp_path / "train"), *runs)
    nodes.connect(False)
    time.sleep(TIMEOUT + 4)
    nodes.connect(True)
    said = finish(runs)
    assert "rank 1 did not answer" in said[0] and "continuing at step" in said[0]
    assert_equal(undisturbed, tmp_path / "train")


def test_a_connection_that_is_reset_ends_both_sides(nodes, command, undisturbed, tmp_path):
    runs = nodes.start(command)
    wait_until(lambda: has_saved(tmp_path / "train"), *runs)
    assert reset_connection(ranks(*(run.pid for run in runs))[1], nodes.addresses[0]) > 0
    first, second = ends(runs, time.monotonic())
    assert "rank 1" in first and "rank 0" in second, (first, second)
    finish(nodes.start(command))
    assert_equal(undisturbed, tmp_path / "train")


@pytest.mark.parametrize("victim", [0, 1])
def test_agents_that_meet_by_c10d_start_a_killed_run_again(prepared, small_model, undisturbed, tmp_path, victim):
    """The agent of the other node may see that one waits before its own process has ended: it then counts no restart."""
    command = words(prepared, small_model, tmp_path / "train", ddp_timeout=20)
    meeting = ["--rdzv-backend", "c10d", "--rdzv-endpoint", f"127.0.0.1:{free_port()}", "--rdzv-id", "1", "--max-restarts", "1"]
    agents = [[*TORCHRUN, "--nnodes", "2", "--nproc-per-node", "1", *meeting, "--rdzv-conf", f"is_host={is_host}"] for is_host in (1, 0)]
    start = lambda agent: subprocess.Popen([*agent, "--no-python", *command], stderr=subprocess.PIPE, text=True, env=environment())
    runs = [start(agent) for agent in agents]
    wait_until(lambda: has_saved(tmp_path / "train"), *runs)
    os.kill(ranks(*(run.pid for run in runs))[victim], signal.SIGKILL)
    said = "".join(finish(runs))
    assert "continuing at step" in said
    assert_equal(undisturbed, tmp_path / "train")
