"""The invariants of ARCHITECTURE.md that a reader of the sources can check: who depends on whom, and that the documents name what is there.

    invariants.py      exit code 1 where one is broken
"""

import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
STAGES = {"sst-fetch", "sst-tokenize", "bert-finetune", "bert-eval", "bert-export", "bert-predict", "bert-sweep", "bert-doctor"}
ON_LIBTORCH = {"bert", "bert-kernels", "bert-finetune", "bert-eval", "bert-export", "bert-predict", "bert-doctor"}
WITHOUT_IO = [
    "crates/metrics/src",
    "crates/baseline/src",
    "crates/corpus/src/label.rs",
    "crates/corpus/src/label",
    "crates/corpus/src/task.rs",
    "crates/corpus/src/tree.rs",
    "crates/corpus/src/parent_pointers.rs",
    "crates/bert-finetune/src/optim/lr_scheduler.rs",
]
DOCUMENTS = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "tests/README.md", "data/README.md", *sorted(str(p.relative_to(ROOT)) for p in (ROOT / "docs").glob("*.md"))]
# Who writes to stderr: the one place for messages, a process that is no stage yet, and where no error can be returned. None by a
# macro that panics where nothing can be written.
TALKS = {"stage/src/messages.rs", "bert-sweep/src/execution/trial_process.rs", "bert-kernels/src/libtorch.rs"}
# Folders that runs make.
PRODUCED = re.compile(r"^(data/(raw|models|tokens|runs|bench)|target|export/|eval/|train/|checkpoints/|sweep/)")


def dependencies():
    """The dependencies of every crate, those of tests and build scripts left out."""
    command = ["cargo", "metadata", "--format-version", "1", "--no-deps", "--offline", "--locked"]
    packages = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)["packages"]
    return {p["name"]: {d["name"] for d in p["dependencies"] if d["kind"] is None} for p in packages}


def reachable(crates, name):
    seen, left = set(), [name]
    while left:
        crate = left.pop()
        if crate not in seen:
            seen.add(crate)
            left += crates.get(crate, ())
    return seen


def broken_dependencies(crates):
    for name, direct in crates.items():
        for other in direct & STAGES - {name}:
            yield f"{name} depends on the stage {other}: stages meet only in files"
        if "tch" in reachable(crates, name) and name not in ON_LIBTORCH:
            yield f"{name} links libtorch"
        for client in {"hf-hub", "ureq"} & direct:
            # The doctor reads the environment's proxies as the client does.
            if name != "sst-fetch" and (name, client) != ("bert-doctor", "ureq"):
                yield f"{name} depends on {client}: only sst-fetch downloads"
    for name in reachable(crates, "stage") & (STAGES | {"corpus", "checkpoint", "tch"}):
        yield f"stage depends on {name}: it knows no text and no tensor"


def without_tests(text):
    return text.split("#[cfg(test)]")[0]


def broken_sources():
    for place in WITHOUT_IO:
        path = ROOT / place
        for source in sorted(path.rglob("*.rs")) if path.is_dir() else [path]:
            if re.search(r"\bstd::(fs|io|net)\b|\bprintln!|\beprintln!", without_tests(source.read_text())):
                yield f"{source.relative_to(ROOT)} does I/O"
    for source in sorted((ROOT / "crates").glob("bert-*/src/**/*.rs")):
        crate = source.relative_to(ROOT / "crates").parts[0]
        if crate != "bert-kernels" and re.search(r"bert_kernels::(\{[^}]*)?\bEncoder\b", source.read_text()):
            yield f"{source.relative_to(ROOT)} names the kernel: which one computes is the model's secret"
    for source in sorted((ROOT / "crates").glob("*/src/**/*.rs")):
        name = source.relative_to(ROOT / "crates").as_posix()
        if name.split("/")[0] == "testkit":
            continue
        text = without_tests(source.read_text())
        if re.search(r"\be?print(ln)?!", text):
            yield f"{source.relative_to(ROOT)} prints by a macro, which panics on a full disk: `stage::say`, `stage::print_line`"
        if name not in TALKS and re.search(r"\bio::stderr\(", text):
            yield f"{source.relative_to(ROOT)} writes to stderr past `stage::say`"
    stages = "|".join(STAGES)
    for source in sorted((ROOT / "crates/stage/src").rglob("*.rs")):
        for line in without_tests(source.read_text()).splitlines():
            if re.search(rf"\b({stages})\b", line.split("//")[0]):
                yield f"{source.relative_to(ROOT)} knows a stage by name: {line.strip()}"


def broken_documents():
    recipes = set(re.findall(r"^(?:alias )?([a-z][\w-]*)(?: [^:\n]*)?:", (ROOT / "justfile").read_text(), re.M))
    for name in DOCUMENTS:
        text = (ROOT / name).read_text()
        folder = (ROOT / name).parent
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
            if "://" not in target and not (folder / target).exists():
                yield f"{name}: the link {target} leads nowhere"
        for path in re.findall(r"`((?:crates|tests|docs|pipeline|csrc|data)/[\w./{},*-]+)`", text):
            options = re.fullmatch(r"(.*)\{(.*)\}(.*)", path)
            for one in [options[1] + part + options[3] for part in options[2].split(",")] if options else [path]:
                found = list(ROOT.glob(one)) or list((ROOT / "crates/bert-kernels").glob(one))
                if not found and not PRODUCED.match(one):
                    yield f"{name}: {one} is not there"
        for recipe in re.findall(r"`(?:\./)?just ((?!profile=|flags=|--)[a-z][\w-]*)", text):
            if recipe not in recipes:
                yield f"{name}: there is no recipe {recipe}"


def main():
    broken = [*broken_dependencies(dependencies()), *broken_sources(), *broken_documents()]
    print(*broken, sep="\n", end="\n" if broken else "")
    print(f"invariants broken: {len(broken)}")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
