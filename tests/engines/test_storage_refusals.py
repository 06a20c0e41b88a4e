"""What pipeline/storage/push.sh and pull.sh refuse, and what an error costs: nothing. The remote is a folder of this machine."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess

import pytest
from conftest import TOP
from test_storage import RCLONE, script

FILES = {"a.parquet": b"first", "hf/config.json": b"{}"}


@pytest.fixture
def env(tmp_path):
    """Another folder is the current one, so that relative paths are tried, and there is no remote in the settings of rclone."""
    if not (RCLONE / "rclone").exists() and not shutil.which("rclone"):
        pytest.skip("no rclone: `sh pipeline/setup/debian.sh rclone rclone` brings it on Debian")
    return dict(os.environ, PATH=f"{RCLONE}:{os.environ['PATH']}", RCLONE_CONFIG="/dev/null")


def make(folder, stage="bert-export", files=FILES, finished=True):
    """A folder as a stage leaves it."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (folder / ".lock").write_text(f"17 {stage}")
    if finished:
        outputs = {name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()} for name, content in files.items()}
        manifest = {"schema": 1, "stage": stage, "version": 1, "key": "0", "plan": {}, "inputs": {}, "outputs": outputs}
        (folder / "manifest.json").write_text(json.dumps(manifest | {"recorded": {"paths": {}}, "seal": "0"}, indent=2) + "\n")
    return folder


