"""Counts, samples and the choice and layout of a scheme, against pandas and hand-made graphs."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from finsim.records.graph import Edge
from finsim.records.run_layout import table_file
from finsim.records.transaction_files import read_rows, row_files, write_rows
from finsim.report.figures import payment_data
from finsim.report.figures.payment_data import Payments, choose_scheme, read_payments
from finsim.report.figures.scheme_figures import flows_of, layout
from finsim.report.run_folder import open_folder


def frame_of(run: Path, label: str = "base") -> pd.DataFrame:
    return read_rows(row_files(run, label)).to_pandas()


def read(run: Path, label: str = "base", full: bool = True) -> Payments:
    payments = read_payments(open_folder(run, None), label, full)
    assert payments is not None
    return payments


def test_counts_agree_with_pandas(run: Path) -> None:
    frame, found = frame_of(run), read(run)
    illicit = frame["is_fraud"] | frame["is_laundering"]
    assert found.rows == len(frame)
    assert found.declined == (frame["status"] == "declined").sum()
    assert found.illicit == illicit.sum()
    for rows, group in ((frame[~illicit], 0), (frame[frame["is_laundering"]], 2)):
        by_hour = rows["ts"].dt.hour.value_counts().reindex(range(24), fill_value=0)
        np.testing.assert_array_equal(found.hours[group], by_hour.to_numpy())
        day = (rows["ts"].dt.normalize() - pd.Timestamp(found.first_day, tz="UTC")).dt.days
        np.testing.assert_array_equal(found.days[group][: day.max() + 1], np.bincount(day))
    assert found.schemes is not None
    assert found.schemes.num_rows == frame["narrative"].notna().sum()


def test_light_reading_counts_the_same(run: Path) -> None:
    light, full = read(run, full=False), read(run)
    np.testing.assert_array_equal(light.hours, full.hours)
    np.testing.assert_array_equal(light.days, full.days)
    assert light.schemes is None


def test_sample_of_ordinary_amounts_does_not_depend_on_batches(run: Path, tmp_path: Path) -> None:
    frame = frame_of(run)
    every = frame.iloc[:: payment_data._SAMPLE]
    kept = every[~every["is_fraud"] & ~every["is_laundering"] & (every["status"] == "posted")]
    np.testing.assert_array_equal(read(run).ordinary, kept["amount"].astype(float))
    write_rows(row_files(tmp_path, "base"), [read_rows(row_files(run, "base"))], 101)
    cut, _ = row_files(tmp_path, "base")
    assert pq.read_metadata(cut).num_row_groups > 1
    (tmp_path / "manifest.json").write_text((run / "manifest.json").read_text())
    np.testing.assert_array_equal(read(tmp_path).ordinary, kept["amount"].astype(float))
    np.testing.assert_array_equal(read(tmp_path).hours, read(run).hours)


def test_chosen_scheme_is_illicit_and_complete(run: Path) -> None:
    patterns = pq.read_table(table_file(run, "patterns", "base"))
    scheme = choose_scheme(read(run), patterns)
    assert scheme is not None
    assert not scheme.pattern["decoy"]
    assert scheme.pattern["instance"] == 0
    assert scheme.rows.num_rows == scheme.pattern["rows"]
    only_decoys = patterns.filter(patterns["decoy"])
    assert choose_scheme(read(run), only_decoys) is None


def edges(*listed: tuple[int, int]) -> list[Edge]:
    return [
        (payer, payee, {"tx_id": order, "ts": order, "amount": 100 * (order + 1), "phase": "p"})
        for order, (payer, payee) in enumerate(listed)
    ]


def layers(payments: list[Edge]) -> dict[int, int]:
    return {node.account: node.layer for node in layout(payments, {})}


def test_scatter_gather_has_four_layers() -> None:
    payments = edges((1, 2), (1, 3), (1, 4), (2, 5), (3, 5), (4, 5), (5, 6))
    assert layers(payments) == {1: 0, 2: 1, 3: 1, 4: 1, 5: 2, 6: 3}


def test_a_chain_is_as_long_as_its_hops() -> None:
    assert layers(edges((1, 2), (2, 3), (3, 4))) == {1: 0, 2: 1, 3: 2, 4: 3}


def test_a_payment_back_does_not_move_the_payer() -> None:
    assert layers(edges((1, 2), (2, 3), (3, 1))) == {1: 0, 2: 1, 3: 2}
    assert layers(edges((1, 1), (1, 2))) == {1: 0, 2: 1}


def test_layout_does_not_depend_on_the_order_of_edges() -> None:
    listed = [(1, 2), (1, 3), (2, 4), (3, 4), (4, 5)]
    payments = edges(*listed)
    turned = payments[::-1]
    assert layout(payments, {4: "collector"}) == layout(turned, {4: "collector"})
    assert flows_of(payments) == flows_of(turned)


def test_accounts_of_a_layer_do_not_meet() -> None:
    nodes = layout(edges(*[(1, k) for k in range(2, 12)]), {})
    places = {(node.layer, node.height) for node in nodes}
    assert len(places) == len(nodes) == 11
    assert all(0 < node.height < 1 for node in nodes)


def test_flows_join_payments() -> None:
    payments = edges((1, 2), (1, 2), (2, 3))
    found = {(f.payer, f.payee): (f.payments, f.amount) for f in flows_of(payments)}
    assert found == {(1, 2): (2, 300), (2, 3): (1, 300)}
