"""Each form in which a text holds a cell of its row is found, and the text filled again from other cells."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from finsim.randomness import Streams
from finsim.tables.texts.date_forms import DateForm, all_forms
from finsim.tables.texts.filling import filled
from finsim.tables.texts.learned_texts import found_texts
from finsim.tables.texts.row_cells import RowCells

WHO = [f"{one} {two}" for one in ("Alder & Sons", "Birch", "Cedar", "Doyle", "Elm") for two in
       ("Stores", "Garage North", "Bakery", "Inn")]  # fmt: skip
ROWS = 900
EPOCH = pd.Timestamp(1970, 1, 1).toordinal()


def ledger(seed=3):
    rng = np.random.default_rng(seed)
    minutes = np.sort(rng.integers(0, 200 * 1_440, ROWS))
    entity = rng.integers(0, 30, ROWS)
    iban = [f"DE{k:02d} 3704 {k * k:04d} {9000 + 7 * k}" for k in range(30)]
    return pd.DataFrame({
        "card": [iban[k] for k in entity],
        "when": pd.Timestamp("2024-09-01") + pd.to_timedelta(minutes, unit="m"),
        "who": rng.choice(WHO, ROWS), "sum": np.round(np.exp(rng.normal(6, 1.5, ROWS)), 2),
        "ref": [f"R{k:07d}" for k in rng.permutation(ROWS)], "entity": entity,
    })  # fmt: skip


def cells_of(frame):
    return RowCells.of(pa.Table.from_pandas(frame, preserve_index=False), "card", ("who",))


def days(pattern, language="", case=""):
    form = DateForm(pattern, language, case)
    return lambda row: form.text(row["when"].toordinal() - EPOCH)


WAYS = {
    "dotted": days("%d.%m.%y"), "iso": days("%Y-%m-%d"), "american": days("%m/%d/%Y"),
    "digits": days("%d%m%y"),
    "short": days("%d/%m"), "no zero": days("%e.%n."), "english": days("%d%b", "en", "upper"),
    "german": days("%d. %b", "de", "title"), "french": days("%d %b %y", "fr", "lower"),
    "quarter": lambda row: f"ABSCHLUSS {days('%q. Quartal %Y')(row)} {row['ref']}",
    "short quarter": lambda row: f"{row['ref']} FEE {days('Q%q/%y')(row)}",
    "month": days("LOHN %m/%Y"), "month's name": days("MIETE %b %Y", "deutsch", "title"),
    "name alone": days("RENT %b", "en", "upper"), "full name": days("%d %b %Y", "english", "title"),
    "clock": lambda row: f"AT {row['when']:%H:%M}", "upper": lambda row: row["who"].upper(),
    "cut": lambda row: row["who"][:8].rstrip(),
    "first word": lambda row: f"{row['who'].split()[0]} {row['ref']}",
    "last word": lambda row: f"{row['who'].split()[-1]} {row['ref']}",
    "tail": lambda row: f"XX{row['card'][-4:]}",
    "packed": lambda row: row["card"].replace(" ", ""), "sum": lambda row: f"EUR {row['sum']:.2f}",
    "thousands": lambda row: f"{row['sum']:,.2f}".translate(str.maketrans(",.", ".,")),
    "reference": lambda row: row["ref"].lower(),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_a_form_is_found_and_filled(way):
    """Texts are few templates; filled from the cells of another ledger they are that one's texts."""
    real, new = ledger(), ledger(8)
    word = np.random.default_rng(1).choice(["pay", "buy in", "thanks"], ROWS)
    for one in (real, new):
        one["text"] = [f"{how} {WAYS[way](row)}" for how, (_, row) in zip(word, one.iterrows(), strict=True)]
    (found,) = found_texts(cells_of(real), ["text"], Streams(1))
    assert found.law.share > 0.99
    assert len(set(found.templates)) <= 9
    assert filled(found.law, found.templates, cells_of(real), 5) == real["text"].tolist()
    made = filled(found.law, found.templates, cells_of(new), 5)
    assert np.mean([one == other for one, other in zip(made, new["text"], strict=True)]) > 0.97


