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
