"""Texts of a column as places among known texts: byte for byte, whatever they share."""

import numpy as np
import pyarrow as pa
import pytest

from finsim.constraints.codegen.text_codes import TextColumn

ALIKE = [
    "",
    "a",
    "é",
    "aaaaaaaa",
    "aaaaaaab",
    "aaaaaaaaX",
    "aaaaaaaaY",
    "b" * 40,
    "b" * 39 + "c",
    "\0",
    "a\0",
    "\0\0",
]
FOUR = ["aaaaaaaaX", "", "a", "aaaaaaab"]
MANY = [f"label {k}" for k in range(300)]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()], ids=str)
@pytest.mark.parametrize(
    "known",
    [
        (),
        ("a",),
        ("",),
        ("\0",),
        ("aaaaaaaa",),
        ("aaaaaaaaX",),
        tuple(ALIKE),
        ("aaaaaaaaX", "\0"),
        tuple(MANY),
        ("x" * 9, ""),
        *(tuple(FOUR[turn:] + FOUR[:turn]) for turn in range(4)),
    ],
)
def test_places_among_known_texts(kind, known):
    rng = np.random.default_rng(len(known))
    for count in (0, 1, 2, 9, 2_000):
        texts = [None if rng.random() < 0.1 else str(rng.choice(ALIKE + MANY[:40])) for _ in range(count)]
        for begin in (0, 1, count // 2):
            column = pa.array(texts, kind)[begin:]
            places = np.empty(len(column), np.int16)
            ready = TextColumn(column, known)
            cut = int(rng.integers(len(column) + 1))
            ready.code(0, cut, places[:cut])
            ready.code(cut, len(column), places[cut:])
            there = ready.valid
            for text, place, is_there in zip(
                texts[begin:], places, np.ones(len(column), bool) if there is None else there, strict=True
            ):
                assert is_there == (text is not None)
                if text is not None:
                    assert place == (known.index(text) if text in known else len(known))


def test_the_last_texts_of_a_buffer_without_room_after_it():
    offsets, data = np.array([0, 1, 3, 6], np.int32), np.frombuffer(b"abbccc", np.uint8)
    buffers = [None, pa.py_buffer(offsets.tobytes()), pa.py_buffer(data.tobytes())]
    column = pa.Array.from_buffers(pa.string(), 3, buffers)
    places = np.empty(3, np.int8)
    TextColumn(column, ("ccc", "a")).code(0, 3, places)
    assert places.tolist() == [1, 2, 0]
