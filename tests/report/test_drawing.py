"""SVG made fit for the page, colours that can be read, numbers as text, places on the forest's axis."""

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from finsim.evaluation import METRICS
from finsim.report.colors import COLOURS, SERIES, diverging, drawn, ink_on, sequential
from finsim.report.number_text import (
    level,
    listing,
    money,
    number,
    percent,
    plural,
    rounded,
    signed_percent,
    spoken,
    tick,
)
from finsim.report.sections.metric_notes import note_of
from finsim.report.sections.scenario_section import _curve
from finsim.report.sections.scorecard_section import SPAN, more_is_better, place, strip
from finsim.report.svg_figure import drawing, inline, panel


def luminance(colour: str) -> float:
    """Relative luminance of sRGB, WCAG 2.2."""
    channels = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [0, 1])
def test_text_and_lines_stand_out(theme: int) -> None:
    """WCAG 2.2: 4.5 for text, 3 for parts of a drawing."""
    for ground in ("page", "raised"):
        for name in ("ink", "quiet", "pass", "warn", "fail", "none", "base"):
            assert contrast(COLOURS[name][theme], COLOURS[ground][theme]) >= 4.5, (name, ground)
        for name in (*SERIES, "stress", "real"):
            assert contrast(COLOURS[name][theme], COLOURS[ground][theme]) >= 3.0, (name, ground)


@pytest.mark.parametrize("theme", [0, 1])
def test_text_on_a_step_can_be_read(theme: int) -> None:
    for step in [f"{kind}{k}" for kind in "hd" for k in range(9)]:
        assert contrast(COLOURS[ink_on(step)][theme], COLOURS[step][theme]) >= 4.5, step


@pytest.mark.parametrize("theme", [0, 1])
def test_the_sequential_scale_goes_one_way(theme: int) -> None:
    steps = [luminance(COLOURS[f"h{k}"][theme]) for k in range(9)]
    assert steps == sorted(steps, reverse=theme == 0)


def test_placeholders_are_distinct() -> None:
    assert len({pair[0] for pair in COLOURS.values()}) == len(COLOURS)


def test_steps_of_the_scales() -> None:
    assert [sequential(v) for v in (0.0, 0.5, 0.999, 1.0, 3.0, -1.0)] == ["h0", "h4", "h8", "h8", "h8", "h0"]
    assert [diverging(v) for v in (-1.0, -0.04, 0.0, 0.1, 1.0, 9.0)] == ["d0", "d4", "d4", "d4", "d8", "d8"]


def picture(slug: str = "a") -> str:
    def draw(axes: Any) -> None:
        axes.plot([0, 1], [0, 2], color=drawn("base"))
        axes.scatter([0, 1], [1, 2], color=drawn("c1"))
        axes.set_title('less < "more" & all')

    with drawing():
        return panel(slug, "t", 'says "x" < y', draw).svg


def test_svg_is_clean() -> None:
    svg = picture()
    assert svg.startswith('<svg viewBox="0 0 430 268" role="img" aria-label="says &quot;x&quot; &lt; y"')
    assert "less &lt; " in svg
    assert "var(--base)" in svg
    assert "var(--c1)" in svg
    for unwanted in ("<?xml", "<!--", "metadata", "font-family", "xlink", "<g></g>", "\n"):
        assert unwanted not in svg
    assert not re.search(r"\d\.\d{3}", svg)


def test_numbers_in_text_are_not_rounded() -> None:
    def draw(axes: Any) -> None:
        axes.text(0.5, 0.5, "0.0012345")

    with drawing():
        svg = panel("a", "t", "exactly 0.00678", draw).svg
    assert ">0.0012345<" in svg
    assert 'aria-label="exactly 0.00678"' in svg


def test_svg_ids_are_its_own() -> None:
    one, two = picture("one"), picture("two")
    ids = [set(re.findall(r' id="([^"]+)"', svg)) for svg in (one, two)]
    assert all(ids)
    assert not ids[0] & ids[1]
    for svg, own in zip((one, two), ids, strict=True):
        assert set(re.findall(r'(?:href="#|url\(#)([^")]+)', svg)) == own


def test_drawing_twice_gives_the_same_text() -> None:
    assert picture() == picture()


def test_svg_without_a_size_is_refused() -> None:
    with pytest.raises(ValueError, match="viewBox"):
        inline("<svg></svg>", "a", "b")


