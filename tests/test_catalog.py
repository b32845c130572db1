"""Catalogues: listing imports nothing, look-ups import one thing, unknown names get a suggestion."""

import subprocess
import sys

import pytest

from finsim.catalog import Catalog, Entry
from finsim.errors import FinsimError

SHAPES = Catalog(
    "shape",
    {
        "square": Entry("fractions:Fraction", "four sides"),
        "circle": Entry("no.such.module:Circle", "no side"),
    },
)


def test_names_are_sorted_and_described_without_an_import() -> None:
    assert list(SHAPES) == ["circle", "square"]
    assert SHAPES.describe() == {"circle": "no side", "square": "four sides"}
    assert "circle" in SHAPES
    assert "oval" not in SHAPES


def test_loading_imports_the_item() -> None:
    from fractions import Fraction

    assert SHAPES.load("square") is Fraction
    with pytest.raises(ModuleNotFoundError):
        SHAPES.load("circle")


def test_an_unknown_name_gets_place_kind_and_suggestion() -> None:
    with pytest.raises(FinsimError) as caught:
        SHAPES.entry("sqare", "study.yaml:3:9")
    problem = caught.value.problems[0]
    assert problem.place == "study.yaml:3:9"
    assert problem.found == "no shape is called 'sqare'"
    assert problem.remedy == "did you mean 'square'?"


def test_the_foundation_starts_without_heavy_libraries() -> None:
    heavy = ("torch", "sklearn", "statsmodels", "matplotlib", "networkx", "numba", "scipy")
    code = (
        "import sys, finsim, finsim.errors, finsim.catalog, finsim.documents, finsim.randomness\n"
        "import finsim.records.storage, finsim.provenance.verify, finsim.provenance.manifest\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
