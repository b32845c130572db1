"""The reference of rules: every function, key and repair is in it, and its examples load."""

import re
from pathlib import Path

import yaml

from finsim.constraints.language.functions import CROSS, FUNCTIONS
from finsim.constraints.packs.file_schema import RepairText, RuleText
from finsim.constraints.packs.ruleset import RuleSet

DOCS = Path(__file__).resolve().parents[2] / "docs"
REFERENCE = DOCS / "reference" / "rules.md"


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


def test_yaml_of_the_reference_is_yaml():
    assert all(yaml.safe_load(block) for block in blocks(REFERENCE, "yaml"))
