"""No text of a user is markup in the page: hostile names give the elements that harmless names give."""

import json
from collections import Counter
from pathlib import Path

import pytest
import report_run
from page_reader import read_page
from report_run import Wanted, build

from finsim.report.drawing_check import checked, readable, slug
from finsim.report.page import write_report
from finsim.report.svg_figure import drawing, panel

pytestmark = pytest.mark.filterwarnings("ignore:Glyph")
HOSTILE = 'q"/></svg><h1>A</h1><img/>$^\x1b\x07\u202e&lt;'


def elements(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Return the elements of the page of a run in which every text that a user can fill is ``name``."""
    monkeypatch.setattr(report_run, "ASSETS", (name, "IBM"))
    monkeypatch.setattr(report_run, "SECTORS", (name, "households", "services"))
    monkeypatch.setattr(report_run, "SCHEME_PHASES", (name, "layer", "cash_out"))
    run = build(folder, Wanted(labels=("base", name)))
    file = run / "manifest.json"
    text = file.read_text().replace("account_takeover", json.dumps(name)[1:-1])
    data = json.loads(text)
    data["study"]["resolved"] |= {"id": name, "title": name}
    data["rules"] = {f"market/{name}": {**pack, "pack": name} for pack in data["rules"].values()}
    file.write_text(json.dumps(data))
    write_report(run)
    page = read_page(run / "report.html")
    assert all(" " not in one and '"' not in one for one in page.ids())
    assert not page.all("img")
    assert "could not be drawn" not in page.text
    return Counter(element.tag for element in page.elements)


def test_hostile_names_give_the_elements_of_harmless_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = elements(tmp_path / "hostile", HOSTILE, monkeypatch)
    assert hostile == elements(tmp_path / "harmless", "x" * len(HOSTILE), monkeypatch)


@pytest.mark.parametrize(
    "drawing",
    [
        "<svg><script/></svg>", "<svg><h1>x</h1></svg>", "<svg><g onload='x'/></svg>", "<svg><g></svg>",
        "<svg style='position:fixed'/>", "<svg><use href='http://x'/></svg>", "<svg><g id='a b'/></svg>",
        "<svg><path style='fill: url(http://x)'/></svg>", "<svg><foreignObject/></svg>", "<p/>",
        "<svg><path fill='URL(//x)'/></svg>", "<svg xmlns:x='y'><x:a/></svg>", "<svg><style>x</style></svg>",
    ],
)  # fmt: skip
def test_a_drawing_with_anything_else_is_refused(drawing: str) -> None:
    with pytest.raises(ValueError, match="drawing"):
        checked(drawing)


def test_a_drawing_as_the_page_draws_them_is_taken() -> None:
    whole = '<svg viewBox="0 0 1 1"><defs><path id="a-1" d="M0 0"/></defs><use href="#a-1" x="1"/></svg>'
    assert checked(whole) == whole
    with drawing():
        made = panel("a b@c", HOSTILE, HOSTILE, lambda axes: axes.set_title(HOSTILE))
    assert "<h1" not in made.svg


def test_ids_are_letters_digits_and_dashes_and_tell_names_apart() -> None:
    assert slug("fan-AAPL-base 1") == "fan-AAPL-base-1"
    names = ["a<b", "a>b", "é", "è", "", "<", "a/b", HOSTILE, HOSTILE + "x", "a" * 500 + "!"]
    made = [slug(name) for name in names]
    assert len(set(made)) == len(names)
    assert all(
        set(one) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") for one in made
    )
    assert readable("a\x00\x1bb\tc\ud800") == "a\ufffd\ufffdb\tc\ufffd"
