#!/bin/sh
# On the machine with a GPU: links what pack.sh brought with the CUDA half of the libtorch at hand, runs the tests on CUDA and the
# benchmark, and leaves all that they said in RESULTS (default: results beside this file).
#   run.sh [RESULTS]
# DEVICE: cpu tries all of it through without a GPU (default cuda). PYTHON: with PyTorch, whose libtorch is taken, and Transformers (default python3). CUDA_HOME: the headers (default /usr/local/cuda).
set -eu

here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
results=${1:-$here/results}
mkdir -p "$results"
DEVICE=${DEVICE:-cuda}
PYTHON=${PYTHON:-python3}
libtorch=$("$PYTHON" -c 'import importlib.util as u; print(u.find_spec("torch").submodule_search_locations[0])')
{
    nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv || true
    "$PYTHON" -c 'import torch; print("torch", torch.__version__)'
} 2>&1 | tee "$results/machine.txt"

found=$("$PYTHON" -c 'import torch; print(torch.__version__.split("+")[0])')
[ "$found" = "$(cat "$here/libtorch")" ] || { echo "run: this pack is for libtorch $(cat "$here/libtorch"), and $PYTHON has $found" >&2; exit 2; }

lib=$here/lib/bert
mkdir -p "$lib"
ln -sfn ../lib "$here/bin/lib" # where test programs look
for file in "$libtorch"/lib/*.so* "$libtorch"/../nvidia/*/lib/*.so*; do ln -sf "$file" "$lib/"; done
for source in "$here"/csrc/cuda/*.cpp; do
    g++ -O2 -fPIC -std=c++17 -w -D_GLIBCXX_USE_CXX11_ABI=1 -I "$here/csrc" -I "$libtorch/include" -I "$libtorch/include/torch/csrc/api/include" \
        -I "${CUDA_HOME:-/usr/local/cuda}/include" -c "$source" -o "$here/cuda-$(basename "$source").o"
done
g++ -shared -fopenmp -o "$lib/libbert_torch.so" "$here"/objects/*.o "$here"/cuda-*.o -Wl,-soname,libbert_torch.so -Wl,-Bsymbolic-functions \
    -L "$libtorch/lib" -ltorch_cpu -lc10 -ltorch_cuda -lc10_cuda -Wl,--allow-shlib-undefined -Wl,-z,defs

# Tests know their fixtures by the path of the checkout.
checkout=$(cat "$here/checkout")
[ -e "$checkout" ] || { mkdir -p "$(dirname "$checkout")"; ln -s "$here" "$checkout"; }
failed=0
for test in "$here"/bin/tests/*; do
    echo "== $(basename "$test")"
    case $test in */processes-*) which=processes_give_the_bytes ;; *) which= ;; esac
    (cd "$here" && BERT_TEST_DEVICE="$DEVICE" timeout 240 "$test" --test-threads 1 $which) || failed=$((failed + 1))
done > "$results/tests.txt" 2>&1
echo "test programs that failed: $failed" | tee -a "$results/tests.txt"

mkdir -p "$here/target"
ln -sfn "$here/bin" "$here/target/release"
(cd "$here" && BENCH_DEVICE="$DEVICE" BENCH_PREPARED="$here/prepared" CARGO_TARGET_DIR="$here/target" \
    timeout 480 "$PYTHON" tests/benchmarks/bench.py gpu) > "$results/bench.txt" 2>&1 || failed=$((failed + 1))
cat "$results/bench.txt"
cp -r "$here/data/bench" "$results/" 2>/dev/null || true
exit "$failed"