def test_drawing_leaves_matplotlib_as_it_was() -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    picture()
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (number(0.0123456), "0.0123"),
        (number(-1234.5), "\u22121,234"),
        (number(0), "0"),
        (number(None), "\u2013"),
        (number(float("nan")), "\u2013"),
        (number(1.5e-7), "1.50e\u221207"),
        (percent(0.0123), "1.23\u202f%"),
        (level(0.999), "99.9\u202f%"),
        (signed_percent(-0.578), "\u221257.8\u202f%"),
        (money(123456), "1,235"),
        (money(123, "USD"), "1.23\u202fUSD"),
        (money(123_456_789_00, "USD"), "123.5\u202fm\u202fUSD"),
        (plural(1, "row"), "1 row"),
        (plural(0, "row"), "no rows"),
        (plural(2000, "breach", "breaches"), "2,000 breaches"),
        (listing(["a"]), "a"),
        (listing(["a", "b", "c"]), "a, b and c"),
        (listing(list("abcdef")), "a, b, c, d and 2 more"),
        (tick(-20.0, " %"), "\u221220 %"),
        (tick(0.5, "×"), "0.5×"),
        (spoken("best identifier: order_id"), "best identifier: order id"),
        (spoken("fraud:card_testing"), "fraud: card testing"),
    ],
)
def test_numbers_as_text(text: str, wanted: str) -> None:
    assert text == wanted


def test_rounded_is_json() -> None:
    import numpy as np

    data = {"a": np.array([1.23456789, np.nan]), "b": (np.int64(3), True, None, "x")}
    assert rounded(data) == {"a": [1.23457, None], "b": [3, True, None, "x"]}


def score(
    value: float | None, goal: float | None, verdict: str = "pass", direction: str = "lower"
) -> dict[str, Any]:
    figures = {"value": value, "low": value, "high": value, "floor": 0.0, "ceiling": None, "goal": goal}
    return {"metric": "hill", "direction": direction, "verdict": verdict, **figures}


@given(st.floats(1e-6, 1e6), st.floats(1e-6, 1e6))
def test_better_is_to_the_left(value: float, goal: float) -> None:
    assume(value == goal or abs(value / goal - 1) > 1e-12)  # closer figures are drawn on the goal itself
    at = place(value, goal, inverted=False)
    assert at is not None
    assert 0.0 <= at <= 1.0
    assert (at <= 0.5) == (value <= goal)
    turned = place(value, goal, inverted=True)
    assert turned is not None
    assert (turned <= 0.5) == (value >= goal)


def test_places_of_special_figures() -> None:
    assert place(0.5, 0.5, False) == 0.5
    assert place(0.5 * SPAN, 0.5, False) == pytest.approx(1.0)
    assert place(0.5 / SPAN, 0.5, False) == pytest.approx(0.0)
    assert place(0.0, 0.0, False) == 0.0
    assert place(3.0, 0.0, False) == 1.0
    assert place(None, 0.5, False) is None
    assert place(0.5, None, False) is None


def test_direction_of_a_score() -> None:
    assert not more_is_better(score(0.1, 0.2))
    assert more_is_better(score(0.99, 0.01, "warn", "higher"))
    assert more_is_better(score(0.001, 0.01, "fail", "higher"))
    assert not more_is_better(score(12.0, 10.0, "pass", "target"))
    assert not more_is_better(score(12.0, 10.0, "pass", "neither"))


@pytest.mark.parametrize("verdict", ["pass", "warn", "fail", "not computed"])
def test_strip_shows_form_beside_colour(verdict: str) -> None:
    svg = strip(score(None if verdict == "not computed" else 0.4, 0.2, verdict))
    forms = {"pass": "<circle", "warn": "<path", "fail": "<path", "not computed": None}
    wanted = forms[verdict]
    assert (wanted in svg) if wanted else ('class="dot"' not in svg)


def test_strip_without_a_goal_says_so() -> None:
    assert "no goal is set" in strip(score(5.0, None))
    assert "not computed" in strip(score(None, None, "not computed"))


def test_every_metric_says_how_and_what_it_misses() -> None:
    """A new metric has at least the line of its catalogue; no note may outlive its metric."""
    assert all(len(note_of(name).how) > 20 and note_of(name).misses for name in METRICS)
    assert "not in the catalogue" in note_of("no_such_metric").how


def test_thinning_keeps_a_jump_of_one_session() -> None:
    dates = np.datetime64("2026-01-01") + np.arange(2000)
    values = np.zeros(2000)
    values[[703, 1801]] = -0.2, 0.1
    curve = _curve("jump", dates, values)
    assert curve.values.min() == -0.2
    assert curve.values.max() == 0.1
    assert len(curve.values) < 320
