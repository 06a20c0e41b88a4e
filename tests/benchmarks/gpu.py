"""Training on a GPU: this project with graphs and without beside the reference's best mode, in milliseconds a step, and beside
the floor that the device's own memory and products set.
"""

import pathlib
import statistics
import sys

from machine import DEVICE, PYTHON, run, run_reference

HERE = pathlib.Path(__file__).parent
# Name, layers, hidden, sentences in a batch, the steps that are timed. The last is for trying the section out where there is no GPU.
CASES = [("MiniLM", 6, 384, 16, (50, 250)), ("BERT-base", 12, 768, 16, (50, 250)), ("BERT-base", 12, 768, 32, (50, 250))]
ON_CPU = [("a small BERT", 2, 64, 16, (2, 6))]
# What the Trainer offers; compiled with batches padded to multiples of 32, so that few shapes are compiled.
MODES = {
    "bf16": {"precision": "bf16", "attention": "sdpa"},
    "float32": {"precision": "float32", "attention": "sdpa"},
    "bf16, compiled": {"precision": "bf16", "attention": "sdpa", "compile": True},
}
ROUNDS = 2


def measure(bench):
    device = run_reference("device_rates.py", DEVICE)
    print(f"{device['name']}: {device['bytes_per_second'] / 1e12:.2f} TB/s copied, {device['flops'] / 1e12:.0f} TFLOP/s of bf16 products", flush=True)
    print("%-34s %9s %9s %9s %9s %9s" % ("ms a step, bf16", "graphs", "one by one", "reference", "floor", "sentences/s"), flush=True)
    results = {"device": device, "cases": []}
    for name, layers, hidden, batch, steps in CASES if DEVICE == "cuda" else ON_CPU:
        model = bench.folder / f"{layers}-{hidden}"
        if not model.exists():
            run([PYTHON, HERE / "base_model.py", bench.model, model, layers, hidden])
        ours = lambda graphs: bench.ours("bf16", model, batch, *steps, cuda_graphs=graphs)  # noqa: B023, E731
        reference = lambda mode: bench.reference(model=model, batch=batch, first=steps[0], last=steps[1], **MODES[mode])  # noqa: B023, E731
        milliseconds = lambda result: 1000 * batch / result["sentences_per_second"]  # noqa: B023, E731
        modes = {mode: [milliseconds(reference(mode))] for mode in MODES}
        best = min(modes, key=lambda mode: modes[mode][0])
        found = {"on": [], "off": []}
        for round_ in range(ROUNDS):
            for graphs, times in found.items():
                result = ours(graphs)
                if DEVICE == "cuda" and (result["cuda_graphs"] > 0) != (graphs == "on"):
                    sys.exit(f"{name}, --cuda-graphs {graphs}: {result['cuda_graphs']} graphs; the program says why")
                times.append(milliseconds(result))
            if round_ > 0:
                modes[best].append(milliseconds(reference(best)))
        a_step = batch * result["tokens_per_second"] / result["sentences_per_second"]
        floor = 1000 * floor_seconds(device, layers, hidden, a_step)
        on, off, theirs = (statistics.median(times) for times in (found["on"], found["off"], modes[best]))
        case = f"{name}, batch {batch}"
        print("%-34s %9.2f %9.2f %9.2f %9.2f %9.0f" % (case, on, off, theirs, floor, 1000 * batch / on), flush=True)
        print(f"  {theirs / on:.1f} times the reference's best ({best}); {100 * floor / on:.0f} % of the floor's speed", flush=True)
        results["cases"].append({"name": case, "graphs_ms": found["on"], "one_by_one_ms": found["off"], "reference_ms": modes, "floor_ms": floor})
        rates = lambda times: [{"sentences_per_second": 1000 * batch / time} for time in times]  # noqa: B023, E731
        bench.note(f"training on {device['name']}, {case}, bf16", rates(found["on"]), rates(modes[best]), best, "sentences_per_second", "sentences/s")
    return results


def floor_seconds(device, layers, hidden, tokens):
    """The memory that AdamW, gradients and bf16 weights move, 40 bytes a weight, and the products: one after the other."""
    encoder = layers * 12 * hidden * hidden
    weights = encoder + (30522 + 512) * hidden
    return 40 * weights / device["bytes_per_second"] + 6 * encoder * tokens / device["flops"]
