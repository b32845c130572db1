"""No column of the payments that is no label tells illicit rows by itself."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.metrics import roc_auc_score

from finsim.agents.simulate import simulate
from finsim.engine.study.study_file import study_of
from finsim.engine.study.study_resolution import agent_settings, resolve
from finsim.records.columns import KEY, LABEL, facts_of, with_roles
from finsim.records.transactions import FEATURE_SCHEMA, LABEL_SCHEMA, TRANSACTION_SCHEMA

pytestmark = pytest.mark.sweep

MOST = 0.75
STORIES = [
    "card_testing_escalation", "account_takeover", "app_scam_mule_chain", "scatter_gather_structuring",
    "payroll_fan_out", "marketplace_gather_scatter",
]  # fmt: skip


@pytest.fixture(scope="module")
def rows() -> pa.Table:
    """Return the payments of 10,000 simulated accounts: fraud, laundering and decoys at their own rates."""
    part = {"accounts": 10_000, "banks": 5, "days": 90, "narratives": STORIES}
    plan = resolve(study_of({"finsim": "study/1", "id": "features", "transactions": part}))
    return simulate(agent_settings(plan), plan.streams).rows


def separation(rows: pa.Table, name: str) -> float:
    """Return the AUC of one column, in the better direction; of words by their rate in other schemes."""
    illicit = np.asarray(rows["is_fraud"]) | np.asarray(rows["is_laundering"])
    column = rows[name]
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    if pa.types.is_dictionary(column.type) or pa.types.is_boolean(column.type):
        words = column.cast(pa.string()).fill_null("none").to_numpy(zero_copy_only=False)
        rng = np.random.default_rng(0)
        instance = rows["instance"].to_numpy()
        order = np.unique(instance, return_inverse=True)[1]
        seen = np.where(
            instance >= 0, (rng.random(order.max() + 1) < 0.5)[order], rng.random(len(order)) < 0.5
        )
        rate = pd.Series(illicit[seen].astype(float)).groupby(words[seen]).agg(["sum", "count"])
        score = (rate["sum"] + illicit.mean()) / (rate["count"] + 1)
        values = pd.Series(words[~seen]).map(score).fillna(illicit.mean()).to_numpy()
        return float(roc_auc_score(illicit[~seen], values))
    found = float(roc_auc_score(illicit, column.to_numpy()))
    return max(found, 1 - found)


def test_no_feature_and_no_key_tells_illicit_rows(rows: pa.Table) -> None:
    illicit = np.asarray(rows["is_fraud"]) | np.asarray(rows["is_laundering"])
    assert illicit.sum() > 500
    found = {name: separation(rows, name) for name in FEATURE_SCHEMA.names}
    assert {name: round(value, 3) for name, value in found.items() if value > MOST} == {}


def test_the_measure_sees_what_gives_the_answer_away(rows: pa.Table) -> None:
    for name in ("_fs_src", "_fs_seq", "instance", "narrative", "phase"):
        assert separation(rows, name) > 0.99, name
        assert facts_of(TRANSACTION_SCHEMA.field(name))["role"] == LABEL
    assert separation(rows, "purpose") > separation(rows, "category")


def test_labels_lie_apart() -> None:
    labels = with_roles(TRANSACTION_SCHEMA, LABEL)
    assert LABEL_SCHEMA.names == ["tx_id", *labels]
    assert not set(labels) & set(FEATURE_SCHEMA.names)
    assert "tx_id" in with_roles(FEATURE_SCHEMA, KEY)
    assert {"is_fraud", "is_laundering", "instance", "_fs_src", "_fs_seq", "order_id"} <= set(labels)
