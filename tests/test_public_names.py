"""The public surface is written down once, sorted, importable and documented."""

from __future__ import annotations

import finsim


def test_all_is_sorted_and_complete() -> None:
    assert list(finsim.__all__) == sorted(set(finsim.__all__))
    assert set(dir(finsim)) >= set(finsim.__all__)


def test_every_public_name_loads_and_has_a_docstring() -> None:
    for name in finsim.__all__:
        assert getattr(finsim, name).__doc__, name


def test_unknown_names_raise() -> None:
    assert not hasattr(finsim, "no_such_name")
