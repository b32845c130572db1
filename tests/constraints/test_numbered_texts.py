"""Texts are numbered in the order in which they first come, in parts as in one table."""

import naive.keys as naive
import numpy as np
import pyarrow as pa
import pytest

from finsim.constraints.tables import numbered_texts
from finsim.constraints.tables.label_codes import Labels
from finsim.constraints.tables.numbered_texts import numbered, numbers_of, places_in

WORDS = ["", "a", "é", "\0", "\0\0", "aaaaaaaa", "aaaaaaaaX", "aaaaaaaaY", "b" * 40, "b" * 39 + "c"]


@pytest.fixture
def parts(monkeypatch):
    monkeypatch.setattr(numbered_texts, "FEWEST_ROWS", 1)
    monkeypatch.setattr(numbered_texts, "_PART", 16)
    monkeypatch.setattr(numbered_texts, "_MANY", -1.0)


def texts_of(rows, kinds, seed, gaps=0.1):
    rng = np.random.default_rng(seed)
    words = [*WORDS, *(f"word {n}" for n in range(kinds))][:kinds]
    return [None if rng.random() < gaps else words[at] for at in rng.integers(0, kinds, rows)]


def fails(*_):
    raise AssertionError("Arrow was asked")


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()], ids=str)
@pytest.mark.parametrize("gaps", [0.0, 0.1, 1.0])
@pytest.mark.parametrize(("rows", "kinds"), [(1, 1), (300, 8), (300, 2_000), (900, 400)])
def test_numbers_and_texts(parts, monkeypatch, kind, gaps, rows, kinds):
    monkeypatch.setattr(numbered_texts.pc, "dictionary_encode", fails)
    cells = texts_of(rows, kinds, rows + kinds, gaps)
    for column, held in (
        (pa.array(cells, kind), cells),
        (pa.array(cells, kind)[rows // 3 :], cells[rows // 3 :]),
        (pa.chunked_array([pa.array(cells[:7], kind), pa.array(cells[7:], kind)]), cells),
    ):
        found = numbered(column)
        wanted, distinct = naive.numbers_of(held)
        assert (found.indices.to_pylist(), found.dictionary.to_pylist()) == (wanted, distinct)
        assert found.to_pylist() == held
        codes, valid = numbers_of(column)
        there = np.ones(len(held), dtype=bool) if valid is None else valid
        assert [
            code if is_there else None for code, is_there in zip(codes.tolist(), there, strict=True)
        ] == wanted


def test_no_rows_and_no_chunks(parts):
    assert numbered(pa.array([], pa.string())).to_pylist() == []
    assert numbered(pa.chunked_array([], pa.string())).to_pylist() == []


@pytest.mark.parametrize("hashes", [lambda texts: np.zeros(len(texts), np.uint64), None])
def test_texts_of_equal_hashes_are_still_told_apart(parts, monkeypatch, hashes):
    monkeypatch.setattr(
        numbered_texts, "text_hashes", hashes or (lambda texts: np.arange(len(texts), dtype=np.uint64))
    )
    cells = [f"text {n}" for n in range(200)]
    assert numbered(pa.array(cells)).to_pylist() == cells
    assert places_in(pa.array(cells), pa.array(["text 7", "none", *cells])).tolist() == [7, -1, *range(200)]


@pytest.mark.parametrize("few", [1, 3, 10**9])
def test_places_among_known_texts(parts, monkeypatch, few):
    monkeypatch.setattr(numbered_texts, "_FEW", few)
    known = list(dict.fromkeys(texts_of(300, 120, 5, 0.0)))
    for asked in (texts_of(400, 200, 6), texts_of(20, 200, 7), texts_of(20, 200, 8, 0.0), [None], []):
        wanted = [known.index(text) if text in known else -1 for text in asked]
        assert (
            places_in(pa.array(known).cast(pa.large_string()), pa.array(asked, pa.string())).tolist()
            == wanted
        )


def test_few_rows_or_few_texts_are_left_to_arrow(monkeypatch):
    monkeypatch.setattr(numbered_texts, "_codes_in_parts", fails)
    monkeypatch.setattr(numbered_texts, "FEWEST_ROWS", 1_000)
    monkeypatch.setattr(numbered_texts, "_SAMPLE", 500)
    for cells in ([f"{n}" for n in range(999)], ["a", "b"] * 500):
        for column in (pa.array(cells), pa.chunked_array([cells[:3], [], cells[3:]])):
            assert numbered(column).to_pylist() == cells
            assert numbers_of(column).values.tolist() == naive.numbers_of(cells)[0]
    with pytest.raises(AssertionError, match="Arrow was asked"):
        numbered(pa.array([f"{n}" for n in range(1_000)]))


def test_words_have_one_code_in_all_columns(parts):
    labels, codes = Labels(), {}
    for seed in range(4):
        cells = list(dict.fromkeys(texts_of(60_000, 30_000 + seed, seed, 0.0)))
        for text, code in zip(cells, labels.coded(pa.array(cells)).tolist(), strict=True):
            assert codes.setdefault(text, code) == code
        text = f"word {seed}"
        assert labels.code(text) == codes.setdefault(text, labels.code(text))
    assert len(set(codes.values())) == len(codes)
    assert [labels.text(code) for code in list(codes.values())[::5_000]] == list(codes)[::5_000]
