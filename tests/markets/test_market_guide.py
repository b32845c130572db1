"""The guide's example runs, and the guide names every measure."""

from pathlib import Path

from by_hand import dfast_2026

from finsim.markets.measures import measure
from finsim.markets.prices import read_prices
from finsim.markets.shard import bars

ROOT = Path(__file__).parents[2]


def test_example_of_the_guide(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    text = (ROOT / "docs" / "guide" / "markets.md").read_text(encoding="utf-8")
    code = text.split("```python\n")[1].split("```")[0]
    exec(compile(code, "markets.md", "exec"), {})  # noqa: S102 the example is ours
    assert "2000-03-01" in capsys.readouterr().out


def test_guide_names_every_measure(sampled, encoded):
    text = (ROOT / "docs" / "guide" / "markets.md").read_text(encoding="utf-8")
    found = measure(bars(sampled[:3], encoded[1], dfast_2026()), dfast_2026())
    assert len(found) == 7
    assert all(f"`{name}`" in text for name in found)


def test_the_schema_of_the_guide_reads_a_foreign_file(tmp_path):
    """Semicolons, decimal commas, seconds, a yield below zero and a fund's returns in percent."""
    text = (ROOT / "docs" / "guide" / "markets.md").read_text(encoding="utf-8")
    schema = tmp_path / "schema.yaml"
    schema.write_text(text.split("```yaml\n")[1].split("```")[0], encoding="utf-8")
    rows = [
        f"{1420156800 + 86400 * k};{-0.5 + 0.01 * k:.2f};{k % 3 - 1}.50;{1000 + k}.25".replace(".", ",")
        for k in range(90)
    ]
    lines = ["Datum;DGS10;FUND;AKTIE", *rows]
    (tmp_path / "prices.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = read_prices(tmp_path / "prices.csv", schema=schema)
    assert found.assets == ("DGS10", "FUND", "AKTIE")
    assert found.kinds == ("difference", "return", "price")
    assert found.close[0, 0].tolist() == [-0.5, -0.015, 1000.25]
    assert str(found.dates[0]) == "2015-01-02"
    assert found.calendar.steps_a_year == 365
