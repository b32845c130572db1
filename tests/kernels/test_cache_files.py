"""Machine code on disk: nobody else can write it, nothing unknown is unpickled, damage is mended."""

import os
import stat
import subprocess
import sys

import numpy as np
import pytest
from test_generated import ARGUMENTS, SOURCE

from finsim.kernels import generated
from finsim.kernels.cache_files import CompiledFiles, is_owned, is_safe_place


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("FINSIM_KERNELS", str(tmp_path / "kernels"))
    monkeypatch.setattr(generated, "_loaded", {})
    generated.folder.cache_clear()
    before = os.umask(0o002)
    yield tmp_path / "kernels"
    os.umask(before)
    generated.folder.cache_clear()


def loaded_again():
    """Load as a new process would; return the kernel and whether it came from disk."""
    generated._loaded.clear()
    kernel = generated.load(SOURCE, ARGUMENTS)
    assert kernel(3, np.array([1.0, 2.0, 3.0]), np.array([1.5])) == 2
    return sum(kernel.stats.cache_hits.values()) == 1


def files_of(place, ending):
    return sorted((place / "__pycache__").glob(f"*.{ending}"))


def test_nobody_else_may_write_below_the_folder_under_a_generous_umask(place):
    loaded_again()
    for path in [place, *place.rglob("*")]:
        assert not path.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH), path
        assert path.suffix != ".pyc"
    assert stat.S_IMODE((place / "__pycache__").stat().st_mode) == 0o700
    assert loaded_again()


@pytest.mark.parametrize("ending", ["nbi", "nbc"])
@pytest.mark.parametrize("damage", [b"", b"short", None])
def test_code_that_was_cut_or_changed_is_compiled_anew(place, ending, damage):
    loaded_again()
    (path,) = files_of(place, ending)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if damage is None else damage)
    assert not generated.is_compiled(SOURCE, ARGUMENTS)
    assert not loaded_again()
    assert loaded_again()


def test_an_index_that_runs_code_is_never_unpickled(place):
    loaded_again()
    (index,) = files_of(place, "nbi")
    index.write_bytes(b"cos\nsystem\n(S'touch " + str(place / "ran").encode() + b"'\ntR.")
    assert not loaded_again()
    assert not (place / "ran").exists()


@pytest.mark.parametrize("ending", ["nbi", "nbc", "json"])
def test_a_file_that_others_may_write_to_is_not_read(place, ending):
    loaded_again()
    (path,) = files_of(place, ending)
    path.chmod(0o664)
    assert not loaded_again()
    assert loaded_again()


def test_a_link_to_another_place_is_not_read(place, tmp_path):
    loaded_again()
    (code,) = files_of(place, "nbc")
    elsewhere = tmp_path / "elsewhere"
    code.rename(elsewhere)
    code.symlink_to(elsewhere)
    assert not loaded_again()


def test_numba_elsewhere_does_not_matter(place, tmp_path, monkeypatch):
    monkeypatch.setattr("numba.config.CACHE_DIR", str(tmp_path / "numba"))
    loaded_again()
    assert loaded_again()
    assert not (tmp_path / "numba").exists()


def test_a_folder_whose_parent_others_may_write_to_is_not_safe(tmp_path):
    parent, folder = tmp_path / "parent", tmp_path / "parent" / "kernels"
    folder.mkdir(parents=True)
    parent.chmod(0o755)
    assert is_owned(folder)
    assert is_safe_place(folder)
    parent.chmod(0o777)
    assert not is_safe_place(folder)
    parent.chmod(0o1777)
    assert is_safe_place(folder)


def test_temporary_kernels_are_removed_when_the_process_ends(tmp_path):
    code = (
        "from finsim.kernels import generated\n"
        f"generated.load({SOURCE!r}, {ARGUMENTS!r})\n"
        "print(generated.folder())"
    )
    refused = tmp_path / "open"
    refused.mkdir()
    refused.chmod(0o777)
    where = {**os.environ, "FINSIM_KERNELS": str(refused), "TMPDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=where)
    used = done.stdout.strip()
    assert used.startswith(str(tmp_path / "finsim-kernels-"))
    assert not os.path.exists(used)


def test_a_list_that_is_no_json_counts_as_damage(place):
    loaded_again()
    (listed,) = files_of(place, "json")
    listed.write_text("{")
    signed = generated.signed(SOURCE, ARGUMENTS)
    source = place / f"k{generated.digest(signed)}.py"
    assert not CompiledFiles(source, generated.NAME).are_sound()
    assert not loaded_again()
