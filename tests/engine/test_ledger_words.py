"""Words of a foreign ledger in a study, and the problems of all worlds at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from test_learned_payments import _accounts, _cards, _digest, _rows, _study

from finsim.engine.planning.plan_summary import describe
from finsim.engine.run import run
from finsim.engine.stages.payment_world import ledger_of_plan
from finsim.engine.study.study_file import load_study
from finsim.engine.study.study_resolution import resolve
from finsim.errors import FinsimError, StudyError

SOLD = {"groceries": "Żywność", "travel": "Podróże", "retail": "Sklep", "fuel": "Paliwo"}
CHANNEL = {"Karta": "card_present", "BLIK": "instant"}
CATEGORY = {"ŻYWNOŚĆ": "groceries", "Podróże": "travel", "Paliwo": "fuel"}
WORDS = {"channel": CHANNEL, "category": CATEGORY}


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("foreign")
    frame = _cards()
    frame["category"] = frame["category"].map(SOLD)
    frame["channel"] = ["BLIK" if k % 4 == 0 else "Karta" for k in range(len(frame))]
    frame.to_csv(folder / "cards.csv", index=False)
    return folder


def test_mapped_words_have_the_shares_of_the_ledger(ledger: Path, tmp_path: Path) -> None:
    rows = _rows(run(_study(ledger, "cards", narratives=[], words=WORDS), output=tmp_path / "r"))
    real = pd.read_csv(ledger / "cards.csv")
    for word, mine in (*CHANNEL.items(), *((SOLD[one], one) for one in SOLD)):
        column = "channel" if word in CHANNEL else "category"
        assert rows[column].eq(mine).mean() == pytest.approx(real[column].eq(word).mean(), abs=0.05), word


@pytest.mark.parametrize("part", ["channel", "category"])
def test_every_key_changes_bytes(ledger: Path, tmp_path: Path, part: str) -> None:
    plain = run(_study(ledger, "cards", narratives=[]), output=tmp_path / "plain")
    words = {part: WORDS[part]}
    said = run(_study(ledger, "cards", narratives=[], words=words), output=tmp_path / "said")
    assert _digest(said) != _digest(plain)


def test_the_plan_lists_what_to_map(ledger: Path) -> None:
    text = " ".join(describe(resolve(_study(ledger, "cards"))).to_text().split())
    assert "channel: not finsim's words: Karta 75.0%, BLIK 25.0%" in text
    assert 'words: {channel: {"Karta": ach}}' in text
    assert "Sklep" in text
    mapped = describe(resolve(_study(ledger, "cards", words=WORDS))).to_text()
    assert "Karta" not in mapped
    assert "Sklep" in mapped


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("{channel: {BLIK: instnt}}", "did you mean 'instant'"),
        ("{channel: {BLIKK: instant}}", "did you mean 'BLIK'"),
        ("{category: {Paliwa: fuel}}", "did you mean 'Paliwo'"),
        ("{purpose: {Paliwa: rent}}", "did you mean 'Paliwo'"),
    ],
)
def test_wrong_words_are_told_at_their_place(ledger: Path, tmp_path: Path, words: str, told: str) -> None:
    file = ledger / "s.yaml"
    file.write_text(
        f"finsim: study/1\nid: w\ntransactions:\n  data: cards.csv\n  words: {words}\n", encoding="utf-8"
    )
    with pytest.raises(StudyError, match=told) as caught:
        resolve(load_study(str(file)))
    assert "s.yaml:5:" in caught.value.problems[0].place


def test_all_worlds_are_refused_at_once(ledger: Path) -> None:
    frame = pd.read_csv(ledger / "cards.csv").assign(currency="EUR")
    frame.loc[:9, "currency"] = "USD"
    frame.to_csv(ledger / "two.csv", index=False)
    (ledger / "loans.csv").write_text("amount,term\n100,12\n200,24\n")
    (ledger / "prices.csv").write_text("day,words\nx,y\n")
    data: dict[str, Any] = {
        "finsim": "study/1", "id": "all", "market": {"data": str(ledger / "prices.csv")},
        "transactions": {"data": str(ledger / "two.csv")}, "credit": {"data": str(ledger / "loans.csv")},
    }  # fmt: skip
    with pytest.raises(FinsimError) as caught:
        resolve(load_study(data))
    told = str(caught.value)
    assert "several currencies" in told
    assert "no column 'bad' or 'pd'" in told
    assert "prices.csv" in told


def test_a_ledger_without_merchants_says_so(tmp_path: Path) -> None:
    frame = _accounts().assign(category="Czynsz")
    frame.to_csv(tmp_path / "accounts.csv", index=False)
    text = " ".join(describe(resolve(_study(tmp_path, "accounts"))).to_text().split())
    assert "category: a ledger without merchants has purposes alone" in text
    assert "purpose: not finsim's words: Czynsz 100.0%" in text
    assert 'words: {purpose: {"Czynsz": transfer}}' in text
    said = resolve(_study(tmp_path, "accounts", words={"purpose": {"Czynsz": "rent"}}))
    assert "Czynsz" not in describe(said).to_text()
    assert ledger_of_plan(said).words.purposes == {"rent"}
