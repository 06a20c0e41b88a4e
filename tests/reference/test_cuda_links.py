"""What csrc/cuda calls of libtorch is there, in its CUDA half, by the names that it is called by: nothing of that runs without a GPU."""

import pathlib
import re
import subprocess

import pytest
import torch
from conftest import ROOT

TORCH = pathlib.Path(torch.__file__).parent
SOURCES = sorted((ROOT / "crates/bert-kernels/csrc/cuda").glob("*.cpp"))
LIBRARIES = ("libtorch_cuda.so", "libtorch_cpu.so", "libc10_cuda.so", "libc10.so")


def symbols(*words):
    """The names that nm prints, demangled."""
    done = subprocess.run(["nm", "-C", *map(str, words)], capture_output=True, text=True, check=True)
    return {match[1] for line in done.stdout.splitlines() if (match := re.match(r"[0-9a-f ]{16} \S (.*)", line))}


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_what_it_calls_is_there(tmp_path, source):
    if not (TORCH / "lib/libtorch_cuda.so").exists():
        pytest.skip("this PyTorch has no CUDA half")
    subprocess.run(["sh", "pipeline/setup/setup.sh", "cuda-headers"], cwd=ROOT, check=True)
    headers = ROOT / ".cache/cuda-headers/nvidia/cu13/include"
    includes = [ROOT / "crates/bert-kernels/csrc", headers, TORCH / "include", TORCH / "include/torch/csrc/api/include"]
    flags = [word for folder in includes for word in ("-I", str(folder))]
    subprocess.run(["c++", "-std=c++17", "-fPIC", "-w", *flags, "-c", source, "-o", tmp_path / "it.o"], check=True)
    called = {name for name in symbols("-u", tmp_path / "it.o") if re.search(r"\b(at|c10|torch)::", name)}
    there = set().union(*(symbols("-D", "--defined-only", TORCH / "lib" / library) for library in LIBRARIES))
    ours = {"cuda_graphs()", "cuda_connections()"}
    assert len(called) > 10
    assert called - there - ours == set()
