"""The DAG of pipeline/airflow in a real Airflow: by `dags test`, and by its scheduler with a task that is killed."""

import json
import os
import signal
import sqlite3
import subprocess
import time

import pytest
from conftest import NAME, PROFILE, PROGRAMS, ROWS_PER_PART, TOP, assert_same, parent, trainings
from slurm_node import free_ports

AIRFLOW = TOP / ".cache/airflow/bin"
DAG = "fine_tune_bert"


class Airflow:
    def __init__(self, home):
        self.home = home
        home.mkdir()
        port = free_ports(1)[0]
        settings = {
            "CORE__DAGS_FOLDER": TOP / "pipeline/airflow",
            "CORE__LOAD_EXAMPLES": False,
            "CORE__EXECUTOR": "LocalExecutor",
            "CORE__PARALLELISM": 2,
            "CORE__DEFAULT_TASK_RETRY_DELAY": 1,
            "CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
            "CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": True,
            "API__HOST": "127.0.0.1",
            "API__PORT": port,
            "API__WORKERS": 1,
            "API__SECRET_KEY": "of this test",
            "API_AUTH__JWT_SECRET": "of this test, and long enough for the hash that signs",
            "DAG_PROCESSOR__REFRESH_INTERVAL": 5,
            "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": 0.5,
        }
        self.env = dict(os.environ, AIRFLOW_HOME=str(home), PYTHONDONTWRITEBYTECODE="1", NO_PROXY="127.0.0.1", no_proxy="127.0.0.1")
        self.env |= {f"AIRFLOW__{name}": str(value) for name, value in settings.items()}
        self.env["PATH"] = f"{AIRFLOW}:{os.environ['PATH']}"
        self.daemons = []
        self.run("db", "migrate")

    def run(self, *words, check=True):
        done = subprocess.run([AIRFLOW / "airflow", *map(str, words)], env=self.env, text=True, capture_output=True)
        assert not check or done.returncode == 0, f"airflow {words}: {done.stdout[-8000:]}{done.stderr[-8000:]}"
        return done.stdout + done.stderr

    def start(self, *words):
        log = open(self.home / f"{words[0]}.log", "w")
        command = [AIRFLOW / "airflow", *words]
        self.daemons.append(subprocess.Popen(command, env=self.env, stdout=log, stderr=subprocess.STDOUT, start_new_session=True))

    def stop(self):
        for daemon in self.daemons:
            # The session is its own: what a daemon started ends with it.
            os.killpg(daemon.pid, signal.SIGTERM)
        for daemon in self.daemons:
            try:
                daemon.wait(timeout=30)
            except subprocess.TimeoutExpired:
                os.killpg(daemon.pid, signal.SIGKILL)
                daemon.wait()

    def query(self, sql, *values):
        database = sqlite3.connect(f"file:{self.home}/airflow.db?mode=ro", uri=True, timeout=30)
        try:
            return database.execute(sql, values).fetchall()
        finally:
            database.close()

    def trigger(self, run_id, conf):
        self.run("dags", "trigger", DAG, "--run-id", run_id, "--conf", json.dumps(conf))

    def wait_for(self, run_id, seconds=900):
        """The state of a run once it has ended."""
        for _ in range(seconds):
            state = self.query("select state from dag_run where run_id = ?", run_id)
            if state and state[0][0] in ("success", "failed"):
                return state[0][0]
            time.sleep(1)
        logs = "\n".join(f"== {log.name}\n{log.read_text()[-3000:]}" for log in self.home.glob("*.log"))
        raise AssertionError(f"{run_id} did not end: {self.tasks(run_id)}\n{logs}")

    def tasks(self, run_id):
        """(state, number of tries) by task and index."""
        rows = self.query("select task_id, map_index, state, try_number from task_instance where run_id = ?", run_id)
        return {(task, index): (state, tries) for task, index, state, tries in rows}

    def summary(self, run_id, task):
        rows = self.query("select value from xcom where run_id = ? and task_id = ? and key = 'return_value'", run_id, task)
        value = json.loads(rows[0][0])
        return json.loads(value) if isinstance(value, str) else value


