"""The guide's example runs, and the guide names every measure."""

from pathlib import Path

from by_hand import dfast_2026

from finsim.markets.measures import measure
from finsim.markets.shard import bars

ROOT = Path(__file__).parents[2]


def test_example_of_the_guide(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    text = (ROOT / "docs" / "guide" / "markets.md").read_text(encoding="utf-8")
    code = text.split("```python\n")[1].split("```")[0]
    exec(compile(code, "markets.md", "exec"), {})  # noqa: S102 the example is ours
    assert "2000-09-29" in capsys.readouterr().out


def test_guide_names_every_measure(sampled, encoded):
    text = (ROOT / "docs" / "guide" / "markets.md").read_text(encoding="utf-8")
    found = measure(bars(sampled[:3], encoded[1], dfast_2026()), dfast_2026())
    assert len(found) == 7
    assert all(f"`{name}`" in text for name in found)
