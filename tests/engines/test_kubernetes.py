"""The Jobs of pipeline/kubernetes: valid for Kubernetes, and their commands with the variables that it sets, signals included."""

import os
import re
import signal
import subprocess
import time

import kubernetes_validate
import pytest
import yaml
from conftest import NAME, PROGRAMS, TOP, assert_same, trainings

FOLDER = TOP / "pipeline/kubernetes"
VERSIONS = ["1.31", "1.33"]
# Where `just dist` puts what lies in pipeline/profiles, below the place of the Containerfile.
PROFILES = "/opt/bert/share/bert/profiles"


def job(name):
    return yaml.safe_load((FOLDER / name).read_text())


def container(name):
    [container] = job(name)["spec"]["template"]["spec"]["containers"]
    return container


def start(workplace, name, index=None):
    """Starts the command of a Job as its container would, with the volume at the workplace."""
    words = [word.replace(PROFILES, str(TOP / "pipeline/profiles")) for word in container(name)["command"] + container(name)["args"]]
    env = dict(os.environ, PATH=f"{PROGRAMS}:{os.environ['PATH']}")
    env |= {} if index is None else {"JOB_COMPLETION_INDEX": str(index), "HOSTNAME": f"pod-{index}"}
    return subprocess.Popen(words, cwd=workplace.folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def run(workplace, name, index=None):
    process = start(workplace, name, index)
    _, said = process.communicate()
    assert process.returncode == 0, said
    return said


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.glob("*.yaml")))
def test_jobs_are_what_kubernetes_takes(name, version):
    kubernetes_validate.validate(job(name), version, strict=True)


def test_what_kubernetes_refuses_is_told_here():
    wrong = job("trials.yaml")
    wrong["spec"]["completionMode"] = ["Indexed"]
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[-1], strict=True)


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.glob("*.yaml")))
def test_every_exit_code_has_one_rule(name):
    spec = job(name)["spec"]
    rules = {code: rule["action"] for rule in spec["podFailurePolicy"]["rules"] for code in rule.get("onExitCodes", {}).get("values", [])}
    permanent = "FailIndex" if "backoffLimitPerIndex" in spec else "FailJob"
    assert rules == {2: permanent, 3: permanent, 5: permanent, 1: "Count", 4: "Count", 130: "Count", 137: "Count", 143: "Count"}
    names = {rule["onExitCodes"]["containerName"] for rule in spec["podFailurePolicy"]["rules"] if "onExitCodes" in rule}
    assert names == {container(name)["name"]}
    assert spec["template"]["spec"]["restartPolicy"] == "Never", "a policy on failures of pods needs it"


def test_indices_make_what_one_machine_makes_though_pods_end(one_machine, workplace):
    workplace.copy_data(one_machine, "raw", "models", "tokens")
    trials = job("trials.yaml")["spec"]
    # The pod of index 0 is deleted: SIGTERM, and the program saves within the grace period.
    pod = start(workplace, "trials.yaml", 0)
    for _ in range(600):
        if trainings(workplace, "sweep/trials"):
            break
        time.sleep(0.1)
    time.sleep(1)
    begun = time.monotonic()
    pod.send_signal(signal.SIGTERM)
    _, said = pod.communicate(timeout=trials["template"]["spec"]["terminationGracePeriodSeconds"])
    assert pod.returncode == 143, said
    assert time.monotonic() - begun < trials["template"]["spec"]["terminationGracePeriodSeconds"] / 2
    for index in range(trials["completions"]):
        run(workplace, "trials.yaml", index)
    run(workplace, "table.yaml")
    assert one_machine.table() == workplace.table()

    for folder in ("train", "eval", "export"):
        subprocess.run(["cp", "-a", one_machine.run_folder / folder, workplace.run_folder], check=True)
    shards = job("shards.yaml")["spec"]["completions"]
    assert container("shards.yaml")["command"][-1] == f"auto/{shards}"
    for index in range(shards):
        run(workplace, "shards.yaml", index)
    assert '"level":"info"' in run(workplace, "answers.yaml")
    assert_same(one_machine, workplace)


def test_the_container_holds_what_dist_makes():
    text = (FOLDER / "Containerfile").read_text()
    instructions = dict(re.findall(r"^([A-Z]+) (.*)$", text, re.MULTILINE))
    assert instructions["COPY"] == ". /opt/bert" and "/opt/bert/bin" in instructions["ENV"]
    assert instructions["WORKDIR"] == container("trials.yaml")["workingDir"]
    dist = (TOP / "pipeline/dist/dist.sh").read_text()
    assert "for profile in pipeline/profiles/*.toml" in dist and '> "$top/share/bert/profiles/$(basename "$profile")"' in dist
    assert f"--profile={PROFILES}/{NAME}.toml" in container("trials.yaml")["args"]