@pytest.fixture
def airflow(tmp_path):
    if not (AIRFLOW / "airflow").exists():
        pytest.skip("no Airflow: `sh pipeline/setup/environment.sh airflow` brings it")
    airflow = Airflow(tmp_path / "airflow")
    yield airflow
    airflow.stop()


def configuration(workplace, **changes):
    texts = f"data/raw/{NAME}/test.parquet"
    conf = {"programs": str(PROGRAMS), "workplace": str(workplace.folder), "profile": PROFILE, "name": NAME, "texts": texts}
    return conf | {"shards": 2, "rows_per_part": int(ROWS_PER_PART)} | changes


def has_saved(workplace, process):
    """Whether a training that ends now has left a checkpoint."""
    while os.path.exists(f"/proc/{process}"):
        time.sleep(0.05)
    return any((workplace.run_folder / "train/checkpoints").glob("step-*"))


def test_dags_test_makes_what_one_machine_makes(airflow, one_machine, workplace):
    said = airflow.run("dags", "test", DAG, "--conf", json.dumps(configuration(workplace)))
    assert "state=success" in said or "success" in said, said[-4000:]
    assert_same(one_machine, workplace)


def test_a_killed_task_is_tried_again_to_the_same_bytes(airflow, one_machine, workplace):
    for daemon in ("api-server", "scheduler", "dag-processor"):
        airflow.start(daemon)
    for _ in range(120):
        if airflow.query("select count(*) from serialized_dag where dag_id = ?", DAG)[0][0]:
            break
        time.sleep(1)
    airflow.run("dags", "unpause", DAG)
    airflow.trigger("killed", configuration(workplace))
    # One trial is killed, below the program that waits for it. The task of the training is told to end, as by `mark failed`.
    left = ["sweep/trials", f"{NAME}/train"]
    while left and airflow.query("select state from dag_run where run_id = 'killed'")[0][0] in ("queued", "running"):
        for kind, process in [(kind, process) for kind in left for process in trainings(workplace, kind)]:
            try:
                if kind == "sweep/trials":
                    os.kill(process, signal.SIGKILL)
                elif (workplace.run_folder / "train/log.jsonl").exists():
                    os.kill(parent(process), signal.SIGTERM)
                    saved = has_saved(workplace, process)
                else:
                    continue  # it takes no step yet
                left.remove(kind)
                break
            except (FileNotFoundError, ProcessLookupError):
                pass  # it ended meanwhile
        time.sleep(0.05)
    assert not left
    assert saved, "the program was told to end, too, and saved"
    assert airflow.wait_for("killed") == "success"
    tasks = airflow.tasks("killed")
    assert len([task for task in tasks if task[0] == "trial"]) == 6 and len([task for task in tasks if task[0] == "predict"]) == 2
    assert {state for state, _ in tasks.values()} == {"success"}
    assert sorted({task for (task, _), (_, tries) in tasks.items() if tries > 1}) == ["train", "trial"], tasks
    assert_same(one_machine, workplace)
    table = airflow.summary("killed", "table")
    assert table["state"] == "done" and table["figures"]["trials"] == {"done": 6}
    best = json.loads((workplace.run_folder / "sweep/summary.json").read_text())["best"]
    assert table["figures"]["best"] == best
    metrics = json.loads((workplace.run_folder / "eval/test/metrics.json").read_text())
    assert airflow.summary("killed", "eval_test")["figures"]["accuracy"] == metrics["accuracy"]

    # Once more: everything is fresh, but for a prediction of texts that are not there, which is not tried twice.
    airflow.trigger("wrong", configuration(workplace, texts="nowhere.parquet"))
    assert airflow.wait_for("wrong") == "failed"
    tasks = airflow.tasks("wrong")
    assert {tasks["predict", index] for index in (0, 1)} == {("failed", 1)}, tasks
    assert airflow.summary("wrong", "train")["state"] == "fresh"
    assert airflow.summary("wrong", "table") == table | {"state": "fresh"}
