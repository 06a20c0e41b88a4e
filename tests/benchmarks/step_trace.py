"""One step of training on the CPU as a picture: what each thread did, by samples of `perf`, for two builds beside each other.

    step_trace.py FOLDER_OF_PROGRAMS FOLDER_OF_PROGRAMS OUT.svg TOKENS MODEL

The first is drawn as before, the second as now. Needs perf (linux-perf) and an otherwise idle machine.
"""

import collections
import html
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

HERTZ, STEPS, BATCH = 8000, 80, 16
# What a sample is, by the first pattern that its symbol or library matches.
KINDS = [
    ("products", "#3b6ea5", r"^\[unknown\].*(perf-\d+\.map|JIT|anon|unknown)"),
    ("OpenMP's thread spins", "#c0392b", r"libgomp"),
    ("the pool waits", "#d9b9a0", r"ThreadPool|wait_for|placement"),
    ("optimizer, packing", "#6a994e", r"optimizer|deferred|update|pack_|sum_squares|pack_weight"),
    ("attention", "#8e6bb0", r"attention|head_forward|head_backward|for_heads"),
    ("LayerNorm, embeddings", "#e0a030", r"layer_norm|normalize|embedding|draw_chunk|for_chunks"),
    ("bias, GELU, gradients between products", "#86b6d6", r"v4::|v3::|base::|multiply|linear|transpose|write_block|add_bias|v410"),
    ("head, loss, libtorch", "#7f7f7f", r"."),
]


def samples(programs, tokens, model):
    """(thread, seconds, kind) of every sample, and the process's first thread."""
    with tempfile.TemporaryDirectory() as folder:
        data = f"{folder}/perf.data"
        train = [programs / "bert-finetune", "--quiet", "--tokens", tokens, "--model", model, "--out", f"{folder}/train", "--precision", "bf16",
                 "--per-device-train-batch-size", BATCH, "--max-steps", STEPS, "--eval-strategy", "no", "--save-strategy", "no"]  # fmt: skip
        record = ["perf", "record", "-q", "-e", "cpu-clock", "-F", HERTZ, "-o", data, "--", *train]
        subprocess.run([str(word) for word in record], check=True, capture_output=True)
        text = subprocess.run(["perf", "script", "-i", data, "-F", "pid,tid,time,ip,sym,dso"], check=True, capture_output=True, text=True).stdout
    found = []
    for line in text.splitlines():
        match = re.match(r"\s*(\d+)/(\d+)\s+([\d.]+):\s+[0-9a-f]+ (.*)$", line)
        if match:
            _, tid, time, what = match.groups()
            found.append((int(tid), float(time), kind_of(what)))
    return found, int(re.match(r"\s*(\d+)/", text).group(1))


def kind_of(what):
    return next(index for index, (_, _, pattern) in enumerate(KINDS) if re.search(pattern, what))


def steps_of(found, first_thread):
    """The ends of each step: from the end of one update to that of the next."""
    update = [time for tid, time, kind in found if tid == first_thread and KINDS[kind][0] == "optimizer, packing"]
    # Packing happens all along, the update is where it stays for milliseconds.
    dense = [time for index, time in enumerate(update[8:]) if time - update[index] < 10.5 / HERTZ]
    ends = [a for a, b in zip(dense, dense[1:]) if b - a > 0.008]
    return list(zip(ends, ends[1:]))


def drawn(title, found, step, scale, top):
    begin, end = step
    inside = [(tid, time, kind) for tid, time, kind in found if begin <= time < end]
    threads = [tid for tid, _ in collections.Counter(tid for tid, _, _ in inside).most_common(3)]
    shares = collections.Counter(kind for _, _, kind in inside)
    parts = [f'<text x="12" y="{top + 18}" font-weight="bold">{html.escape(title)}: {1000 * (end - begin):.1f} ms</text>']
    for row, tid in enumerate(sorted(threads, key=threads.index)):
        y = top + 30 + 30 * row
        parts.append(f'<text x="12" y="{y + 16}">thread {row + 1}</text>')
        parts.append(f'<rect x="90" y="{y}" width="{scale * (end - begin):.1f}" height="24" fill="#f3f3f3"/>')
        for _, time, kind in (sample for sample in inside if sample[0] == tid):
            parts.append(f'<rect x="{90 + scale * (time - begin):.2f}" y="{y}" width="{scale / HERTZ + 0.1:.2f}" height="24" fill="{KINDS[kind][1]}"/>')
    return parts, shares, len(inside), top + 40 + 30 * len(threads)


def main():
    before, after, out, tokens, model = map(pathlib.Path, sys.argv[1:])
    traces = [(title, *samples(programs.resolve(), tokens, model)) for title, programs in (("before", before), ("now", after))]
    all_steps = [steps_of(found, first) for _, found, first in traces]
    # The same step of both, counted from the end: one whose times lie in the middle of each run's second half.
    middles = [statistics.median(end - begin for begin, end in steps[len(steps) // 2 :]) for steps in all_steps]
    strays = lambda at: max(abs(steps[-at][1] - steps[-at][0] - middle) for steps, middle in zip(all_steps, middles))  # noqa: E731
    chosen = min(range(1, min(map(len, all_steps)) // 2), key=strays)
    steps = [found[-chosen] for found in all_steps]
    scale = 760 / max(end - begin for begin, end in steps)
    body, top = [], 10
    table = []
    for (title, found, _), step in zip(traces, steps):
        parts, shares, n, top = drawn(title, found, step, scale, top)
        body += parts
        table.append((title, {kind: count / n for kind, count in shares.items()}))
    for index, (name, color, _) in enumerate(KINDS):
        y = top + 20 + 18 * index
        body.append(f'<rect x="12" y="{y - 11}" width="12" height="12" fill="{color}"/>')
        words = ", ".join(f"{title} {100 * shares.get(index, 0):.0f} %" for title, shares in table)
        body.append(f'<text x="30" y="{y}">{html.escape(name)}: {words} of the samples</text>')
    height = top + 30 + 18 * len(KINDS)
    style = 'font-family="sans-serif" font-size="13"'
    out.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" width="870" height="{height}" {style}><rect width="870" height="{height}" fill="white"/>{"".join(body)}</svg>\n')
    print(*(f"{title}: {1000 * (end - begin):.1f} ms" for (title, *_), (begin, end) in zip(traces, steps)), sep="; ")


if __name__ == "__main__":
    main()
