"""A preview shows itself in twelve lines and prints in full."""

import finsim


def test_a_preview_is_short_and_prints_in_full(tmp_path):
    file = tmp_path / "t.csv"
    names = [f"column_{k}" for k in range(30)]
    file.write_text(",".join(names) + "\n" + "\n".join(",".join([f"{k}.5"] * 30) for k in range(9)) + "\n")
    told = finsim.plan(file)
    assert len(repr(told).splitlines()) == 12
    assert repr(told).splitlines()[:11] == str(told).splitlines()[:11]
    assert repr(told).endswith("more lines: print it")
    assert all(name in str(told) for name in names)


def test_a_column_without_cells_stands_among_the_first_rows(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("a,nothing,b\n1,,x\n2,,y\n")
    shown = finsim.plan(file).to_text().split("first rows")[1].splitlines()
    assert shown[1].split() == ["a", "nothing", "b"]
