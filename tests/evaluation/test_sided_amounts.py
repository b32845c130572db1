"""Debits and credits in two columns are judged as one amount."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from finsim.evaluation.events.event_sides import event_case
from finsim.evaluation.settings import Settings
from finsim.evaluation.tables.column_pairs import Roles
from finsim.randomness import Streams


def rows(seed, names=("Soll", "Haben")) -> pa.Table:
    rng = np.random.default_rng(seed)
    into, sums = rng.random(600) < 0.3, np.round(rng.lognormal(3, 1, 600), 2)
    frame = pd.DataFrame({
        "Konto": [f"k{one}" for one in rng.integers(0, 30, 600)],
        "ts": np.datetime64("2024-01-01") + rng.integers(0, 10**6, 600).astype("timedelta64[s]"),
        names[0]: np.where(into, np.nan, sums), names[1]: np.where(into, sums, np.nan),
    })  # fmt: skip
    return pa.Table.from_pandas(frame, preserve_index=False)


def case(real, own, **played):
    roles = Roles(id="Konto", time="ts", **played)
    return event_case(real, own, None, roles, Streams(0), Settings())


@pytest.mark.parametrize(("names", "played"), [
    (("Soll", "Haben"), {}), (("Raus", "Rein"), {"sides": ("Raus", "Rein")}),
    (("Soll", "Haben"), {"amount": "Haben"}),
])  # fmt: skip
def test_both_columns_are_one_amount(names, played):
    real, own = rows(1, names), rows(2, names)
    found = case(real, own, **played)
    assert f"amount {names[1]} less {names[0]}" in found.columns.told
    for side, table in zip(found.sides, (real, own), strict=True):
        frame = table.to_pandas()
        signed = frame[names[1]].fillna(0) - frame[names[0]].fillna(0)
        np.testing.assert_allclose(side.amount, signed.to_numpy()[side.sequences.order])
        assert (side.amount < 0).mean() > 0.5


def test_a_third_column_that_is_declared_is_the_amount():
    real, own = (one.append_column("Betrag", pa.array(np.arange(600.0))) for one in (rows(1), rows(2)))
    found = case(real, own, amount="Betrag")
    assert found.columns.sides is None
    assert found.columns.amount == "Betrag"
