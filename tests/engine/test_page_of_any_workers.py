"""The page of a run is the same for any number of workers, but for what the run cost and when it was made."""

from __future__ import annotations

import json
import re

import pytest

from finsim.engine.finished_run import Run
from finsim.engine.run import Work, run
from finsim.engine.study.study_file import Study
from finsim.report.page import page_text

pytestmark = pytest.mark.sweep

COST = re.compile(r'<(td|span) class="(r|big|quiet)">\s*[\d.,]+( m?s)?( a million rows)?\s*')
COSTS = re.compile("In numbers|Where it comes from")
DATE = re.compile(r'<td class="l">\s*\d{4}-\d\d-\d\dT[\d:+]+\s*')


def test_the_page_differs_in_its_cost_and_date_alone(tiny: Study, finished: Run, tmp_path) -> None:
    other = run(tiny, output=tmp_path / "two", work=Work(2))
    one, two = page_text(finished.path), page_text(other.path)
    assert for_machines(one) == for_machines(two)
    pieces = [told(page) for page in (one, two)]
    assert len(pieces[0]) == len(pieces[1]) > 1_000
    differing = [pair for pair in zip(*pieces, strict=True) if len(set(pair)) == 2]
    assert [pair for pair in differing if not all(is_cost_or_date(*piece) for piece in pair)] == []
    assert len(differing) <= 14


def told(page: str) -> list[tuple[str, str]]:
    """Return each element of a page behind its heading, but for what it holds for machines."""
    heading, found = "", []
    for piece in re.split("(?=<)", page):
        heading = piece if piece.startswith("<h2") else heading
        if "finsim-report" not in piece:
            found.append((heading, piece))
    return found


def is_cost_or_date(heading: str, piece: str) -> bool:
    return bool(DATE.fullmatch(piece) or (COSTS.search(heading) and COST.fullmatch(piece)))


def for_machines(page: str) -> object:
    """Return what a page holds for machines, without the CPU seconds."""
    found = re.search(r'id="finsim-report">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return without_cost(json.loads(found[1]))


def without_cost(told: object) -> object:
    if isinstance(told, dict):
        return {name: without_cost(one) for name, one in told.items() if not name.startswith("cpu_seconds")}
    return [without_cost(one) for one in told] if isinstance(told, list) else told
