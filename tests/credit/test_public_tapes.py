"""Nine public layouts of loan tables become books with a mapping and no change of the file."""

from pathlib import Path

import numpy as np
import pytest
import tape_files

from finsim import documents
from finsim.credit.book import fit_book, loans
from finsim.credit.losses import losses
from finsim.credit.panel import panel
from finsim.credit.settings import Settings
from finsim.engine.study.credit_part import CreditPart
from finsim.engine.study.loan_tape import tape_of
from finsim.randomness import Streams

TAPES = sorted((Path(__file__).parent / "tapes").glob("*.yaml"))


def part_of(path, folder, **more):
    """Return the credit part of a mapping, its file found or written; skips when the file is not here."""
    data = documents.read(path).data
    if "file" in data:
        file = tape_files.SHARED / data["file"]
    elif path.stem == "sba" and not tape_files.SHARED.is_dir():
        file = tape_files.SHARED / "sba"
    else:
        file = getattr(tape_files, path.stem)(folder)
    if not file.is_file():
        pytest.skip(f"{file.name} is not beside this checkout")
    return CreditPart.model_validate({"data": str(file), **data["credit"], **more}), data.get("expect", {})


@pytest.mark.parametrize("path", TAPES, ids=lambda path: path.stem)
def test_public_layouts_become_books(path, tmp_path, base):
    part, expected = part_of(path, tmp_path)
    tape = tape_of(part)
    if expected:
        name, total = expected["sum"]
        found = (len(tape.frame), int(tape.frame["bad"].sum()), tape.frame[name].sum())
        assert found == (expected["rows"], expected["bad"], total)
    settings = Settings(**{**part.settings(), "shard_loans": 500})
    book = loans(fit_book(tape.frame, settings), 500, Streams(7))
    months = panel(book, base, Streams(7), settings, 0)
    drawn = losses(book, base, 5_000, Streams(7), settings)
    assert book["loan_id"].to_pylist() == list(range(500))
    assert months.num_rows > 500
    assert np.isfinite(drawn).all()
    assert drawn.mean() > 0
    if "pd" not in tape.frame and part.target_pd == "as_observed":
        observed = min(float(tape.frame["bad"].mean()), 0.6)
        assert book["pd"].to_numpy().mean() == pytest.approx(observed, rel=0.25)


def test_columns_of_the_full_sba_file(tmp_path):
    path = next(path for path in TAPES if path.stem == "sba")
    part, _ = part_of(path, tmp_path)
    tape = tape_of(part)
    taken = {fact.header: (fact.name, fact.taken) for fact in tape.columns}
    assert len(taken) == 37 + 1  # and the stated class
    assert taken["LoanNr_ChkDgt"][0] == "loan_id"
    assert taken["Name"] == ("", "free text or an identifier, not used")
    assert taken["City"][1].startswith("words: the 50 commonest of ")
    assert any("lack an amount, a term or an outcome" in note for note in tape.notes)
    assert len(tape.frame) == 2_101 - 3  # three loans have term 0


def test_units_and_words_of_the_lending_club_layout(tmp_path):
    path = next(path for path in TAPES if path.stem == "lending_club_2016")
    frame = tape_of(part_of(path, tmp_path)[0]).frame
    assert frame["rate"].between(0.05, 0.29).all()
    assert set(frame["term_months"]) == {36, 60}
    assert frame["income"].median() == pytest.approx(np.exp(11) / 12, rel=0.1)
    assert frame["utilisation"].between(0, 1).sum() + frame["utilisation"].isna().sum() == len(frame)
    assert frame["bad"].dtype == bool
    assert len(frame) < tape_files.ROWS  # current loans have no outcome yet
    assert "tape_grade" in frame
    assert "emp_title" not in frame
