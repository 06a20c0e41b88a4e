"""The rate of a model's own matrix products with libtorch alone: forward and both backwards at 448 rows; prints JSON.

    products.py HIDDEN INTERMEDIATE PRECISION
"""

import json
import statistics
import sys
import time

import torch

ROWS = 448


def seconds(product):
    product()
    times = []
    for _ in range(9):
        begun = time.perf_counter()
        product()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def main():
    hidden, intermediate = int(sys.argv[1]), int(sys.argv[2])
    kind = torch.bfloat16 if sys.argv[3] == "bf16" else torch.float32
    work = time_taken = 0.0
    for n_out, n_in in [(3 * hidden, hidden), (hidden, hidden), (intermediate, hidden), (hidden, intermediate)]:
        x, weight, dy = (torch.randn(shape).to(kind) for shape in [(ROWS, n_in), (n_out, n_in), (ROWS, n_out)])
        for product in (lambda: x @ weight.T, lambda: dy @ weight, lambda: dy.T @ x):
            work += 2 * ROWS * n_out * n_in
            time_taken += seconds(product)
    print(json.dumps({"flops": work / time_taken}))


if __name__ == "__main__":
    main()
