"""Slurm on this machine alone: munged, slurmctld and slurmd from unpacked packages, in a folder of their own. Several nodes are several
slurmd, each with a part of the cores and a name that leads here."""

import os
import socket
import subprocess
import time
from pathlib import Path

CONFIG = """
ClusterName=engines
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmctldPort={port}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=15
CredType=cred/munge
PluginDir={plugins}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=batch_sched_delay=0,sched_interval=1
MpiDefault=none
KillWait=60
ReturnToService=2
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""
NODE = "NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs={cores}\n"


def free_ports(n):
    sockets = [socket.socket() for _ in range(n)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class SlurmNode:
    """A cluster of one node, or two, while the `with` block lasts."""

    def __init__(self, packages, folder, n_nodes=1):
        self.folder = Path(folder)
        self.bin, self.sbin = packages / "usr/bin", packages / "usr/sbin"
        libraries = next((packages / "usr/lib").glob("*-linux-gnu"))
        plugins = libraries / "slurm-wlm"
        host = socket.gethostname().split(".")[0]
        self.names = [host, "localhost"][:n_nodes]
        for name in ("state", *(f"spool-{name}" for name in self.names)):
            (self.folder / name).mkdir(parents=True)
        # The socket of munged is for its own user's eyes.
        self.folder.chmod(0o755)
        port, *ports = free_ports(1 + n_nodes)
        text = CONFIG.format(host=host, port=port, folder=self.folder, plugins=plugins)
        cores = max(os.cpu_count() // n_nodes, 1)
        text += "".join(NODE.format(name=name, host=host, port=port, cores=cores) for name, port in zip(self.names, ports))
        config = self.folder / "slurm.conf"
        config.write_text(text)
        self.env = dict(
            os.environ,
            SLURM_CONF=str(config),
            LD_LIBRARY_PATH=f"{libraries}:{plugins}",
            PATH=f"{self.bin}:{os.environ['PATH']}",
        )
        # Not those of a job in which the tests may run themselves.
        for name in [name for name in self.env if name.startswith("SLURM_") and name != "SLURM_CONF"]:
            del self.env[name]
        self.daemons = []

    def __enter__(self):
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        self.start("munged", "--foreground", "--force", f"--key-file={key}", f"--socket={self.folder}/munge.socket",
                   f"--pid-file={self.folder}/munged.pid", f"--log-file={self.folder}/munged.log", f"--seed-file={self.folder}/munge.seed")  # fmt: skip
        self.wait_until("munged", lambda: (self.folder / "munge.socket").exists())
        self.start("slurmctld-wlm", "-D")
        for name in self.names:
            self.start("slurmd-wlm", "-D", "-N", name, "-d", str(self.sbin / "slurmstepd-wlm"), log=f"slurmd-{name}")
        self.wait_until("idle nodes", lambda: self.run("sinfo", "-h", "-N", "-o", "%T", check=False).split() == ["idle"] * len(self.names))
        return self

    def __exit__(self, *_):
        for daemon in reversed(self.daemons):
            daemon.terminate()
            try:
                daemon.wait(timeout=20)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()

    def start(self, program, *words, log=None):
        log = open(self.folder / f"{log or program}.out", "w")
        # Jobs find nothing of the test's own environment but what they need.
        self.daemons.append(subprocess.Popen([self.sbin / program, *words], env=self.env, stdout=log, stderr=subprocess.STDOUT))

    def wait_until(self, what, holds, seconds=60):
        for _ in range(seconds * 5):
            if holds():
                return
            time.sleep(0.2)
        logs = "\n".join(f"== {log.name}\n{log.read_text()[-3000:]}" for log in sorted(self.folder.glob("*.[lo][ou][gt]")))
        raise AssertionError(f"{what} did not come about within {seconds} s\n{logs}")

    def run(self, program, *words, check=True, **kwargs):
        """What a command of Slurm prints."""
        done = subprocess.run([program, *words], text=True, capture_output=True, **{"env": self.env, **kwargs})
        assert not check or done.returncode == 0, f"{program} {words}: {done.stdout}{done.stderr}"
        return done.stdout

    def job(self, job):
        """The fields of a job, as `scontrol show job` has them, for each of its tasks."""
        records = self.run("scontrol", "-o", "show", "job", str(job)).splitlines()
        return [dict(word.split("=", 1) for word in record.split() if "=" in word) for record in records if record]

    def wait_for(self, job, seconds=900):
        """The fields of a job's tasks once all have ended."""
        ended = {"COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "OUT_OF_MEMORY", "DEADLINE"}
        self.wait_until(f"the end of job {job}", lambda: all(task["JobState"] in ended for task in self.job(job)), seconds)
        return self.job(job)
