"""Put each stated mutant into a copy of the project and run its fast tests: how many are seen?

    python tests/mutants/run_mutants.py [--workers 2] [NAME ...]

A name is that of a list (``kernels``) or of one mutant (``kernels-3``). Prints a line per mutant and the
share that was killed; ends with 1 below 90 %, where a text is not in its file, or where tests fail without
a mutant.
"""

from __future__ import annotations

import argparse
import ast
import os
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from mutant_list import ROOT, Mutant, every_mutant, mutated

GOAL = 0.9
LIMIT = 240  # seconds of the clock; a mutant that runs on is one that is seen
FOLDERS = ("finsim", "tests", "benchmarks", "scenarios", "constraints", "data", "docs")
FILES = ("pyproject.toml", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "Makefile")
PASSED, FAILED, INTERRUPTED, BROKEN = 0, 1, 2, 70


def copied(target: Path, source: Path, copy: Callable[[str, str], object]) -> Path:
    """Copy what tests need; the folder of shared data, where there is one, stays beside the copy."""
    target.mkdir(parents=True)
    for name in FOLDERS:
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name, copy_function=copy)
    for name in FILES:
        if (source / name).is_file():
            copy(str(source / name), str(target / name))
    shared = target.parent / "shared"
    if (ROOT.parent / "shared").is_dir() and not shared.exists():
        shared.symlink_to(ROOT.parent / "shared")
    return target


def importers(tree: Path) -> dict[str, set[str]]:
    """Return which modules of finsim each module names in its imports."""
    found: dict[str, set[str]] = {}
    for path in (tree / "finsim").rglob("*.py"):
        module = ".".join(path.relative_to(tree).with_suffix("").parts)
        named = found.setdefault(module, set())
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                named |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
    return found


def forget_machine_code(tree: Path, file: str, imports: dict[str, set[str]]) -> None:
    """Remove the machine code of a file and of all that call it: numba looks at the file alone."""
    reached, left = set(), {".".join(Path(file).with_suffix("").parts)}
    while left:
        reached |= left
        left = {name for name, named in imports.items() if named & left} - reached
    for module in reached:
        path = tree.joinpath(*module.split("."))
        for kept in (path.parent / "__pycache__").glob(f"{path.name}.*.nb*"):
            kept.unlink()


def outcome(tree: Path, tests: Sequence[str], log: Path) -> int:
    """Run tests in a child of this process, which has the heavy libraries in memory; return its exit code."""
    child = os.fork()
    if child:
        status = os.waitpid(child, 0)[1]
        return os.waitstatus_to_exitcode(status)
    try:
        _run_here(tree, tests, log)
    finally:  # only an exception leads here
        traceback.print_exc()
        os._exit(BROKEN)  # nothing of the parent's, such as its temporary folder, is the child's to tidy


def _run_here(tree: Path, tests: Sequence[str], log: Path) -> None:
    """Run tests in this process, on the finsim of a tree, and end it."""
    signal.alarm(LIMIT)
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    os.chdir(tree)
    os.environ.update({"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"})
    sys.dont_write_bytecode = True
    sys.path[0] = str(tree)
    for name in [name for name in sys.modules if name == "mutant_list" or name.partition(".")[0] == "finsim"]:
        del sys.modules[name]
    import pytest

    code = pytest.main(
        ["-x", "-q", "-m", "not slow", "-n", "0", "-p", "no:cacheprovider", "--hypothesis-seed=0", *tests]
    )
    sys.stdout.flush()
    os._exit(int(code))


def judged(mutant: Mutant, base: Path, place: Path, imports: dict[str, set[str]]) -> str:
    """Return what became of a mutant: killed, survived, or what is wrong with its entry."""
    tree = copied(place / mutant.name / "finsim", base, os.link)
    try:
        path = tree / mutant.file
        text = mutated(path.read_text(encoding="utf-8"), mutant)
        path.unlink()  # the copy shares its files with the others
        path.write_text(text, encoding="utf-8")
        forget_machine_code(tree, mutant.file, imports)
        code = outcome(tree, mutant.tests, place / f"{mutant.name}.txt")
    except ValueError as gone:
        return f"broken entry: {gone}"
    finally:
        shutil.rmtree(place / mutant.name)
    if code == PASSED:
        return "survived"
    return "killed" if code in (FAILED, INTERRUPTED) or code < 0 else f"broken entry: pytest ends with {code}"


def every_outcome(
    mutants: Sequence[Mutant], workers: int, judge: Callable[[Mutant], str]
) -> Iterator[tuple[Mutant, str]]:
    """Yield what became of each mutant, judged by so many threads, each of which waits for a child."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(workers) as pool:
        yield from zip(mutants, pool.map(judge, mutants), strict=True)


def chosen(names: Sequence[str]) -> list[Mutant]:
    """Return the mutants of given names, all of them without any."""
    found = [one for one in every_mutant() if not names or one.name in names or one.room in names]
    if not found:
        raise SystemExit(f"no mutant of the names {', '.join(names)}")
    return found


def main() -> int:
    """Judge the mutants and print the share that was killed."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("names", nargs="*")
    asked.add_argument("--workers", type=int, default=1)
    asked.add_argument("--trust", action="store_true", help="do not run the tests without a mutant first")
    given = asked.parse_args()
    mutants = chosen(given.names)
    with tempfile.TemporaryDirectory(prefix="finsim-mutants-") as name:
        place = Path(name)
        base = copied(place / "base" / "finsim", ROOT, shutil.copy2)
        tests = sorted({test for one in mutants for test in one.tests})
        if not given.trust and outcome(base, tests, place / "base.txt") != PASSED:
            print((place / "base.txt").read_text(encoding="utf-8")[-2000:])
            print("the tests fail without any mutant: nothing can be judged")
            return 1
        imports = importers(base)
        results = []
        for one, result in every_outcome(
            mutants, given.workers, lambda one: judged(one, base, place, imports)
        ):
            print(f"{one.name} {result}: {one.file}: {one.find!r} -> {one.put!r}", flush=True)
            results.append(result)
    killed = results.count("killed")
    broken = sum(result.startswith("broken") for result in results)
    print(f"{killed} of {len(results)} mutants killed, {killed / len(results):.1%} (goal {GOAL:.0%})")
    return int(broken > 0 or killed < GOAL * len(results))


if __name__ == "__main__":
    import numba  # noqa: F401 what most tests import, once for all children
    import pyarrow.parquet  # noqa: F401

    sys.exit(main())
