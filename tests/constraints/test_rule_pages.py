"""The pages on rules: every function is in the reference, and what the guide shows is what happens."""

import re
from pathlib import Path

import pytest
import yaml

from finsim.constraints.functions import CROSS, FUNCTIONS
from finsim.constraints.pack_file import RepairText, RuleText
from finsim.constraints.ruleset import RuleSet
from finsim.errors import RuleError

DOCS = Path(__file__).resolve().parents[2] / "docs"
REFERENCE, GUIDE = (DOCS / kind / "rules.md" for kind in ("reference", "guide"))


def blocks(page, language):
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE)
    return [text for kind, text in fenced if kind == language]


def test_the_reference_lists_every_function_key_and_repair():
    text = REFERENCE.read_text()
    for function in FUNCTIONS.values():
        assert f"| `{function.usage}` | {function.summary} |" in text
    for line in CROSS.values():
        assert f"`{line[: line.index('): ') + 1]}`" in text
    assert [key for key in RuleText.model_fields if f"`{key}`" not in text] == []
    actions = RepairText.model_fields["do"].annotation.__args__
    assert [action for action in actions if f"`{action}`" not in text] == []


def test_the_example_of_the_reference_loads():
    rules = RuleSet.parse(blocks(REFERENCE, "yaml")[0])
    assert [rule.id for rule in rules.rules] == ["loans.key", "loans.complete", "minor_loan"]


def test_the_guide_does_what_it_says(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("bars.csv").write_text(blocks(GUIDE, "csv")[0])
    Path("mine.yaml").write_text(blocks(GUIDE, "yaml")[0])
    code = "\n".join(blocks(GUIDE, "python"))
    exec(compile(code, str(GUIDE), "exec"), {})  # noqa: S102 - our own page
    printed = capsys.readouterr().out
    shown = [block for block in blocks(GUIDE, "") if "BROKEN" in block or "row 2 of bars" in block]
    assert len(shown) == 2
    assert all(block.strip("\n") in printed for block in shown)


def test_the_error_of_the_guide_is_the_error(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text(blocks(GUIDE, "yaml")[0].replace("check: volume", "check: volumee"))
    with pytest.raises(RuleError) as caught:
        RuleSet.load("mine.yaml")
    (shown,) = [block for block in blocks(GUIDE, "") if "volumee" in block]
    assert str(caught.value) == shown.strip("\n")


def test_yaml_of_the_pages_is_yaml():
    assert all(yaml.safe_load(block) for page in (REFERENCE, GUIDE) for block in blocks(page, "yaml"))