def test_a_day_is_found_beside_a_sum_that_looks_like_one():
    """Of a day that is the sum by chance nobody knows which of them is meant."""
    real = ledger()
    real["sum"] = np.random.default_rng(4).integers(10, 28, ROWS) + 0.05 + real.index % 7 / 100
    real["text"] = [f"BUY {row['when']:%d.%m} {row['sum']:.2f}" for _, row in real.iterrows()]
    (found,) = found_texts(cells_of(real), ["text"], Streams(1))
    later = real.assign(when=real["when"] + pd.Timedelta(days=9))
    made = filled(found.law, found.templates, cells_of(later), 5)
    wanted = [f"BUY {row['when']:%d.%m} {row['sum']:.2f}" for _, row in later.iterrows()]
    assert np.mean([one == other for one, other in zip(made, wanted, strict=True)]) > 0.97


def test_texts_without_cells_are_none():
    """Words by chance, levels, one text of each payee and one of each entity are no texts made of cells."""
    real = ledger()
    rng = np.random.default_rng(2)
    real["a"] = [f"note {k}" for k in rng.integers(0, 400, ROWS)]
    real["b"] = "paid to " + real["who"]
    real["c"] = "card " + real["card"]
    real["d"] = rng.choice(["14.12", "15.12", "16.12"], ROWS)
    real["e"] = [f"{WHO[k]} {m:02d}.{d:02d}" for k, m, d in rng.integers(1, 12, (ROWS, 3))]
    assert found_texts(cells_of(real), list("abcde"), Streams(1)) == []


def test_missing_cells_and_templates_are_left_out():
    real = ledger()
    real["text"] = [f"CARD {who} {when:%d.%m}" for who, when in zip(real["who"], real["when"], strict=True)]
    real.loc[::7, "text"] = None
    (found,) = found_texts(cells_of(real), ["text"], Streams(1))
    gone = real.assign(who=real["who"].where(np.arange(ROWS) % 2 == 0))
    made = filled(found.law, found.templates, cells_of(gone), 5)
    assert made[0] is None
    assert made[1] == f"CARD {real['when'][1]:%d.%m}"
    assert made[2] == real["text"][2]


def test_only_templates_of_several_entities_are_stored():
    """Days before the row are counted by template where 20 rows of two entities have it, else for all."""
    real = ledger()
    rng = np.random.default_rng(4)
    word = np.where(real["entity"] == 3, "SECRET", np.where(real["entity"] < 3, "FEW", "CARD"))
    late = rng.integers(0, 3, ROWS) + 4 * (word == "CARD")
    day = real["when"] - pd.to_timedelta(late, unit="D")
    real["text"] = [f"{one} {who} {at:%d.%m}" for one, who, at in zip(word, real["who"], day, strict=True)]
    (found,) = found_texts(cells_of(real), ["text"], Streams(1))
    stored = {key[0].split(" ")[0] for key in found.law.lags}
    assert stored == {"", "FEW", "CARD"}
    made = filled(found.law, found.templates, cells_of(real), 5)
    known = DateForm("%d.%m").text
    lag = [next(k for k in range(9) if text.endswith(known(when.toordinal() - EPOCH - k)))
           for text, when in zip(made, real["when"], strict=True)]  # fmt: skip
    assert {k for k, one in zip(lag, word, strict=True) if one == "FEW"} == {0, 1, 2}
    assert {k for k, one in zip(lag, word, strict=True) if one == "CARD"} == {4, 5, 6}


def test_every_form_of_a_day_reads_what_it_writes():
    for form in all_forms():
        for day in (20_071, 20_090, 20_150):
            assert form.regex().fullmatch(form.text(day)), form
            if "%e" not in form.pattern and "%n" not in form.pattern:
                assert not form.regex().search(f"1{form.text(day)}1")
