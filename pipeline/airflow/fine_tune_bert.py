"""The pipeline as a DAG: every stage a task, the trials of the search and the shards of the prediction mapped tasks.

    dataset ─┬─► tokenize ─┬─► train ─► eval_validation ─► eval_test ─► export ─► predict (shards) ─► answers
    model ───┘             └─► runs ──► trial (each) ─► table

Copy this file and stage_operator.py into the folder of DAGs; the delay between tries is Airflow's own (default_task_retry_delay). A
task that is tried again goes on where it was, and a run of the whole DAG in which nothing changed finds everything fresh.
"""

from airflow.sdk import DAG, Param, TriggerRule, task
from stage_operator import StageOperator

PROFILE = "{{ params.profile }}"
NAME = "{{ params.name }}"
RAW, MODEL, TOKENS, RUN = (f"data/raw/{NAME}", f"data/models/{NAME}", f"data/tokens/{NAME}", f"data/runs/{NAME}")
SEARCH = ["--profile", PROFILE, "--tokens", TOKENS, "--model", MODEL, "--out", f"{RUN}/sweep"]


def stage(task_id, program, *arguments, **kwargs):
    return StageOperator(task_id=task_id, program=program, arguments=[*arguments], **kwargs)


with DAG(
    dag_id="fine_tune_bert",
    schedule=None,
    params={
        "programs": Param("/usr/local/bin", type="string", description="folder of the programs"),
        "workplace": Param("/data/bert", type="string", description="folder that all workers see; relative paths begin there"),
        "profile": Param("pipeline/profiles/quickstart-sweep.toml", type="string"),
        "name": Param("quickstart-sweep", type="string", description="name of the folders below data/"),
        "texts": Param("data/raw/quickstart-sweep/test.parquet", type="string", description="what is predicted"),
        "shards": Param(2, type="integer", minimum=1),
        "rows_per_part": Param(16384, type="integer", minimum=1),
    },
    default_args={"retries": 3},
) as dag:
    dataset = stage("dataset", "sst-fetch", "dataset", "--profile", PROFILE, "--out", RAW)
    model = stage("model", "sst-fetch", "model", "--profile", PROFILE, "--out", MODEL)
    tokenize = stage("tokenize", "sst-tokenize", "--profile", PROFILE, "--raw", RAW, "--model", MODEL, "--out", TOKENS)
    [dataset, model] >> tokenize

    # The search.
    runs = stage("runs", "bert-sweep", "list", *SEARCH, expects=("fresh", "unfinished"))
    tokenize >> runs

    @task
    def indices(summary):
        return [["--index", str(index)] for index in range(summary["figures"]["runs"])]

    trial = StageOperator.partial(task_id="trial", program="bert-sweep", arguments=["trial", *SEARCH]).expand(more=indices(runs.output))
    # A trial that failed for good is a row of the table, as it is when bert-sweep runs the trials itself.
    table = stage("table", "bert-sweep", "collect", *SEARCH, trigger_rule=TriggerRule.ALL_DONE)
    trial >> table

    # One training, its evaluation and its export.
    train = stage("train", "bert-finetune", "--profile", PROFILE, "--tokens", TOKENS, "--model", MODEL, "--out", f"{RUN}/train")
    tokenize >> train
    evaluate = ["--profile", PROFILE, "--run", f"{RUN}/train", "--tokens", TOKENS, "--raw", RAW]
    eval_validation = stage("eval_validation", "bert-eval", *evaluate, "--split", "validation", "--out", f"{RUN}/eval/validation")
    # The temperature of a classifier; of regression there is none.
    calibrated = {"if_there": [("--calibration", f"{RUN}/eval/validation/calibration.json")]}
    eval_test = stage("eval_test", "bert-eval", *evaluate, "--split", "test", "--out", f"{RUN}/eval/test", **calibrated)
    export = stage(
        "export", "bert-export", "--profile", PROFILE, "--run", f"{RUN}/train", "--tokens", TOKENS, "--raw", RAW, "--base-model", MODEL,
        "--eval", f"{RUN}/eval/validation,{RUN}/eval/test", "--out", f"{RUN}/export", **calibrated,
    )  # fmt: skip
    train >> eval_validation >> eval_test >> export

    # Prediction.
    @task
    def shards(params):
        return [["--shard", f"{index}/{params['shards']}"] for index in range(1, params["shards"] + 1)]

    answers = f"{RUN}/answers"
    texts = ["--input", "{{ params.texts }}", "--rows-per-part", "{{ params.rows_per_part }}"]
    predict = StageOperator.partial(
        task_id="predict", program="bert-predict", arguments=["--model", f"{RUN}/export/hf", *texts, "--out", answers]
    ).expand(more=shards())
    export >> predict >> stage("answers", "bert-predict", "--collect", answers)
