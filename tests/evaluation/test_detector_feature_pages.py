"""The pages on features of payments: one line a column, and examples that run."""

import re
from pathlib import Path

import finsim
from finsim.evaluation.detector_features import feature_definitions, features, split_by_time

DOCS = Path(__file__).resolve().parents[2] / "docs"


def listed():
    """Return the rows of the reference page, from the one table of facts."""
    for one in feature_definitions().itertuples():
        yield one.group, f"| `{one.name}` | {one.definition} | {one.unit} | {one.window} |"


def test_the_reference_page_lists_every_feature_as_it_is_defined():
    page = (DOCS / "reference" / "detector-features.md").read_text(encoding="utf-8")
    groups = dict(re.findall(r"^## (\w+)$(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL))
    found = [
        (group, line)
        for group, text in groups.items()
        for line in re.findall(r"^\| `.*$", text, re.MULTILINE)
    ]
    assert found == list(listed())


def test_the_examples_of_the_guide_run(monkeypatch, capsys):
    monkeypatch.setattr(finsim, "features", features, raising=False)
    monkeypatch.setattr(finsim, "split_by_time", split_by_time, raising=False)
    page = (DOCS / "guide" / "transactions.md").read_text(encoding="utf-8")
    section = page.split("## Features for a detector")[1].split("\n## ")[0]
    names = {}
    for code in re.findall(r"^```python\n(.*?)^```", section, re.MULTILINE | re.DOTALL):
        exec(compile(code, "transactions.md", "exec"), names)  # noqa: S102 the examples are ours
    assert "170) Money out over money in of the payer" in capsys.readouterr().out
    assert len(names["X_train"]) > len(names["X_test"]) > 10_000
    assert not set(names["X_train"].index) & set(names["X_test"].index)
