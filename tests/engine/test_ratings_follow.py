"""An outcome, and a grade that a rate says: rows are weighted so that the grade follows the rest."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import finsim
from finsim.engine.learned import table_model
from finsim.engine.learned.table_model import _rating
from finsim.generators.tables.boosting import learnable_outcome, outcome_tilt, row_ratio
from finsim.generators.tables.boosting.label_law import LARGE_ROWS, MOST_CLASSES
from finsim.records.mixed_table import WORD, MixedColumn, MixedTable
from finsim.tables import Field

ROWS = 900


def _tape(rows=ROWS):
    rng = np.random.default_rng(4)
    score = rng.normal(680, 40, rows).round()
    grade = 4 - np.digitize(score + rng.normal(0, 25, rows), [620, 660, 700, 740])
    sub = 2 * grade + rng.integers(0, 2, rows)
    bad = rng.random(rows) < np.array([0.01, 0.03, 0.06, 0.12, 0.25])[grade]
    return pd.DataFrame({
        "score": score, "income": np.exp(rng.normal(10.5, 0.5, rows)).round(-2),
        "sub_grade": [f"{'ABCDE'[one // 2]}{1 + one % 2}" for one in sub],
        "grade": np.array(list("ABCDE"))[grade], "interest_rate": 5.0 + 1.5 * sub,
        "loan_status": np.where(bad, "default", "paid"),
    })  # fmt: skip


@pytest.fixture(scope="module")
def model():
    with pytest.MonkeyPatch.context() as patched:  # few rows and no search for a sharpness: quicker
        patched.setattr(table_model, "LARGE_ROWS", ROWS)
        patched.setattr(outcome_tilt, "LARGE_ROWS", ROWS)
        patched.setattr(learnable_outcome, "MOST_ROWS", ROWS)
        patched.setattr(row_ratio, "SMALL_DRAWN", 2)
        return finsim.fit(_tape(), "bayes", kind="table", seed=2, progress=False)


def test_a_grade_beside_the_outcome_is_weighted_by(model):
    settings, law = model.generator.settings, model.generator.law
    assert (settings.label, settings.rating) == ("loan_status", "grade")
    assert law.tilt is not None
    names = list(model.generator.columns)
    for one in (*law.tilt.real.odds, *law.tilt.drawn.odds):
        asks = one.column[one.bound < one.bound.max()] if one.bound.size else one.column
        # What says the grade, and the outcome, which is drawn later, are not asked.
        assert not {names.index("loan_status"), names.index("grade")} & set(asks.ravel().tolist())
    assert law.tilt.real.column == names.index("grade")


def test_the_grade_still_follows_the_sub_grade_and_its_rates_are_kept(model):
    rows = finsim.sample(model, rows=8_000, seed=3, progress=False).to_pandas()
    assert (rows["sub_grade"].str[0] == rows["grade"]).all()
    assert list(rows) == list(_tape(100))
    real = _tape().groupby("grade")["loan_status"].apply(lambda one: (one == "default").mean())
    made = rows.groupby("grade")["loan_status"].apply(lambda one: (one == "default").mean())
    size = _tape().groupby("grade").size()
    assert (np.abs(made - real) < 1.5 * np.sqrt(real * (1 - real) / size) + 0.004).all()


def _asked(rows=LARGE_ROWS, words=5, label="loan_status", kind=WORD, **fields):
    data = SimpleNamespace(fields=fields or {"grade": Field("text")}, roles=SimpleNamespace(label=label))
    codes = (np.arange(rows) % words).astype(np.int32)
    column = MixedColumn(WORD, codes, tuple(f"w{k}" for k in range(words)))
    return _rating(data, MixedTable(dict.fromkeys(data.fields, column), rows))


def test_which_column_is_a_grade():
    assert _asked() == "grade"
    assert _asked(klasse=Field("text", role="grade")) == "klasse"
    assert _asked(klasse=Field("text", source="grade")) == "klasse"
    assert _asked(grade=Field("text", role="none")) == ""
    assert _asked(words=MOST_CLASSES) == "grade"
    assert _asked(words=MOST_CLASSES + 1) == ""
    assert _asked(rows=LARGE_ROWS - 1) == ""
    assert _asked(label="grade") == ""
    assert _asked(purpose=Field("text")) == ""
