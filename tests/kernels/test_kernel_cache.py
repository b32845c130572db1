"""Compiled code has a place everywhere: a private temporary folder, or none, where numba finds no other."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numba
import pytest

from finsim.kernels import cache_files, generated
from finsim.kernels.cache_files import fallback
from finsim.kernels.kernel import kernel

LINE = "note: compiled code cannot be kept here; FINSIM_KERNELS=FOLDER names a private place for it\n"


@pytest.fixture(autouse=True)
def forgetful() -> Iterator[None]:
    fallback.cache_clear()
    yield
    fallback.cache_clear()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[bool, str]]:
    """Let numba have no place of its own; note with which ``cache`` and folder it is asked then."""
    found: list[tuple[bool, str]] = []

    def njit(**flags: Any) -> Any:
        place = numba.config.CACHE_DIR
        found.append((flags["cache"], place))
        if flags["cache"] and not place:
            raise RuntimeError("cannot cache function 'x': no locator available for file 'y'")
        return lambda function: function

    monkeypatch.setattr(numba, "njit", njit)
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    return found


def half(x: float) -> float:
    return x / 2


def test_a_private_folder_is_taken_where_numba_has_none(
    asked: list[tuple[bool, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FINSIM_KERNELS", raising=False)
    monkeypatch.setattr(cache_files.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(cache_files, "is_safe_place", lambda folder: True)
    assert kernel(half)(3.0) == 1.5
    (folder,) = tmp_path.iterdir()
    assert asked == [(True, ""), (True, str(folder))]
    assert folder.stat().st_mode & 0o777 == 0o700
    assert numba.config.CACHE_DIR == ""


def test_code_is_not_kept_where_others_may_write(
    asked: list[tuple[bool, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "numba").mkdir()
    (tmp_path / "numba").chmod(0o777)
    monkeypatch.setenv("FINSIM_KERNELS", str(tmp_path))
    assert kernel(half)(3.0) == 1.5
    assert kernel(half)(5.0) == 2.5
    assert asked[1] == (False, "")
    assert capsys.readouterr().err == LINE  # once


def test_a_place_that_cannot_be_made_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("FINSIM_KERNELS", str(tmp_path / "file"))
    assert fallback() is None
    fallback.cache_clear()

    def none() -> str:
        raise FileNotFoundError("no usable temporary directory")

    monkeypatch.delenv("FINSIM_KERNELS")
    monkeypatch.setattr(cache_files.tempfile, "gettempdir", none)
    assert fallback() is None
    assert capsys.readouterr().err == 2 * LINE


def test_another_fault_of_numba_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def njit(**flags: Any) -> Any:
        raise RuntimeError("something else")

    monkeypatch.setattr(numba, "njit", njit)
    with pytest.raises(RuntimeError, match="something else"):
        kernel(half)


def test_a_user_without_a_home_has_generated_kernels_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless(self: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("FINSIM_KERNELS", raising=False)
    monkeypatch.setattr(Path, "expanduser", homeless)
    assert generated.folder.__wrapped__().is_dir()
