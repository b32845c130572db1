"""Scenarios, rules and provenance as tables: curves, counts before and after repair, what was not tested."""

import sys
from pathlib import Path

import numpy as np
import pytest
from report_run import build, manifest_of

from finsim.report.figures.allowance_table import provision_table
from finsim.report.figures.capital_figure import capital_figure, capital_paths, capital_table
from finsim.report.figures.credit_data import read_credit
from finsim.report.figures.credit_figures import loss_table
from finsim.report.number_text import THIN, money
from finsim.report.page_elements import Cell, Command, Section, Table
from finsim.report.run_folder import RunFolder, open_folder
from finsim.report.sections import summary_section
from finsim.report.sections.provenance_section import limits_section, provenance_section, untested
from finsim.report.sections.rules_section import packs, rules_section
from finsim.report.sections.scenario_section import driver_figure, drivers, expectations, scenario_section


@pytest.fixture(scope="module")
def folder(run: Path) -> RunFolder:
    return open_folder(run, None)


def texts(table: Table) -> list[list[str]]:
    return [[cell.text if isinstance(cell, Cell) else cell for cell in row] for row in table.rows]


def test_drivers_are_those_of_the_tables(folder: RunFolder) -> None:
    found = drivers(folder)
    equity = found["equity_move"]["crash"]
    np.testing.assert_allclose(equity.values, [0.0, -0.2, -0.5, -0.3])
    assert "base" not in found["equity_move"]
    vol = found["vol_mult"]["crash"]
    assert vol.values[0] == 2.5
    assert vol.values[-1] == 1.0
    assert len(vol.values) < 140  # the rest of the 400 sessions is neutral
    assert found["unemployment"]["crash"].values[-1] == 5.0


def test_driver_panels_speak_of_the_furthest_point(folder: RunFolder) -> None:
    figure = driver_figure(folder)
    assert figure is not None
    described = {panel.title: panel.description for panel in figure.panels}
    assert "crash is furthest at \u221250.0 %" in described["equity, move from jump-off"]
    assert "5.00 pp" in described["unemployment: move"]


def test_expectations_are_counted(folder: RunFolder) -> None:
    table = expectations(folder)
    assert table is not None
    assert "1 claim met, 1 not met, 1 not measured" in table.caption
    assert [row[-1] for row in texts(table)] == ["met", "not met", "not measured"]


