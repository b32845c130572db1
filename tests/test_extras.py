"""The bare core does what it promises; a missing extra is answered with its pip line."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import finsim
from finsim import extras
from finsim.catalog import Catalog, Entry
from finsim.engine.study.needed_extras import needed_extras
from finsim.errors import StudyError
from finsim.generators import GENERATORS

pytestmark = pytest.mark.sweep

ROOT = Path(__file__).resolve().parents[1]
BARE = ROOT / "tests" / "bare"
DEVELOPERS = {"test", "clients", "docs", "notebooks", "bench"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def packages(lines: list[str]) -> set[str]:
    return {re.split(r"[<>=\[;]", line)[0].strip() for line in lines}


def test_the_table_of_extras_is_that_of_the_project() -> None:
    declared = PROJECT["optional-dependencies"]
    said = {
        extra: {extras.PACKAGE_OF.get(name, name) for name in names} for extra, names in extras.EXTRAS.items()
    }
    users = {extra: packages(lines) for extra, lines in declared.items() if extra not in {*DEVELOPERS, "all"}}
    assert said == users
    assert set(declared) == {*said, *DEVELOPERS, "all"}
    assert all(declared.values()), "an empty extra"
    (everything,) = declared["all"]
    assert everything == f"finsim[{','.join(said)}]"


def test_the_core_installs_nothing_of_an_extra() -> None:
    core = packages(PROJECT["dependencies"])
    heavy = {extras.PACKAGE_OF.get(name, name) for names in extras.EXTRAS.values() for name in names}
    assert not core & heavy


def test_bare_script_hides_every_package_of_an_extra() -> None:
    tree = ast.parse((BARE / "promises.py").read_text())
    found = [node.value for node in ast.walk(tree) if isinstance(node, ast.Assign | ast.AugAssign)]
    hidden = {item.value for node in found for item in ast.walk(node) if isinstance(item, ast.Constant)}
    assert {name for names in extras.EXTRAS.values() for name in names} <= hidden


def test_every_late_import_is_in_the_table_under_its_extra() -> None:
    wrong, count = [], 0
    for path in (ROOT / "finsim").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Later":
                module, extra = (ast.literal_eval(word) for word in node.args)
                count += 1
                if module.split(".")[0] not in extras.EXTRAS.get(extra, ()):
                    wrong.append(f"{path.name}: {module} is not of {extra}")
    assert count > 20
    assert not wrong


def test_the_bare_core_keeps_its_promises(tmp_path: Path) -> None:
    run = tmp_path / "run"
    finsim.run(BARE / "study.yaml", output=run, progress=False)
    done = subprocess.run(
        [sys.executable, str(BARE / "promises.py"), str(run), "--blocked"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": "", "HOME": str(tmp_path)},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


HIDDEN = f"""
import sys
sys.path.insert(0, {str(BARE)!r})
from promises import HEAVY, Hidden
sys.meta_path.insert(0, Hidden(HEAVY))
"""


def test_public_names_and_modules_without_torch_load_in_the_bare_core() -> None:
    code = HIDDEN + (
        "import finsim, importlib, pkgutil\n"
        "for name in finsim.__all__: getattr(finsim, name)\n"
        "for item in pkgutil.walk_packages(finsim.__path__, 'finsim.'):\n"
        "    if item.name.endswith('__main__'): continue\n"
        "    try: importlib.import_module(item.name)\n"
        "    except ModuleNotFoundError as error: print(item.name, error.name.split('.')[0])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines, "nothing of the generators imports torch at its top any more"
    assert {missing for _, missing in lines} == {"torch"}
    names = {name for name, _ in lines}
    assert all(name.startswith("finsim.generators.") for name in names)
    for entry in GENERATORS.entries.values():
        assert (entry.target.partition(":")[0] in names) == (entry.extra == "learn")


@pytest.mark.parametrize(
    ("call", "extra"),
    [
        ("finsim.fit(bars, progress=False)", "markets,learn"),
        ("finsim.read_prices(bars); finsim.fit(bars, 'bootstrap', progress=False)", "markets"),
        ("finsim.evaluate(bars, bars, progress=False)", "evaluate"),
        ("finsim.value_at_risk(np.arange(100_000.0), 0.99)", "credit"),
        ("finsim.plan('quickstart')", "markets,learn,credit,evaluate,report"),
        ("finsim.plan(finsim.study(transactions={'accounts': 500}))", "evaluate,report"),
        (
            "finsim.run(finsim.study(credit={'data': 'german_credit'}, evaluation={'enabled': False}))",
            "credit,report",
        ),
        ("finsim.account_graph(finsim.simulate(accounts=300, days=5, progress=False).rows)", "graph"),
    ],
)
def test_python_names_the_same_pip_line(call: str, extra: str) -> None:
    code = HIDDEN + (
        "import finsim\nimport numpy as np\n"
        "bars = finsim.example_data('wiki_aapl_ibm_2000_2013')\n"
        f"try: {call}\n"
        "except finsim.FinsimError as error: print(type(error).__name__, error.problems[0].remedy)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == f'StudyError pip install "finsim[{extra}]"'


def test_a_study_needs_the_extras_of_its_parts() -> None:
    assert needed_extras(finsim.load_study(BARE / "study.yaml")) == ["report"]
    market = {"data": "wiki_aapl_ibm_2000_2013", "generator": "bootstrap"}
    both = finsim.study(market=market, credit={"data": "german_credit"})
    assert needed_extras(both) == ["markets", "credit", "evaluate", "report"]


def test_missing_packages_are_named_once_with_one_pip_line(monkeypatch: pytest.MonkeyPatch) -> None:
    table = {"learn": ("torch", "nowhere_a"), "evaluate": ("nowhere_a", "nowhere_b"), "graph": ("nowhere_b",)}
    monkeypatch.setattr(extras, "EXTRAS", table)
    monkeypatch.setattr(extras, "PACKAGE_OF", {"nowhere_b": "no-where-b"})
    with pytest.raises(StudyError) as caught:
        extras.needs(["learn", "", "evaluate", "learn"], "study x")
    problem = caught.value.problems[0]
    assert problem.place == "study x"
    assert problem.found == "needs nowhere_a, no-where-b, which are not installed"
    assert problem.remedy == 'pip install "finsim[learn,evaluate]"'
    with pytest.raises(StudyError, match=r"no-where-b, which is not installed\n.*finsim\[graph\]"):
        extras.Later("nowhere_b.part", "graph").anything()
    assert not hasattr(extras.Later("nowhere_b.part", "graph"), "__wrapped__")
    shapes = Catalog("shape", {"star": Entry("nowhere_b:Star", "a star", "graph")})
    assert shapes.lacks("star") == ("nowhere_b",)
    with pytest.raises(StudyError, match=r"shape star: needs no-where-b.*\n.*finsim\[graph\]"):
        shapes.load("star")


def test_a_late_module_loads_once_and_answers_inspection_without_loading() -> None:
    late = extras.Later("fractions", "graph")
    assert not hasattr(late, "__wrapped__")
    assert "Fraction" not in vars(late)
    assert late.Fraction(1, 2) * 2 == 1
    assert vars(late)["Fraction"] is late.Fraction