def state(folder):
    """All files that lie in a folder, but for its lock."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != ".lock"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def failing(env, tmp_path, case):
    """An environment in which rclone fails for arguments that a pattern of the shell matches."""
    folder = tmp_path / "failing"
    folder.mkdir(exist_ok=True)
    real = shutil.which("rclone", path=env["PATH"])
    (folder / "rclone").write_text(f'#!/bin/sh\ncase "$*" in {case}) echo "no route to host" >&2; exit 1 ;; esac\nexec {real} "$@"\n')
    (folder / "rclone").chmod(0o755)
    return dict(env, PATH=f"{folder}:{env['PATH']}")


def test_a_pull_of_nothing_keeps_the_folder(env, tmp_path):
    here, remote = make(tmp_path / "here"), tmp_path / "remote"
    before = state(here)
    told = script(env, "pull.sh", remote, here, code=2)
    assert "nothing lies at" in told and "is as it was" in told, told
    remote.mkdir()
    assert "nothing lies at" in script(env, "pull.sh", remote, here, code=2)
    # A push that died, or a stage that has just begun: a lock and no work.
    (remote / ".lock").write_text("0 bert-export")
    assert "nothing of bert-export yet" in script(env, "pull.sh", remote, here, code=2)
    # A folder of stages' folders is none, and neither are files that no stage wrote.
    make(remote / "inner")
    (remote / ".lock").unlink()
    assert "is no folder of a stage" in script(env, "pull.sh", remote, here, code=2)
    (remote / "manifest.json").write_text('{"name": "a web page"}')
    assert "is no folder of a stage" in script(env, "pull.sh", remote, here, code=2)
    assert state(here) == before
    assert "nothing lies at" in script(env, "pull.sh", tmp_path / "nowhere", tmp_path / "new", code=2)
    assert not (tmp_path / "new").exists()


def test_a_pull_replaces_the_work_of_the_same_stage_only(env, tmp_path):
    remote = make(tmp_path / "remote", files={"a.parquet": b"second"})
    own = tmp_path / "own"
    (own / "thesis").mkdir(parents=True)
    (own / "thesis/text").write_text("mine")
    assert "files that no stage wrote (thesis)" in script(env, "pull.sh", remote, own, code=2)
    assert (own / "thesis/text").read_text() == "mine" and list(own.iterdir()) == [own / "thesis"]
    for finished in (True, False):
        other = make(tmp_path / f"other-{finished}", stage="bert-eval", finished=finished)
        before = state(other)
        told = script(env, "pull.sh", remote, other, code=2)
        assert "holds the work of bert-eval" in told and "that of bert-export" in told, told
        assert state(other) == before
    (tmp_path / "file").write_text("mine")
    assert "not a folder" in script(env, "pull.sh", remote, tmp_path / "file", code=2)

    empty, half = tmp_path / "empty", make(tmp_path / "half", finished=False)
    empty.mkdir()
    (empty / ".gitkeep").touch()
    (empty / "lost+found").mkdir()
    for folder in (tmp_path / "new", empty, half, make(tmp_path / "whole")):
        script(env, "pull.sh", remote, folder)
        assert state(folder).keys() - {".gitkeep"} == {"a.parquet", "manifest.json"}
        assert (folder / "a.parquet").read_bytes() == b"second"
        assert (folder / ".lock").read_text().endswith(" bert-export")
    assert (empty / "lost+found").is_dir()


def test_a_push_needs_a_folder_of_a_stage(env, tmp_path):
    remote = make(tmp_path / "remote")
    before = state(remote)
    empty, own, begun, parent = (tmp_path / name for name in ("empty", "own", "begun", "parent"))
    for folder in (empty, own, begun):
        folder.mkdir()
    (own / "thesis").write_text("mine")
    (begun / ".lock").write_text("17 bert-export")
    make(parent / "inner")
    assert "there is no folder" in script(env, "push.sh", tmp_path / "nowhere", remote, code=2)
    for folder in (empty, own, parent):
        assert "is no folder of a stage" in script(env, "push.sh", folder, remote, code=2)
        assert not (folder / ".lock").exists()
    assert "nothing of bert-export yet" in script(env, "push.sh", begun, remote, code=2)
    assert state(remote) == before


def test_a_push_replaces_the_work_of_the_same_stage_only(env, tmp_path):
    source = make(tmp_path / "source", files={"a.parquet": b"second"})
    other = make(tmp_path / "other", stage="bert-eval")
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "thesis").write_text("mine")
    for remote, expected in ((other, "holds the work of bert-eval"), (foreign, "files that no stage wrote (thesis)")):
        before = state(remote)
        assert expected in script(env, "push.sh", source, remote, code=2)
        assert state(remote) == before
    for remote in (tmp_path / "new", make(tmp_path / "older"), make(tmp_path / "half", finished=False)):
        script(env, "push.sh", source, remote)
        assert state(remote) == state(source)


def test_an_error_of_the_other_side_is_not_taken_for_an_empty_one(env, tmp_path):
    here, remote = make(tmp_path / "here"), make(tmp_path / "remote", files={"a.parquet": b"second"})
    before = state(here), state(remote)
    for case in ("lsf*remote*", "cat*manifest.json"):
        away = failing(env, tmp_path, case)
        for name, words in (("pull.sh", (remote, here)), ("push.sh", (here, remote))):
            told = script(away, name, *words, code=1)
            assert "no route to host" in told and "nothing was changed" in told, told
            assert (state(here), state(remote)) == before, (case, name)
    assert "nothing was changed" in script(env, "pull.sh", "unset:bucket/path", here, code=1)
    assert "nothing was changed" in script(env, "push.sh", here, "unset:bucket/path", code=1)
    assert (state(here), state(remote)) == before
    # What fails later leaves an unfinished folder, from which the same command goes on.
    for name, source, target in (("pull.sh", remote, here), ("push.sh", here, remote)):
        words = (source, target)
        (target / "a.parquet").write_bytes(b"third")
        (target / "manifest.json").unlink()
        told = script(failing(env, tmp_path, "sync*"), name, *words, code=1)
        assert "unfinished" in told and not (target / "manifest.json").exists(), told
        script(env, name, *words)
        assert state(here) == state(remote)


def test_a_folder_in_use_is_left_alone(env, tmp_path):
    here, remote = make(tmp_path / "here", finished=False), make(tmp_path / "remote")
    if not shutil.which("flock"):
        pytest.skip("no flock")
    before = state(here)
    with open(here / ".lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "is in use (process 17)" in script(env, "pull.sh", remote, here, code=4)
        assert "is in use (process 17)" in script(env, "push.sh", here, tmp_path / "new", code=4)
        assert state(here) == before and not (tmp_path / "new").exists()
        fcntl.flock(lock, fcntl.LOCK_SH)
        assert "is in use" in script(env, "pull.sh", remote, here, code=4)
        script(env, "push.sh", here, tmp_path / "new")
        assert state(here) == state(tmp_path / "new") == before
        fcntl.flock(lock, fcntl.LOCK_UN)
        # The file that others have open stays the one that is locked.
        script(env, "pull.sh", remote, here)
        assert os.fstat(lock.fileno()).st_ino == (here / ".lock").stat().st_ino
        assert (here / ".lock").read_text().endswith(" bert-export")
    # While files move, the folder is held.
    real = shutil.which("rclone", path=env["PATH"])
    (tmp_path / "slow").mkdir()
    others = f'for kind in -s -x; do flock -n $kind "{here}/.lock" true && echo "$kind" >> "{tmp_path}/taken"; done'
    (tmp_path / "slow/rclone").write_text(f'#!/bin/sh\n[ "$1" != sync ] || {others}\nexec {real} "$@"\n')
    (tmp_path / "slow/rclone").chmod(0o755)
    slow = dict(env, PATH=f"{tmp_path}/slow:{env['PATH']}")
    (here / "a.parquet").unlink()
    script(slow, "pull.sh", remote, here)
    assert not (tmp_path / "taken").exists()
    script(slow, "push.sh", here, tmp_path / "newer")
    assert (tmp_path / "taken").read_text() == "-s\n"
    # A link could lead to anybody's file.
    (here / "manifest.json").unlink()
    (here / ".lock").unlink()
    (tmp_path / "mine").write_text("17 bert-export")
    (here / ".lock").symlink_to(tmp_path / "mine")
    assert ".lock is a link" in script(env, "pull.sh", remote, here, code=2)
    assert (tmp_path / "mine").read_text() == "17 bert-export"


def test_only_a_whole_folder_is_fresh(env, tmp_path):
    source, remote, here = make(tmp_path / "source"), tmp_path / "remote", tmp_path / "here"
    script(env, "push.sh", source, remote)
    script(env, "pull.sh", remote, here)
    assert "is fresh" in script(env, "push.sh", source, remote) and "is fresh" in script(env, "pull.sh", remote, here)
    for damage in (lambda path: path.unlink(), lambda path: path.write_bytes(b"{")):
        damage(here / "hf/config.json")
        assert "lacks hf/config.json with its 2 bytes" in script(env, "pull.sh", remote, here)
        damage(remote / "hf/config.json")
        # Neither takes the other's harm over.
        assert "remote is not whole: it lacks hf/config.json" in script(env, "pull.sh", remote, tmp_path / "new", code=2)
        assert not (tmp_path / "new").exists()
        assert "lacks hf/config.json with its 2 bytes" in script(env, "push.sh", source, remote)
        assert state(source) == state(remote) == state(here)
        damage(source / "hf/config.json")
        before = state(remote)
        assert "source is not whole: it lacks hf/config.json" in script(env, "push.sh", source, remote, code=2)
        assert state(remote) == before
        assert "lacks hf/config.json" in script(env, "pull.sh", remote, source)


def test_names_are_what_they_are(env, tmp_path):
    source = make(tmp_path / "-a folder: it's")
    words = {"cwd": tmp_path, "env": env, "text": True, "capture_output": True}
    run = lambda name, *paths: subprocess.run(["sh", str(TOP / "pipeline/storage" / name), *paths], **words)
    for name, *paths in (["push.sh", "./-a folder: it's", "-re mote"], ["pull.sh", "-re mote", "-n new"], ["push.sh", "-n new", "-e/x"]):
        done = run(name, *paths)
        assert done.returncode == 0, done.stderr
    assert state(source) == state(tmp_path / "-re mote") == state(tmp_path / "-n new") == state(tmp_path / "-e/x")
    # The arguments the other way round, or too few.
    for paths in ((str(source), "s3:bucket/path"), (str(source),), (str(source), "")):
        done = run("pull.sh", *paths)
        assert done.returncode == 2 and "pull.sh REMOTE:BUCKET/PATH FOLDER" in done.stderr, done.stderr
    assert not (tmp_path / "s3:bucket").exists()


def test_half_a_push_is_known_as_one(env, tmp_path):
    source, remote, here = make(tmp_path / "source"), tmp_path / "remote", tmp_path / "here"
    (source / ".lock").unlink()
    script(failing(env, tmp_path, "check*"), "push.sh", source, remote, code=1)
    assert (remote / ".lock").read_text() == "0 bert-export" and not (remote / "manifest.json").exists()
    assert "unfinished" in script(env, "pull.sh", remote, here)
    assert (here / ".lock").read_text().endswith(" bert-export") and not (here / "manifest.json").exists()
    script(env, "push.sh", source, remote)
    script(env, "pull.sh", remote, here)
    assert state(here) == state(source)
