"""Sizes of a study have limits that are found while the file is read; its names are names."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from finsim import documents
from finsim.credit.reference_parameters import CLASSES
from finsim.engine.answers.stress_answer import unread_lines
from finsim.engine.answers.unread_drivers import unread_remarks
from finsim.engine.study.named_inputs import data_file
from finsim.engine.study.study_file import study_of
from finsim.engine.study.study_resolution import resolve
from finsim.errors import StudyError
from finsim.records.fixed_words import LOAN_CLASSES

STUDY: dict[str, Any] = {
    "id": "s",
    "market": {"data": "wiki_aapl_ibm_2000_2013", "generator": {"name": "bootstrap"}},
    "transactions": {"accounts": 400, "days": 10, "narratives": [{"name": "account_takeover"}]},
    "credit": {"data": "german_credit"},
}


def changed(place: str, value: Any) -> dict[str, Any]:
    first, *rest = place.split(".")
    found = {**STUDY}
    if not rest:
        return {**found, first: value}
    inner = {**found.get(first, {})}
    if len(rest) == 2:
        inner[rest[0]] = {**inner.get(rest[0], {}), rest[1]: value}
    else:
        inner[rest[0]] = value
    return {**found, first: inner}


LIMITS = {
    "market.paths": 10_000_000,
    "market.sessions": 100_000,
    "market.shard_paths": 10_000_000,
    "market.generator.steps": 100_000_000,
    "transactions.accounts": 100_000_000,
    "transactions.days": 3_660,
    "credit.loans": 1_000_000_000,
    "credit.months": 600,
    "credit.draws": 1_000_000_000,
    "credit.shard_loans": 1_000_000_000,
    "evaluation.bootstrap": 100_000,
    "evaluation.judge_refits": 1_000,
    "evaluation.judge_iterations": 1_000_000,
}


@pytest.mark.parametrize(("place", "most"), LIMITS.items())
def test_a_slip_of_the_keyboard_is_refused_and_the_limit_is_taken(place: str, most: int) -> None:
    study_of(changed(place, most))
    for value in (most + 1, most * 1000, 10**18, 10**30):
        with pytest.raises(StudyError, match=f"at most {most:,}") as caught:
            study_of(changed(place, value))
        assert place.rpartition(".")[2] in caught.value.problems[0].place


@pytest.mark.parametrize("key", ["rate", "count"])
def test_schemes_of_a_narrative_have_a_limit(key: str) -> None:
    for value, is_fine in ((999_999, True), (10**6, False), (10**12, False)):
        study = changed("transactions.narratives", [{"name": "account_takeover", key: value}])
        if is_fine:
            study_of(study)
        else:
            with pytest.raises(StudyError, match="999,999"):
                study_of(study)


def test_a_larger_scale_keeps_the_limits() -> None:
    study = study_of(changed("market.paths", 9_000_000))
    assert study.scaled(1.1).market.paths == 9_900_000  # type: ignore[union-attr]
    with pytest.raises(StudyError, match="10,000,000"):
        study.scaled(2)


@pytest.mark.parametrize("start", ["0001-01-01", "1600-01-01", "1899-12-31", "2201-01-01", "9999-12-31"])
def test_starts_outside_of_1900_to_2200_are_refused_by_plan(start: str) -> None:
    with pytest.raises(StudyError, match="1900 to 2200"):
        resolve(study_of({**STUDY, "start": start}))


def test_worlds_end_before_64_bits_of_nanoseconds_do() -> None:
    with pytest.raises(StudyError, match="before 2262"):
        resolve(study_of({**changed("market.sessions", 20_000), "start": "2200-01-01"}))


@pytest.mark.parametrize(
    "name", ["../../escaped", "a/b", "", ".hidden", "..", "a\0b", "x" * 65, "a\n", "a b", "é", "a\\b", "-o/x"]
)
def test_ids_of_studies_are_names_of_folders(name: str) -> None:
    with pytest.raises(StudyError) as caught:
        study_of({**STUDY, "id": name})
    assert "id" in caught.value.problems[0].place


def test_ids_of_many_kinds_are_taken() -> None:
    for name in ("a", "x" * 64, "q4.2026_base-1", "2026", "_a"):
        assert study_of({**STUDY, "id": name}).id == name


@pytest.mark.parametrize("name", ["../../../../etc/passwd", "/etc/passwd", "a/b", "..", "", "a\0", "..\\x"])
def test_bundled_names_have_no_folders(name: str) -> None:
    with pytest.raises(StudyError, match="bundled file"):
        data_file(f"shipped:{name}")
    with pytest.raises(StudyError):
        study_of(changed("credit.data", f"shipped:{name}"))
    with pytest.raises(StudyError):
        study_of(changed("credit.schema", f"shipped:{name}"))


def test_a_narrative_and_its_file_are_one_story_listed_twice() -> None:
    file = documents.shipped("scenarios/narratives") / "account_takeover.yaml"
    with pytest.raises(StudyError, match="listed twice"):
        study_of(changed("transactions.narratives", ["account_takeover", str(file)]))


def test_what_no_world_reads_is_a_remark_of_plan() -> None:
    market = {"id": "s", "market": STUDY["market"], "scenarios": ["gfc-2008"]}
    told = unread_remarks(resolve(study_of(market)))
    assert told == [
        "liquidity.depth_mult of gfc-2008 moves no table: no table of a run shows depth",
        "liquidity.spread_mult of gfc-2008 moves no table: these prices have no bid and ask",
    ]
    run = SimpleNamespace(
        manifest={"study": {"resolved": study_of(market).model_dump(mode="json")}}, path=Path("r")
    )
    assert unread_lines(run) == [f"unread: {line}" for line in told]  # type: ignore[arg-type]
    payments = {
        "id": "s",
        "transactions": {"accounts": 400, "days": 9},
        "scenarios": ["black-monday-1987", "base"],
    }
    assert unread_remarks(resolve(study_of(payments))) == [
        "black-monday-1987 moves what only market would read: it moves no table here"
    ]


def test_words_of_loans_are_one_list() -> None:
    assert tuple(CLASSES) == LOAN_CLASSES