def test_what_acted_back_and_what_is_set_aside_at_year_ends_are_tables(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "feedback" not in rules_of(scenario_section(folder))
    acted = {"gain": 0.1234, "shortfall": [0.0, 1.5, 2.0], "added": {"unemployment": 0.81}}
    monkeypatch.setitem(folder.manifest["scenarios"]["crash"], "feedback", acted)
    (row,) = texts(rules_of(scenario_section(folder))["feedback"])
    assert row == ["crash", "0.12", f"2.0{THIN}%", "unemployment 0.81"]
    rows = [
        {"date": day, "stage": stage, "loans": 9, "balance": 1e4 * stage, "allowance": 50.0, "rwa": 600.0}
        for day, stage in (("2025-12-31", 1), ("2026-12-31", 1), ("2026-12-31", 2))
    ]
    books = {label: book for label in ("base", "crash") if (book := read_credit(folder, label))}
    assert provision_table(folder, books) is None
    facts = folder.manifest["scores"].setdefault("facts", {})
    monkeypatch.setitem(facts, "credit/crash", {**facts.get("credit/crash", {}), "provisions": rows})
    table = provision_table(folder, books)
    assert table is not None
    assert [row[:5] for row in texts(table)] == [["crash", "2026-12-31", "9", "9", "0"]]
    assert [row[5:] for row in texts(table)] == [
        [
            money(3e4, books["crash"].currency),
            money(100.0, books["crash"].currency),
            money(1200.0, books["crash"].currency),
        ]
    ]


def test_the_capital_path_is_a_plot_and_a_table_and_the_tail_says_where_it_was_read(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    books = {label: book for label in ("base", "crash") if (book := read_credit(folder, label))}
    assert capital_paths(folder, books) == {}
    facts = folder.manifest["scores"].setdefault("facts", {})
    quarter = {"income": 1e4, "loss": 5e4, "allowance_growth": 2e4, "capital": 7e5, "rwa": 8e6}
    days = ("2025-12-31", "2026-03-31", "2026-06-30")
    for label, ratios in (("base", (0.128, 0.13, 0.131)), ("crash", (0.128, 0.0875, 0.11))):
        path = [{"date": day, **quarter, "cet1_ratio": one} for day, one in zip(days, ratios, strict=True)]
        tail = {"sampling": "importance", "draws": 5000, "in_bad_years": 2000}
        monkeypatch.setitem(
            facts, f"credit/{label}", {**facts.get(f"credit/{label}", {}), "capital": path, "tail": tail}
        )
    paths = capital_paths(folder, books)
    drawn = capital_figure(folder, paths)
    said = drawn.panels[0].description.replace(THIN, " ")
    assert said == "CET1 ratio. base: lowest 12.8 %, end 13.1 %; crash: lowest 8.75 %, end 11.0 %."
    row = texts(capital_table(paths, books))[1]
    assert [cell.replace(THIN, " ") for cell in row[:4]] == ["crash", "8.75 %", "2026-03-31", "11.0 %"]
    currency = books["crash"].currency
    assert row[4:] == [money(one, currency) for one in (3e4, 1.5e5, 6e4, 8e6)]
    table = loss_table(folder, books)
    assert table is not None
    assert table.note.startswith("VaR and ES: the 5,000 draws and 2,000 more in bad years")


def rules_of(section: Section) -> dict[str, Table]:
    return {block.slug: block for block in section.blocks if isinstance(block, Table)}


def test_rules_show_breaches_and_fold_the_rest(folder: RunFolder) -> None:
    section = rules_section(folder)
    tables = rules_of(section)
    broken, held = tables["rules-market"], tables["rules-market-held"]
    assert texts(broken) == [["high-is-highest", "invariant", "9,600", "3 \u2192 0", "3 \u2192 0"]]
    assert [row[0] for row in texts(held)] == ["positive"]
    assert held.folded
    assert "found 6 breaches; after repair there are 0 of invariants" in section.lead


def test_a_broken_invariant_is_a_failure(tmp_path: Path) -> None:
    run = build(tmp_path / "run")
    manifest = manifest_of(run)
    manifest["rules"]["market/crash"]["rules"]["positive"] |= {"violations": 2, "after": 2}
    table = rules_of(rules_section(open_folder(run, manifest)))["rules-market"]
    marks = {row[0].text: [cell.mark for cell in row[3:]] for row in table.rows}  # type: ignore[union-attr]
    assert marks == {"high-is-highest": ["pass", "pass"], "positive": ["", "fail"]}
    assert packs(open_folder(run, {**manifest, "rules": {}})) == {}


def test_what_was_not_tested_is_said(folder: RunFolder) -> None:
    said = untested(folder)
    assert "leverage of IBM: too few rows." in said
    assert any(line.startswith("Metrics of the catalogue that did not run here: ") for line in said)
    assert any("Privacy is tested by copy checks only" in line for line in said)
    assert limits_section(folder).data["not_tested"] == said


def test_limits_say_of_attacks_what_the_scores_say(
    monkeypatch: pytest.MonkeyPatch, folder: RunFolder
) -> None:
    def said(*given: tuple[str, float | None]) -> list[str]:
        scores = [
            {"metric": name, "subject": "rows", "use": "share", "value": value, "reason": "none",
             "verdict": "pass" if value is not None else "not computed"}
            for name, value in given
        ]  # fmt: skip
        monkeypatch.setattr(sys.modules[untested.__module__], "scores_of", lambda run: scores)
        return untested(folder)

    attacked = said(("row_copies", 0.0), ("membership", 0.5), ("linkability", 0.1), ("group_gaps", 0.0))
    assert not any("copy checks only" in line or line == "Fairness was not tested." for line in attacked)
    assert any(
        line.startswith("Attacks on privacy that were run: membership, linkability. Not run: ")
        for line in attacked
    )
    assert "Fairness was tested by group gaps only." in attacked
    assert any("copy checks only" in line for line in said(("row_copies", 0.0), ("membership", None)))
    assert any(line.startswith("Privacy was not tested. Not run: ") for line in said(("margins", 0.0)))


def test_provenance_names_inputs_models_and_commands(folder: RunFolder) -> None:
    section = provenance_section(folder)
    tables = rules_of(section)
    assert texts(tables["inputs"])[0][:3] == [
        "prices", "shipped:wiki_aapl_ibm_2000_2013.csv.gz", "public domain",
    ]  # fmt: skip
    assert texts(tables["models"])[0][1:6] == ["flow", "width 32", "2,600", "40", "steps"]
    assert texts(tables["cost"])[-1][0] == "all"
    commands = [block.text for block in section.blocks if isinstance(block, Command)]
    assert commands[0] == "finsim verify ."
    assert commands[1].endswith("finsim verify ../again --against .")


def test_a_metric_is_untested_only_where_no_score_of_it_gave_an_answer(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = [
        ("bars", "hill", ("pass", "not computed")), ("bars", "drift", ("no power", "not computed")),
        ("loans", "hill", ("not computed",)), ("bars", "leverage", ("fail", "no power")),
    ]  # fmt: skip
    scores = [
        {"use": "backtest", "table": table, "metric": metric, "verdict": word}
        for table, metric, words in listed
        for word in words
    ]
    monkeypatch.setattr(summary_section, "scores_of", lambda run: scores)
    assert summary_section.untested(folder, "backtest") == "no power: drift; not computed: hill"


def test_a_card_rests_on_the_table_that_decides() -> None:
    tables = [
        {"table": "bars", "verdict": "pass", "n": 5, "weakest": "hill"},
        {"table": "loans", "verdict": "fail", "n": 1_009, "weakest": "row_copies"},
    ]
    found = summary_section._rests_on({"verdict": "fail", "tables": tables})
    assert found == "rests on n = 1,009; weakest score: row copies"
    assert summary_section._rests_on({"verdict": "warn", "tables": tables}) == ""


def test_tables_of_a_card_stand_by_their_verdict_the_worst_first() -> None:
    tables = [{"table": name, "verdict": word} for name, word in (("a", "pass"), ("b", "fail"), ("", "pass"))]
    found = summary_section._by_verdict({"tables": tables})
    assert found == [("fail", ["b"]), ("pass", ["a", "all tables"])]
    assert summary_section._by_verdict({"tables": tables[:1]}) == []
