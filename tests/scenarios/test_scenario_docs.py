"""The pages about scenarios do what they say."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from finsim.scenarios import check_expectations, drivers, load, measure, names

pytestmark = pytest.mark.sweep

DOCS = Path(__file__).parents[2] / "docs"


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```", (DOCS / page).read_text(), re.MULTILINE | re.DOTALL)


def test_the_code_of_the_guide_runs(tmp_path):
    code = "\n".join(blocks("guide/scenarios.md", "python"))
    assert code.count("assert") >= 4
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "-27.5" in done.stdout


def test_the_files_of_the_pages_load_without_remarks(tmp_path, clock):
    texts = blocks("guide/scenarios.md", "yaml") + blocks("reference/scenarios.md", "yaml")
    assert len(texts) == 2
    for text in texts:
        path = tmp_path / (re.search(r"^id: (\S+)", text, re.MULTILINE).group(1) + ".yaml")
        path.write_text(text)
        scenario = load(str(path))
        assert scenario.warnings == ()
        outcomes = check_expectations(scenario, measure(drivers(scenario, clock)))
        assert [o.met for o in outcomes] == [True] * len(outcomes)


def test_the_reference_lists_every_shipped_file():
    text = (DOCS / "reference" / "scenarios.md").read_text()
    assert [name for name in names() if f"| {name} |" not in text] == []
