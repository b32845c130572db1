"""The guides on a user's own loans and payments do what they say: every block of the pages, in order."""

from pathlib import Path

import pytest
import test_guide_rules as guide

pytestmark = pytest.mark.sweep

PAGES = Path(__file__).resolve().parents[2] / "docs" / "guide"
VERBS = {
    "your-own-loans": ("new schema", "fit", "sample", "--given", "evaluate"),
    "your-own-payments": ("fit", "sample", "evaluate", "inject"),
}


@pytest.mark.parametrize("page", VERBS)
def test_everything_on_the_page_is_as_it_says(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    ran = []
    for kind, name, text in guide.BLOCK.findall((PAGES / f"{page}.md").read_text(encoding="utf-8")):
        if kind == "yaml" and name:
            Path(name).write_text(text, encoding="utf-8")
        elif kind == "python":
            exec(compile(text, page, "exec"), {})  # noqa: S102 our own page
        elif kind == "console":
            for command, shown in guide.commands(text):
                code, printed = guide.run(command, capsys)
                assert code == 0, "\n".join([command, *printed])
                assert guide.agrees(shown, printed), "\n".join([command, *printed])
                ran.append(command)
    assert len(ran) <= 10
    assert [verb for verb in VERBS[page] if not any(verb in command for command in ran)] == []
