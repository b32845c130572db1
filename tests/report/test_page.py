"""The page as a document: self-contained, deterministic, accessible, and its JSON equal to the scorecard."""

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest
from page_reader import Page
from report_run import Wanted, build, manifest_of

from finsim.errors import ProvenanceError
from finsim.evaluation.metric import USES
from finsim.report.page import write_report
from finsim.report.sections import summary_section

SMALL = Wanted(worlds=("credit",), labels=("base", "crash"))
ORDER = [
    "verdicts", "answer", "numbers", "markets", "transactions", "credit", "scorecard", "scenarios", "rules",
    "limits", "provenance",
]  # fmt: skip


def test_page_needs_nothing_from_outside(page: Page) -> None:
    policies = [e.attributes["content"] for e in page.all("meta") if "http-equiv" in e.attributes]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'; img-src data:"]
    assert [e.attributes.get("type") for e in page.all("script")] == ["application/json"]
    for element in page.elements:
        assert element.tag not in {"link", "iframe", "object", "embed", "base", "form"}
        for name in ("src", "href", "xlink:href", "action", "data", "poster"):
            target = element.attributes.get(name, "#")
            assert target.startswith(("#", "data:")), f"<{element.tag} {name}={target!r}>"
        assert not any(name.startswith("on") for name in element.attributes), element.attributes
    css = page.all("style")[0].text
    assert "@import" not in css
    assert "url(" not in css
    assert not re.search(r"https?://", page.html)


def test_page_is_small(run: Path) -> None:
    assert (run / "report.html").stat().st_size < 1_000_000


def test_page_starts_with_the_verdicts_and_ends_with_the_origin(page: Page) -> None:
    assert [e.attributes["id"] for e in page.all("section")] == ORDER
    links = [e.attributes["href"][1:] for e in page.all("a")]
    assert links == ["main", *ORDER]
    assert set(links) <= set(page.ids())


def test_headings_are_in_order(page: Page) -> None:
    levels = [int(e.tag[1]) for e in page.elements if re.fullmatch(r"h[1-6]", e.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))


def test_ids_are_unique_and_references_point_somewhere(page: Page) -> None:
    ids = page.ids()
    assert len(set(ids)) == len(ids)
    refers = re.findall(r'(?:href="#|url\(#|aria-labelledby=")([\w.-]+)', page.html)
    assert set(refers) <= set(ids)


def test_every_drawing_is_described_or_hidden(page: Page) -> None:
    drawn = page.all("svg")
    assert len(drawn) > 30
    described = [e for e in drawn if e.attributes.get("role") == "img"]
    assert all(len(e.attributes["aria-label"]) > 30 for e in described)
    assert all(e.attributes.get("aria-hidden") == "true" for e in drawn if e not in described)
    slugs = [e.attributes["id"] for e in page.all("figure")]
    assert slugs == [
        "fan", "correlation-time", "memory", "tails", "dependence", "scheme", "amounts", "hours", "waves",
        "clustering", "losses", "drivers", "training",
    ]  # fmt: skip
    for figure in page.all("figure"):
        assert len(figure.text.strip()) > 80, figure.attributes


def test_drawings_follow_the_theme(page: Page) -> None:
    """A colour that is written out would stay the same in the dark."""
    drawings = re.findall(r"<svg.*?</svg>", page.html, flags=re.DOTALL)
    written = {match for text in drawings for match in re.findall(r"#[0-9a-fA-F]{3,8}\b(?!-)", text)}
    assert {w for w in written if re.fullmatch(r"#[0-9a-f]{6}", w)} == set()
    names = set(re.findall(r"var\((--[a-z0-9]+)\)", page.html))
    css = page.all("style")[0].text
    for theme in css.split("@media")[:3]:
        assert all(f"{name}:" in theme for name in names), names


def test_tables_have_captions_and_heads(page: Page) -> None:
    tables = page.all("table")
    assert len(tables) >= 8
    assert len(page.all("caption")) == len(tables)
    assert all(e.attributes.get("scope") in ("col", "row") for e in page.all("th"))


