"""Every Parquet file opens in DuckDB and pandas, with the same content in both."""

import duckdb
import pandas
import pytest

COLUMNS = {
    "raw": ["id", "sentence_id", "text", "label", "score", "is_root", "depth", "source_file", "source_line"],
    "tokens": ["id", "sentence_id", "input_ids", "label"],
    "eval": ["id", "sentence_id", "label", "prediction", "probabilities", "logits"],
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_duckdb_and_pandas_read_the_same(run, kind):
    path = {"raw": run.raw / "test.parquet", "tokens": run.tokens / "test.parquet",
            "eval": run.evaluation("test") / "predictions.parquet"}[kind]
    frame = pandas.read_parquet(path)
    assert list(frame.columns) == COLUMNS[kind]
    rows = duckdb.sql(f"SELECT count(*), sum(id), sum(label) FROM '{path}'").fetchall()[0]
    assert rows == (len(frame), frame.id.sum(), frame.label.sum())


def test_a_join_gives_the_texts_of_the_errors(run):
    query = f"""
        SELECT text FROM '{run.raw}/test.parquet' raw JOIN '{run.evaluation("test")}/predictions.parquet' p USING (id)
        WHERE p.label <> p.prediction
    """
    n_errors = len(duckdb.sql(query).fetchall())
    metrics = run.metrics("test")
    assert n_errors == round(metrics["n"] * (1 - metrics["accuracy"]))
