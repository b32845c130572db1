"""A finished miniature run, built once, copied for tests that damage it."""

import shutil
from pathlib import Path

import pytest
import real_run as real
from miniature_run import build


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a finished run; do not change it."""
    return build(tmp_path_factory.mktemp("finished") / "run")


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """Return a copy of a finished run that a test may damage."""
    return Path(shutil.copytree(finished, tmp_path / "run"))


@pytest.fixture(scope="session")
def real_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a finished real run; do not change it."""
    return real.build(tmp_path_factory.mktemp("real") / "run")
