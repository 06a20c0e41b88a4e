"""Two machines on this one: network namespaces, with a third between them that passes on what they send each other."""

import ctypes
import os
import shutil
import signal
import socket
import subprocess

import pytest
from torchrun import TORCHRUN, environment

PIDFD_OPEN, PIDFD_GETFD = 434, 438
AF_UNSPEC = b"\0" * 16


def ip(*words, check=True):
    return subprocess.run(["ip", *words], check=check, capture_output=True, text=True)


class Nodes:
    PORT = 29411

    def __init__(self):
        if os.geteuid() != 0 or shutil.which("ip") is None:
            pytest.skip("network namespaces need root and iproute2")
        self.names = [f"bert-{os.getpid()}-{name}" for name in ("0", "1", "between")]
        made = ip("netns", "add", self.names[2], check=False)
        if made.returncode:
            pytest.skip(f"no network namespaces here: {made.stderr.strip()}")
        self.addresses = ["10.91.0.2", "10.91.1.2"]
        self.runs = []

    def __enter__(self):
        between = self.names[2]
        for node, name in enumerate(self.names[:2]):
            ip("netns", "add", name)
            ip("link", "add", "lan", "netns", name, "type", "veth", "peer", "name", f"node{node}", "netns", between)
            for where, device, address in ((name, "lan", self.addresses[node]), (between, f"node{node}", f"10.91.{node}.1")):
                ip("-n", where, "address", "add", f"{address}/24", "dev", device)
                ip("-n", where, "link", "set", device, "up")
            ip("-n", name, "link", "set", "lo", "up")
            ip("-n", name, "route", "add", "default", "via", f"10.91.{node}.1")
        self.connect(True)
        return self

    def __exit__(self, *_):
        for run in self.runs:
            if run.poll() is None:
                run.send_signal(signal.SIGTERM)
                run.wait()
        for name in self.names:
            ip("netns", "del", name, check=False)

    def connect(self, connected):
        """Whether the one between the nodes passes packets on. If not, nobody is told: they are gone."""
        ip("netns", "exec", self.names[2], "sh", "-c", f"echo {int(connected)} > /proc/sys/net/ipv4/ip_forward")

    def start(self, command, *torchrun):
        """A process of the run on each node."""
        for node in (0, 1):
            where = ["--nnodes", "2", "--node-rank", str(node), "--nproc-per-node", "1", "--master-addr", self.addresses[0]]
            words = [*TORCHRUN, *where, "--master-port", str(self.PORT), *torchrun, "--no-python", *command]
            run = ["ip", "netns", "exec", self.names[node], *words]
            self.runs.append(subprocess.Popen(run, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment()))
        return self.runs[-2:]


def reset_connection(process, address):
    """Resets the connection of a process to another process at this address, as a device on the way may do."""
    libc = ctypes.CDLL(None, use_errno=True)
    handle = libc.syscall(PIDFD_OPEN, process, 0)
    n_reset = 0
    for fd in map(int, os.listdir(f"/proc/{process}/fd")):
        if not os.readlink(f"/proc/{process}/fd/{fd}").startswith("socket:"):
            continue
        copy = libc.syscall(PIDFD_GETFD, handle, fd, 0)
        with socket.socket(fileno=copy) as one:
            try:
                host, port = one.getpeername()[:2]
            except OSError:
                continue
            if host.removeprefix("::ffff:") == address and Nodes.PORT not in (port, one.getsockname()[1]):
                libc.connect(copy, AF_UNSPEC, len(AF_UNSPEC))
                n_reset += 1
    os.close(handle)
    return n_reset
