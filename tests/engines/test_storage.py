"""Folders on object storage: a server that speaks S3, with pipeline/storage/push.sh and pull.sh. What they refuse and keep from harm is in
test_storage_refusals.py."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import NAME, PROFILE, TOP, Workplace
from slurm_node import free_ports

RCLONE = TOP / ".cache/rclone/usr/bin"
REMOTE = f"s3:bert/runs/{NAME}"


@pytest.fixture(scope="module")
def storage(tmp_path_factory):
    """The environment in which `s3:` is a server on this machine."""
    if not (RCLONE / "rclone").exists() and not shutil.which("rclone"):
        pytest.skip("no rclone: `sh pipeline/setup/debian.sh rclone rclone` brings it on Debian")
    port = free_ports(1)[0]
    log = open(tmp_path_factory.mktemp("storage") / "server.log", "w")
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", str(port)], stdout=log, stderr=subprocess.STDOUT
    )
    # Without settings for another storage that the machine may have.
    env = dict(
        {name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        PATH=f"{RCLONE}:{os.environ['PATH']}",
        RCLONE_CONFIG="/dev/null",
        RCLONE_CONFIG_S3_TYPE="s3",
        RCLONE_CONFIG_S3_PROVIDER="Other",
        RCLONE_CONFIG_S3_ENDPOINT=f"http://127.0.0.1:{port}",
        RCLONE_CONFIG_S3_ACCESS_KEY_ID="test",
        RCLONE_CONFIG_S3_SECRET_ACCESS_KEY="test",
        RCLONE_RETRIES="1",
        RCLONE_LOW_LEVEL_RETRIES="1",
        NO_PROXY="127.0.0.1",
        no_proxy="127.0.0.1",
    )
    for _ in range(100):
        if subprocess.run(["rclone", "mkdir", "s3:bert"], env=env, capture_output=True).returncode == 0:
            break
        time.sleep(0.3)
    else:
        raise AssertionError(Path(log.name).read_text())
    yield env
    server.terminate()
    server.wait()


def script(env, name, *words, code=0):
    command = ["sh", TOP / "pipeline/storage" / name, *map(str, words)]
    done = subprocess.run(command, env=env, text=True, capture_output=True)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stderr


def rclone(env, *words):
    return subprocess.run(["rclone", *map(str, words)], env=env, text=True, capture_output=True, check=True).stdout


def test_folders_come_back_as_they_were(one_machine, workplace, storage):
    folders = ["sweep", "train", "eval/validation", "export", "answers"]
    for folder in folders:
        script(storage, "push.sh", one_machine.run_folder / folder, f"{REMOTE}/{folder}")
        script(storage, "pull.sh", f"{REMOTE}/{folder}", workplace.run_folder / folder)
    assert workplace.outputs() == {name: sha for name, sha in one_machine.outputs().items() if name.startswith(tuple(folders))}
    assert (workplace.run_folder / "sweep/best").is_symlink()
    assert (workplace.run_folder / "train/.lock").read_text().split(" ", 1)[1] == "bert-finetune"
    assert "is fresh" in script(storage, "push.sh", one_machine.run_folder / "train", f"{REMOTE}/train")
    assert "is fresh" in script(storage, "pull.sh", f"{REMOTE}/train", workplace.run_folder / "train")
    # The next stage takes what came, and finds what it made of it before.
    workplace.copy_data(one_machine, "raw", "models", "tokens")
    run = f"data/runs/{NAME}"
    words = ["--profile", PROFILE, "--run", f"{run}/train", "--tokens", f"data/tokens/{NAME}"]
    told = workplace.run("bert-eval", *words, "--raw", f"data/raw/{NAME}", "--split", "validation", "--out", f"{run}/eval/validation", "--json-summary")  # fmt: skip
    assert told["state"] == "fresh"


def test_no_folder_is_finished_before_all_of_it_is_there(one_machine, workplace, storage, tmp_path):
    source, remote, here = tmp_path / "source", f"{REMOTE}/again", workplace.folder / "again"
    shutil.copytree(one_machine.run_folder / "train", source)
    # A client that dies at its first large file has pushed no manifest.
    failing = tmp_path / "bin"
    failing.mkdir()
    (failing / "rclone").write_text(f'#!/bin/sh\ncase "$1" in check) exit 1 ;; esac\nexec {shutil.which("rclone", path=storage["PATH"])} "$@"\n')
    (failing / "rclone").chmod(0o755)
    script(dict(storage, PATH=f"{failing}:{storage['PATH']}"), "push.sh", source, remote, code=1)
    assert "manifest.json" not in rclone(storage, "lsf", remote).splitlines()
    assert "unfinished" in script(storage, "pull.sh", remote, here)
    assert not (here / "manifest.json").exists()

    script(storage, "push.sh", source, remote)
    script(storage, "pull.sh", remote, here)
    assert (here / "manifest.json").read_bytes() == (source / "manifest.json").read_bytes()

    # Another result takes its place: what the old one listed and the new one has not is gone.
    (source / "more.txt").write_text("unlisted")
    (source / "manifest.json").unlink()
    script(storage, "push.sh", source, remote)
    assert "manifest.json" not in rclone(storage, "lsf", remote).splitlines()


def test_an_unfinished_training_is_continued_elsewhere(one_machine, workplace, storage, tmp_path):
    here, there = workplace, Workplace(tmp_path / "there")
    train = ["--profile", PROFILE, "--tokens", f"data/tokens/{NAME}", "--model", f"data/models/{NAME}", "--out", f"data/runs/{NAME}/train"]
    for place in (here, there):
        place.copy_data(one_machine, "raw", "models", "tokens")
    assert here.run("bert-finetune", *train, "--stop-at-step", 30, "--json-summary")["state"] == "unfinished"
    script(storage, "push.sh", here.run_folder / "train", f"{REMOTE}/paused")
    script(storage, "pull.sh", f"{REMOTE}/paused", there.run_folder / "train")
    log = (there.run_folder / "train/log.jsonl").read_text()
    there.run("bert-finetune", *train)
    assert (there.run_folder / "train/log.jsonl").read_text().startswith(log), "it went on, and did not begin anew"
    assert there.outputs() == {name: sha for name, sha in one_machine.outputs().items() if name.startswith("train/")}


def test_a_byte_that_was_changed_there_is_told(one_machine, workplace, storage, tmp_path):
    remote, here = f"{REMOTE}/changed", workplace.folder / "changed"
    script(storage, "push.sh", one_machine.run_folder / "train", remote)
    config = (one_machine.run_folder / "train/config.json").read_bytes()
    (tmp_path / "config.json").write_bytes(config.replace(b"B", b"C", 1))
    rclone(storage, "copyto", tmp_path / "config.json", f"{remote}/config.json")
    told = script(storage, "pull.sh", remote, here, code=1)
    assert "config.json: FAILED" in told and "pull it again" in told, told
    assert not (here / "manifest.json").exists()


def test_nothing_is_changed_where_the_bucket_is_another_or_the_server_does_not_answer(one_machine, storage, tmp_path):
    remote, here = f"{REMOTE}/kept", tmp_path / "here"
    script(storage, "push.sh", one_machine.run_folder / "eval/test", remote)
    script(storage, "pull.sh", remote, here)
    here.joinpath("roc.csv").unlink(missing_ok=True)
    names = sorted(path.name for path in here.iterdir())
    for wrong in (f"{REMOTE}/nothing", "s3:no-bucket/kept"):
        assert f"nothing lies at {wrong}" in script(storage, "pull.sh", wrong, here, code=2)
    away = dict(storage, RCLONE_CONFIG_S3_ENDPOINT=f"http://127.0.0.1:{free_ports(1)[0]}")
    assert "nothing was changed" in script(away, "pull.sh", remote, here, code=1)
    assert sorted(path.name for path in here.iterdir()) == names
    assert "nothing was changed" in script(away, "push.sh", one_machine.run_folder / "eval/test", remote, code=1)
    assert "there is no folder" in script(storage, "push.sh", tmp_path / "nothing", remote, code=2)
    assert "manifest.json" in rclone(storage, "lsf", remote).splitlines()
    script(storage, "pull.sh", remote, here)
    assert "is fresh" in script(storage, "pull.sh", remote, here)
