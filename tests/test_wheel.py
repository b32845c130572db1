"""A wheel holds everything: shipped files are found from it, and it runs the bundled study elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_the_shipped_files(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("scenarios", "constraints", "data"):
        for file in (ROOT / folder).rglob("*"):
            if file.is_file():
                assert f"finsim/shipped/{file.relative_to(ROOT).as_posix()}" in names
    assert "finsim/py.typed" in names
    assert any(name.startswith("finsim/report/") and name.endswith(".j2") for name in names)
    assert not any(name.startswith("tests/") for name in names)


@pytest.mark.slow
def test_it_runs_the_bundled_study_elsewhere(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as file:
        file.extractall(site)
    environment = {**os.environ, "PYTHONPATH": str(site)}

    def finsim(*arguments: str) -> str:
        command = [sys.executable, "-m", "finsim", *arguments]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    where = "import finsim; print(finsim.__file__)"
    found = subprocess.run(
        [sys.executable, "-c", where],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env=environment,
    )
    assert found.stdout.startswith(str(site))
    assert "gfc-2008" in finsim("list", "scenarios")
    finsim("run", "quickstart", "-o", "out", "--scale", "0.05", "--no-fail")
    assert (tmp_path / "out" / "report.html").is_file()