def test_every_score_has_a_drawer(run: Path, page: Page) -> None:
    scores = json.loads((run / "scorecard.json").read_text())["scores"]
    drawers = page.with_class("drawer")
    assert len(drawers) == len(scores)
    wanted = ("How computed", "What it misses", "n", "Floor", "Goal", "Ceiling", "95\u202f% interval")
    assert all(label in drawer.text for drawer in drawers for label in wanted)


def test_verdicts_are_words(page: Page) -> None:
    cards = page.with_class("card")
    assert [card.text.split("\n")[1].strip().lower() for card in cards] == list(USES)
    for card, asked in zip(cards, summary_section._ASKS.values(), strict=True):
        first = card.text.partition(asked)[0]  # above the fold: n, the weakest score and what nobody saw
        assert first.count("eakest score") == card.text.count("eakest score")
        assert first.count("Not tested.") == card.text.count("Not tested.")
    assert "eakest score" in page.text
    words = [e.text.strip() for e in page.with_class("badge")]
    assert all(re.search(r"(pass|warn|fail|not computed)$", word) for word in words)
    failing = next(card for card in cards if "Stress" in card.text)
    assert "kurtosis of AAPL: too thin" in failing.text


def test_twin_holds_the_scores_as_they_are(run: Path, page: Page) -> None:
    card = json.loads((run / "scorecard.json").read_text())
    sections = page.twin["sections"]
    assert sections["scorecard"]["scores"] == card["scores"]
    assert sections["verdicts"]["verdicts"] == card["verdicts"]
    manifest = manifest_of(run)
    assert page.twin["dataset_sha256"] == manifest["dataset_sha256"]
    assert sections["provenance"]["cost"] == manifest["cost"]
    assert sections["rules"]["market/base"] == manifest["rules"]["market/base"]
    assert sections["scenarios"]["expectations"] == manifest["scores"]["expectations"]
    assert sections["credit"]["risk"]["base"] == manifest["scores"]["facts"]["credit/base"]["risk"]


def test_text_of_a_run_cannot_become_markup(tmp_path: Path) -> None:
    folder = build(tmp_path / "run", SMALL)
    manifest = manifest_of(folder)
    manifest["study"]["resolved"]["title"] = "</script><script>alert(1)</script>"
    manifest["scenarios"]["crash"]["title"] = "</style><b onclick=x>"
    html = write_report(folder, manifest).read_text()
    assert "<script>alert" not in html
    assert "<b onclick" not in html
    assert html.count("</script>") == 1


def test_same_run_same_bytes(run: Path, page: Page) -> None:
    write_report(run)
    assert (run / "report.html").read_text() == page.html


def test_page_does_not_depend_on_what_it_changes_itself(run: Path, page: Page) -> None:
    """The engine hands the manifest over before the page is in it; keys come in another order there."""
    manifest = manifest_of(run)
    manifest = {name: manifest[name] for name in reversed(manifest)}
    manifest["files"] = [{"path": "report.html", "sha256": "00" * 32, "bytes": 1}]
    manifest["sha256"] = "ff" * 32
    manifest["audit"] = {"entries": 99, "head": "11" * 32}
    write_report(run, manifest)
    assert (run / "report.html").read_text() == page.html


def test_page_depends_on_the_numbers_not_on_the_place(tmp_path: Path) -> None:
    first = write_report(build(tmp_path / "run", SMALL)).read_text()
    folder = build(tmp_path / "elsewhere" / "renamed", SMALL)
    assert write_report(folder).read_text() == first
    manifest = manifest_of(folder)
    manifest["scores"]["facts"]["credit/base"]["risk"]["expected_loss"] *= 1.5
    assert write_report(folder, manifest).read_text() != first


def test_a_folder_without_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProvenanceError, match="not the folder of a run"):
        write_report(tmp_path)
    assert not (tmp_path / "report.html").exists()


def test_no_table_has_a_heading_without_words(run: Path) -> None:
    text = (run / "report.html").read_text(encoding="utf-8")
    assert "<th" in text
    assert not re.search(r"<th[^>]*>\s*</th>", text)
