"""The guide's example runs as it stands, with a shorter budget."""

import re
from pathlib import Path

import pytest

from finsim.generators import GENERATORS
from finsim.generators.daily.daily_flow import DailyFlow
from finsim.generators.flow.flow import Flow

pytestmark = pytest.mark.sweep

ROOT = Path(__file__).parents[2]


def test_example_of_the_guide(tmp_path, capsys):
    text = (ROOT / "docs" / "guide" / "generators.md").read_text(encoding="utf-8")
    code = text.split("```python\n")[1].split("```")[0]
    names = {"folder": tmp_path / "model"}
    exec(compile(code.replace("steps=1500", "steps=3"), "generators.md", "exec"), names)  # noqa: S102 ours
    assert names["paths"].close.shape == (10, 252, 2)
    assert names["ahead"].close.shape == (10, 60, 2)
    assert (tmp_path / "model").is_dir()


def test_the_guide_names_every_generator_and_real_defaults():
    text = (ROOT / "docs" / "guide" / "generators.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in text for name in GENERATORS)
    daily, _, other = text.partition("## Settings of flow that matter")
    rows = [
        (settings, line)
        for settings, part in ((DailyFlow.Settings(), daily), (Flow.Settings(), other))
        for line in part.splitlines()
        if line.startswith("| `") and line.count("|") == 4
    ]
    for settings, row in rows:
        names, stated = (cell.strip() for cell in row.strip("|").split("|")[:2])
        if hasattr(settings, names.split("`")[1]):
            found = [getattr(settings, name) for name in names.split("`")[1::2]]
            flat = [part for value in found for part in (value if isinstance(value, tuple) else (value,))]
            assert stated == ", ".join(str(part).lower().removesuffix(".0") for part in flat)


def test_every_file_that_contributors_are_sent_to_is_there():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = {name for name in re.findall(r"`([\w./-]+/[\w.-]+)`", text) if "<" not in name}
    assert len(named) > 8
    assert not [name for name in named if not (ROOT / name).exists()]
