"""A text table written as Parquet means the same under the same declarations, whatever their units."""

import pyarrow as pa
import pyarrow.parquet as pq

from finsim.tables import Dialect, Field, open_table, rewrite

FIELDS = {
    "share": Field("ratio", unit="percent", null=True), "spread": Field("float", unit="bp"),
    "years": Field("int", unit="years"), "term": Field("float", unit="years", null=True),
    "cents": Field("money", ccy="EUR", unit="minor"), "whole": Field("money", ccy="EUR", unit="major"),
    "at": Field("ts", unit="s"), "day": Field("date", unit="days"), "other": Field("float"),
}  # fmt: skip


def test_units_are_kept_in_parquet(tmp_path):
    rows = [
        f"{k / 8 + 23.9},{k * 3},{k},{k + 0.5},{k * 101},{k},{1_704_067_200 + k},{19_000 + k},{k / 7}"
        for k in range(60)
    ]
    rows.append(",7,1,,2,3,5,6,0.1")
    (tmp_path / "t.csv").write_text("\n".join([",".join(FIELDS), *rows]) + "\n")
    source = open_table(tmp_path / "t.csv", FIELDS, Dialect())
    before = source.table()
    spread = before["spread"].to_pylist()
    after = before.set_column(1, before.schema.field(1), pa.array([spread[0] + 0.25, *spread[1:]]))
    rewrite(source, before, after, range(before.num_rows), tmp_path / "t.parquet")
    again = open_table(tmp_path / "t.parquet", FIELDS, Dialect()).table()
    assert again.to_pydict() == after.to_pydict()
    assert pq.read_table(tmp_path / "t.parquet")["share"].to_pylist()[:2] == [23.9, 24.025]
