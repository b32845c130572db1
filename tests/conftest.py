"""Fixtures shared by all tests."""

import os

# Workers side by side share the cores: each, and what it starts, takes one thread.
if "PYTEST_XDIST_WORKER" in os.environ:
    for _library in ("OMP", "MKL", "OPENBLAS"):
        os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from few_trees import judge_with_few_trees
from plain_page import plain_pages
from small_study import SMALL

from finsim.randomness import Streams

if TYPE_CHECKING:
    from finsim.engine.finished_run import Run


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of data that may not be shipped, or skip the test."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the shared data folder is not beside the project")
    return folder


@pytest.fixture
def streams() -> Streams:
    return Streams(7)


@pytest.fixture(scope="session")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> "Run":
    """Return a run of the small study of all worlds; tests read it and leave it as it is."""
    from finsim.engine.run import run  # most tests need no engine
    from finsim.engine.study.study_file import study_of

    with plain_pages():
        return run(study_of(SMALL), output=tmp_path_factory.mktemp("small") / "run")


@pytest.fixture
def few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    """Judge with a dozen trees: the test asks what is said of a table."""
    judge_with_few_trees(monkeypatch)
