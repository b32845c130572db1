"""The public surface is written down once, sorted, importable and documented."""

from __future__ import annotations

import pytest

import finsim
from finsim.documents import shipped


def test_all_is_sorted_and_complete() -> None:
    assert list(finsim.__all__) == sorted(set(finsim.__all__))
    assert set(dir(finsim)) >= set(finsim.__all__)


def test_every_public_name_loads_and_has_a_docstring() -> None:
    for name in finsim.__all__:
        assert getattr(finsim, name).__doc__, name


def test_files_are_read_from_their_class() -> None:
    assert finsim.Scenario.load("gfc-2008").id == "gfc-2008"
    assert finsim.Narrative.load("account_takeover").id == "account_takeover"
    assert finsim.RuleSet.load("ohlcv").id == "ohlcv"
    with pytest.raises(finsim.FinsimError, match="did you mean 'gfc-2008'"):
        finsim.Scenario.load("gcf-2008")
    with pytest.raises(finsim.FinsimError, match="did you mean 'account_takeover'"):
        finsim.Narrative.load("account_takover")


def test_prices_are_read_from_the_top() -> None:
    prices = finsim.read_prices(shipped("data") / "wiki_aapl_ibm_2000_2013.csv.gz")
    assert prices.assets == ("AAPL", "IBM")


def test_a_study_is_changed_by_name() -> None:
    study = finsim.load_study("quickstart")
    changed = study.with_scenarios("base", "gfc-2008").without_evidence()
    assert [choice.label for choice in changed.scenarios] == ["base", "gfc-2008"]
    assert not changed.evaluation.enabled
    assert study.evaluation.enabled
    for wrong in ((), ("base", "base")):
        with pytest.raises(finsim.FinsimError, match="scenario"):
            study.with_scenarios(*wrong)


def test_unknown_names_raise() -> None:
    assert not hasattr(finsim, "no_such_name")
