"""Columns of a schema that are not there, roles that cannot be played, entities of odd types: refused."""

import numpy as np
import pandas as pd
import pytest

import finsim
from finsim.errors import DataError, StudyError

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("cells")
    pd.DataFrame(
        {"amount": np.round(np.exp(RNG.normal(5, 1, 200)), 2), "term": RNG.choice([12, 24], 200)}
    ).to_csv(place / "t.csv", index=False)
    pd.DataFrame({
        "card": RNG.choice([f"C{k}" for k in range(20)], 200), "paid": RNG.normal(50, 5, 200).round(2),
        "ts": pd.Timestamp("2024-01-01") + pd.to_timedelta(RNG.integers(0, 99, 200), unit="D"),
        "seen": pd.Timestamp("2024-01-01") + pd.to_timedelta(RNG.integers(0, 99, 200), unit="D"),
        "score": RNG.normal(0, 1, 200).round(3),
    }).to_csv(place / "cards.csv", index=False)  # fmt: skip
    return place


def _schema(folder, columns, kind="table"):
    file = folder / f"{abs(hash(columns))}.yaml"
    file.write_text(f"finsim: schema/1\nkind: {kind}\ncolumns:\n{columns}", encoding="utf-8")
    return file


def test_an_absent_column_with_a_default_is_left_out(folder):
    schema = _schema(
        folder, "  amount: {type: money, ccy: EUR}\n  x: {type: int, optional: true, default: 3}\n"
    )
    model = finsim.fit(folder / "t.csv", "bayes", kind="table", schema=schema, progress=False)
    assert model.form.order == ("amount",)


def test_a_declared_column_that_is_not_there_is_refused(folder):
    schema = _schema(folder, "  amount: {type: money, ccy: EUR}\n  months: {from: trm, type: int}\n")
    with pytest.raises(DataError, match=r"(?s)no column 'trm' for 'months'.*did you mean 'term'"):
        finsim.fit(folder / "t.csv", "bayes", kind="table", schema=schema, progress=False)
    with pytest.raises(DataError, match=r"(?s)no column 'trm' for 'months'.*did you mean 'term'"):
        finsim.evaluate(folder / "t.csv", folder / "t.csv", kind="table", schema=schema, progress=False)


def test_roles_of_two_columns_and_of_odd_types_are_refused_together(folder):
    schema = _schema(
        folder,
        "  card: {type: id, role: from_account}\n  ts: {type: ts, role: date}\n"
        "  seen: {type: ts, role: date}\n"
        "  paid: {type: money, ccy: EUR, role: amount}\n  score: {type: float, role: merchant}\n",
        "payments",
    )
    with pytest.raises(DataError, match="'ts' and 'seen' both have the role date") as found:
        finsim.fit(folder / "cards.csv", "habits", schema=schema, progress=False)
    assert "column 'score': is of type float; expected id or cat or int or bool" in str(found.value)


@pytest.mark.parametrize("name", ["paid", "score", "seen"])
def test_an_entity_is_words_or_whole_numbers(folder, name):
    with pytest.raises(StudyError, match=f"fit: id: column '{name}' holds .*words or whole numbers"):
        finsim.fit(folder / "cards.csv", "habits", kind="events", id=name, time="ts", progress=False)


@pytest.fixture(scope="module")
def model(folder):
    return finsim.fit(folder / "t.csv", "bayes", kind="table", progress=False)


def test_arguments_without_effect_are_refused(folder, model):
    with pytest.raises(StudyError) as found:
        finsim.fit(folder / "t.csv", "bayes", kind="table", unit="row", delta=1e-3, progress=False)
    assert [one.place for one in found.value.problems] == ["fit: delta", "fit: unit"]
    with pytest.raises(StudyError) as found:
        finsim.sample(
            model, rows=2, csv="sep=;", schema=_schema(folder, "  a: {type: int}\n"), progress=False
        )
    assert [one.remedy for one in found.value.problems] == ["leave schema out", "leave csv out"]


@pytest.mark.parametrize("part", [
    "transactions: {data: cards.csv, body: {name: habits, steps: 5}}",
    "credit: {data: german_credit, generator: {name: bayes, steps: 3}}",
])  # fmt: skip
def test_steps_of_a_body_without_training_are_refused(folder, part):
    file = folder / "study.yaml"
    head = "finsim: study/1\nid: z\ntitle: t\nseed: 7\nstart: 2025-12-31\nscenarios: [base]\n"
    file.write_text(head + part + "\n", encoding="utf-8")
    with pytest.raises(StudyError, match="is not trained in steps"):
        finsim.plan(file)
