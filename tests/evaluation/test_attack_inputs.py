"""Broken, empty, tiny and one-sided tables: every metric of a table answers with scores."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from people_stand_ins import QUICK, as_case, people

from finsim.evaluation import METRICS
from finsim.evaluation.tables.column_pairs import Roles
from finsim.evaluation.uses import SHARE

DECLARED = Roles(
    id="id", time="when", label="bad", secrets=("job", "income", "void", "text", "nope"),
    groups=("sex", "age", "void", "jobs", "nope"),
)  # fmt: skip
SETTINGS = replace(QUICK, bootstrap=20)


def broken(rows: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = people(rows, seed)
    frame["constant"], frame["void"], frame["endless"] = 1.0, np.nan, np.inf
    frame["some endless"] = np.where(rng.random(rows) < 0.1, np.inf, 1.0)
    frame["text"] = [f"t{k}" for k in range(rows)]
    frame["none"] = pd.Series([None] * rows, dtype="object")
    frame["jobs"] = np.where(rng.random(rows) < 0.2, None, frame["job"])
    frame["holes"] = np.where(rng.random(rows) < 0.5, np.nan, frame["dti"])
    frame["huge"], frame["tiny"] = rng.choice([1e300, -1e300, 0], rows), rng.choice([1e-300, 0], rows)
    frame["id"] = rng.integers(0, max(rows // 3, 1), rows)
    days = np.datetime64("2020-01-01") + rng.integers(0, 900, rows)
    frame["when"] = days.astype("datetime64[ms]")
    frame.loc[frame.index[: rows // 10], "when"] = pd.NaT
    return frame


@pytest.mark.parametrize("sizes", [(400, 350, 300), (40, 40, 40), (1, 1, 1), (300, 10, 10), (150, 600, None)])
@pytest.mark.parametrize("roles", [Roles(), DECLARED, Roles(label="jobs", groups=("constant",))])
def test_every_metric_answers(sizes, roles):
    train, own, spare = (None if n is None else broken(n, k) for k, n in enumerate(sizes))
    whole = as_case(train, own, spare, roles, SETTINGS)
    lacking = [replace(one, spare=None) if one.name in ("income", "when") else one for one in whole.columns]
    for case in (whole, replace(whole, columns=tuple(lacking)), replace(whole, entity_spare=None)):
        for name in (*METRICS.of_use("table", SHARE), "group_gaps", "block_influence"):
            with np.errstate(divide="ignore", invalid="ignore"):
                scores = METRICS.load(name).compute(case)
            assert scores, name
            for score in scores:
                assert score.verdict == "pass" or score.reason, score
                assert score.verdict != "pass" or score.value is not None, score
