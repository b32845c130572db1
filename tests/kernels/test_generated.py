"""Generated source: a closed alphabet, a private folder, files that hold what their name says."""

import os
import stat
import subprocess
import sys

import numpy as np
import pytest

from finsim.kernels import generated

SOURCE = """from numpy import float64, int64


def evaluate(n, c0, h):
    s0 = int64(0)
    for i in range(n):
        a0 = float64(c0[i])
        s0 += int64(a0 > h[0])
    return s0
"""
ARGUMENTS = (("int64", 0), ("float64", 1), ("float64", 1))


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("FINSIM_KERNELS", str(tmp_path / "kernels"))
    monkeypatch.setattr(generated, "_loaded", {})
    generated.folder.cache_clear()
    yield tmp_path / "kernels"
    generated.folder.cache_clear()


def test_a_source_is_kept_under_its_hash_and_compiled_once(place):
    x, limit = np.array([1.0, 2.0, 3.0]), np.array([1.5])
    assert not generated.is_compiled(SOURCE, ARGUMENTS)
    assert generated.load(SOURCE, ARGUMENTS)(3, x, limit) == 2
    (kept,) = place.glob("*.py")
    signed = generated.signed(SOURCE, ARGUMENTS)
    assert kept.name == f"k{generated.digest(signed)}.py"
    assert kept.read_text() == signed
    assert generated.is_compiled(SOURCE, ARGUMENTS)
    assert stat.S_IMODE(place.stat().st_mode) == 0o700


def test_read_only_arrays_need_no_second_compilation(place):
    kernel = generated.load(SOURCE, ARGUMENTS)
    x = np.array([1.0, 2.0])
    x.flags.writeable = False
    assert kernel(2, x, np.array([0.0])) == 2
    assert len(kernel.signatures) == 1


def test_another_process_loads_the_machine_code(place):
    generated.load(SOURCE, ARGUMENTS)
    code = (
        "import numpy as np\nfrom finsim.kernels import generated\n"
        f"kernel = generated.load({SOURCE!r}, {ARGUMENTS!r})\n"
        "assert kernel(1, np.ones(1), np.zeros(1)) == 1\n"
        "print(sum(kernel.stats.cache_hits.values()), sum(kernel.stats.cache_misses.values()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "0"]


def test_a_file_that_was_changed_is_written_anew(place):
    generated.load(SOURCE, ARGUMENTS)
    (kept,) = place.glob("*.py")
    kept.write_text(SOURCE.replace("a0 > h[0]", "a0 < h[0]"))
    generated._loaded.clear()
    kernel = generated.load(SOURCE, ARGUMENTS)
    assert kept.read_text() == generated.signed(SOURCE, ARGUMENTS)
    assert kernel(3, np.array([1.0, 2.0, 3.0]), np.array([1.5])) == 2


def test_a_folder_that_others_may_write_to_is_not_used(place):
    place.mkdir()
    os.chmod(place, 0o777)
    assert generated.folder() != place
    assert stat.S_IMODE(generated.folder().stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "bad",
    [
        "import os", "x.y", "__import__", "'text'", '"text"', "a;b", "lambda x", "exec(x)", "open(x)",
        "@x", "x if x else y.z", "é", "#", "\\", "{1}", "while 1", "class x", "evaluate2", "numpyx", "A0",
    ],
)  # fmt: skip
def test_anything_else_is_refused(bad):
    with pytest.raises(ValueError, match="generated source holds"):
        generated.check_alphabet(bad)


def test_the_alphabet_suffices():
    generated.check_alphabet(generated.signed(SOURCE, ARGUMENTS))


def test_other_arguments_are_another_kernel(place):
    narrow = (("int64", 0), ("float32", 1), ("float64", 1))
    assert generated.load(SOURCE, ARGUMENTS)(2, np.array([1.0, 2.0]), np.array([1.5])) == 1
    assert not generated.is_compiled(SOURCE, narrow)
    assert generated.load(SOURCE, narrow)(2, np.array([1, 2], np.float32), np.array([0.5])) == 2
    assert len(list(place.glob("*.py"))) == 2
