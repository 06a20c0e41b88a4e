"""What the tests of engines share: the programs, a folder to work in, and what one machine makes of the quick start."""

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
PROGRAMS = Path(os.environ.get("CARGO_TARGET_DIR", TOP / "target")).resolve() / "release"
NAME = "quickstart-sweep"
PROFILE = f"pipeline/profiles/{NAME}.toml"
# Small, so that a prediction has several.
ROWS_PER_PART = "8"
TABLE = ["trials.jsonl", "leaderboard.md", "summary.json", "best.toml", "sweep.html"]


OWN = {"timing.json", "stderr.log", "trials.txt", "trials.mk", "profile.toml"}


def content(path):
    """The bytes of a file; of a manifest without what does not define the result."""
    if path.name != "manifest.json":
        return path.read_bytes()
    manifest = json.loads(path.read_bytes())
    del manifest["recorded"], manifest["seal"]
    return json.dumps(manifest).encode()


class Workplace:
    """A folder from which `pipeline/` and the model are to be seen as from the checkout."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in ("pipeline", ".cache"):
            if not (self.folder / name).exists():
                (self.folder / name).symlink_to(TOP / name)
        self.run_folder = self.folder / "data/runs" / NAME

    def run(self, program, *words, code=0, env=None):
        """Runs a program to its end, and returns its summary where it has one."""
        command = [str(PROGRAMS / program), *map(str, words)]
        done = subprocess.run(command, cwd=self.folder, text=True, capture_output=True, env=env)
        assert done.returncode == code, f"{command}: {done.returncode}: {done.stderr}"
        return json.loads(done.stdout.splitlines()[-1]) if "--json-summary" in words and code == 0 else done.stdout

    def copy_data(self, other, *names):
        """Takes folders below data/ from another workplace."""
        for name in names:
            shutil.copytree(other.folder / "data" / name, self.folder / "data" / name, symlinks=True)

    def outputs(self):
        """The SHA-256 of all that two runs have equal, by path; of manifests but for what they record of the run."""
        found = {}
        for path in sorted(self.run_folder.rglob("*")):
            name = path.relative_to(self.run_folder).as_posix()
            # Timings, messages, numbers of threads, notes of a stage for itself and where it was restarted are a run's own.
            own = path.name in OWN or path.name.startswith((".", "restarts", "events.out.tfevents"))
            own = own or "/checkpoints/" in name or "/shard-" in name
            if path.is_file() and not own:
                found[name] = hashlib.sha256(content(path)).hexdigest()
        return found

    def table(self):
        return {name: (self.run_folder / "sweep" / name).read_text() for name in TABLE}


@pytest.fixture(scope="session")
def one_machine(tmp_path_factory):
    """The quick start with a sweep of six trials, by the programs themselves one after the other. `ONE_MACHINE=FOLDER` keeps it there for
    the next run of the tests, which then finds it fresh."""
    place = Workplace(os.environ.get("ONE_MACHINE") or tmp_path_factory.mktemp("one-machine"))
    raw, model, tokens, run = (f"data/raw/{NAME}", f"data/models/{NAME}", f"data/tokens/{NAME}", f"data/runs/{NAME}")
    common = ["--profile", PROFILE]
    place.run("sst-fetch", "dataset", *common, "--out", raw)
    place.run("sst-fetch", "model", *common, "--out", model)
    place.run("sst-tokenize", *common, "--raw", raw, "--model", model, "--out", tokens)
    place.run("bert-sweep", *common, "--tokens", tokens, "--model", model, "--out", f"{run}/sweep", "--keep-weights", "run")
    place.run("bert-finetune", *common, "--tokens", tokens, "--model", model, "--out", f"{run}/train")
    evaluate = [*common, "--run", f"{run}/train", "--tokens", tokens, "--raw", raw]
    place.run("bert-eval", *evaluate, "--split", "validation", "--out", f"{run}/eval/validation")
    calibration = ["--calibration", f"{run}/eval/validation/calibration.json"]
    place.run("bert-eval", *evaluate, *calibration, "--split", "test", "--out", f"{run}/eval/test")
    evaluations = f"{run}/eval/validation,{run}/eval/test"
    place.run("bert-export", *evaluate, *calibration, "--base-model", model, "--eval", evaluations, "--out", f"{run}/export")
    texts = ["--input", f"{raw}/test.parquet", "--rows-per-part", ROWS_PER_PART]
    place.run("bert-predict", "--model", f"{run}/export/hf", *texts, "--out", f"{run}/answers")
    return place


@pytest.fixture
def workplace(tmp_path):
    return Workplace(tmp_path / "workplace")


def assert_same(one, other):
    """Both have the same files, byte for byte, but for trials that only one of them has kept whole."""
    expected, found = one.outputs(), other.outputs()
    assert one.table() == other.table()
    assert one.table()["trials.jsonl"].count('"status":"done"') == 6
    pruned = {name for name in found.keys() - expected.keys() if name.startswith("sweep/trials/")}
    assert found.keys() - pruned == expected.keys()
    assert {name for name in expected if found[name] != expected[name]} == set()


def trainings(workplace, out):
    """The processes that train in a folder of the workplace whose path has `out` in it; those that only plan are none."""
    found = []
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit() and os.path.samefile(f"/proc/{entry}/cwd", workplace.folder):
                words = Path(f"/proc/{entry}/cmdline").read_text().split("\0")
                if Path(words[0]).name == "bert-finetune" and "--plan" not in words and any(out in word for word in words):
                    found.append(int(entry))
        except OSError:
            pass  # it ended meanwhile
    return found


def parent(process):
    return int(Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[1])
