"""What a device can do at best, by libtorch alone: bytes that a copy moves in a second, and bf16 products; prints JSON.

    device_rates.py DEVICE
"""

import json
import sys
import time

import torch


def best_seconds(device, work, n_runs=20):
    def once():
        work()
        if device == "cuda":
            torch.cuda.synchronize()

    once()
    times = []
    for _ in range(n_runs):
        begun = time.perf_counter()
        once()
        times.append(time.perf_counter() - begun)
    return min(times)


def main():
    device = sys.argv[1]
    n_bytes, size = (2**31, 8192) if device == "cuda" else (2**26, 512)
    source = torch.zeros(n_bytes, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    a = torch.randn(size, size, device=device, dtype=torch.bfloat16)
    rates = {
        "name": torch.cuda.get_device_name() if device == "cuda" else "a CPU",
        "bytes_per_second": 2 * n_bytes / best_seconds(device, lambda: target.copy_(source)),
        "flops": 2 * size**3 / best_seconds(device, lambda: a @ a),
    }
    print(json.dumps(rates))


if __name__ == "__main__":
    main()
