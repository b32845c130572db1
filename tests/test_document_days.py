"""Days as people write them: what they mean where they mean one day, and what is wrong with the others."""

from __future__ import annotations

import pytest

from finsim.document_days import DAY, day_words, read_day
from finsim.document_numbers import Misfit

EXAMPLE = "2026-01-31"


@pytest.mark.parametrize(
    ("written", "meant", "why"),
    [
        ("31.12.2025", "2025-12-31", ""),
        ("12/31/2025", "2025-12-31", ""),
        ("05.05.2026", "2026-05-05", ""),
        ("13 4 2026", "2026-04-13", ""),
        ("2026/1/5", "2026-01-05", ""),
        ("01/02/2026", EXAMPLE, ""),  # two days
        ("2025-02-30", "2025-02-28", "2025-02 has 28 days"),
        ("30.02.2024", "2024-02-29", "2024-02 has 29 days"),
        ("2026-00-10", EXAMPLE, "month from 1 to 12"),
        ("32.13.2026", EXAMPLE, "month from 1 to 12"),
        ("31.12.25", EXAMPLE, "year in four digits"),
        ("tomorrow", EXAMPLE, ""),
        (20260131, EXAMPLE, ""),
    ],
)
def test_the_day_that_was_meant(written: object, meant: str, why: str) -> None:
    expected, day = day_words(written)
    assert day == meant
    assert expected.startswith(DAY)
    assert why in expected
    assert why or expected == DAY
    if isinstance(written, str) and written != "tomorrow":
        with pytest.raises(Misfit) as caught:
            read_day(written)
        assert caught.value.remedy == f"write {meant}"


def test_a_day_is_taken_as_it_is() -> None:
    assert read_day("2024-02-29") == "2024-02-29"
    assert day_words("2024-02-29") == (DAY, "2024-02-29")
