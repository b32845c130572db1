"""The bundled ledger and its schema by name, and the quickstart that learns from it."""

from pathlib import Path

import pandas as pd
import pytest

import finsim
from finsim.engine.study.named_inputs import bundled_data, data_file, schema_path
from finsim.engine.study.study_file import load_study
from finsim.engine.study.study_resolution import agent_settings, resolve
from finsim.errors import StudyError

NAME = "amlsim_transfers"


def test_a_bundled_schema_goes_by_the_name_of_its_data(tmp_path: Path) -> None:
    found = schema_path(NAME, tmp_path)
    assert found == f"shipped:{NAME}.schema.yaml"
    assert data_file(schema_path(found, tmp_path)).is_file()
    assert bundled_data()[NAME].name == f"{NAME}.csv.gz"
    assert finsim.names("data")["data"][NAME].endswith("Apache-2.0")
    (tmp_path / NAME).write_text("finsim: schema/1\n", encoding="utf-8")
    assert schema_path(NAME, tmp_path) == str(tmp_path / NAME)  # a file of one's own comes first
    for wrong in ("german_credit", "../data/" + NAME):
        with pytest.raises(StudyError, match="no schema file"):
            schema_path(wrong, tmp_path)


def test_the_ledger_is_what_its_page_says() -> None:
    rows = pd.read_csv(finsim.example_data(NAME))
    assert len(rows) == 92_737
    assert rows["time"].min() == 31
    assert rows["time"].max() == 120
    assert len(set(rows["sourceNodeId"]) | set(rows["targetNodeId"])) == 19_953
    assert rows.groupby("sourceNodeId")["value"].nunique().max() == 1
    assert not rows.duplicated(["sourceNodeId", "targetNodeId"]).any()


def test_the_quickstart_learns_all_three_bodies() -> None:
    study = load_study("quickstart")
    assert study.market
    assert study.transactions
    assert study.credit
    assert study.transactions.data == f"shipped:{NAME}.csv.gz"
    assert study.credit.generator
    assert study.credit.generator.name == "bayes"
    assert len(study.transactions.narratives) >= 3
    settings = agent_settings(resolve(study.only("transactions").scaled(0.05)))
    assert (settings.accounts, settings.days, settings.currency) == (1_000, 90, "USD")
