"""Rooms: no circle of imports inside a room or between rooms, and no folder above 20 files."""

import ast
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "finsim"
MAX_FILES = 20
LARGE: set[str] = set()

Graph = Mapping[str, set[str]]


def imports(texts: Mapping[str, str]) -> dict[str, set[str]]:
    """Return module -> modules it imports anywhere: in functions and under TYPE_CHECKING too.

    ``texts`` are sources by module; a package is named ``room.__init__``.
    """
    graph: dict[str, set[str]] = {module: set() for module in texts}
    for module, text in texts.items():
        for node in ast.walk(ast.parse(text)):
            for target in _targets(node, module):
                found = _module(target, texts)
                if found is not None and found != module:
                    graph[module].add(found)
    return graph


def _targets(node: ast.AST, module: str) -> list[str]:
    if isinstance(node, ast.Import):
        return [name.name for name in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    base = node.module or ""
    if node.level:
        base = ".".join([*module.split(".")[: -node.level], *([base] if base else [])])
    return [f"{base}.{name.name}" for name in node.names]


def _module(target: str, texts: Mapping[str, str]) -> str | None:
    """Return the module that a dotted target names, or the one that holds the name at its end."""
    for name in (target, target.rpartition(".")[0]):
        for module in (name, f"{name}.__init__"):
            if module in texts:
                return module
    return None


def collapsed(graph: Graph, room: str) -> dict[str, set[str]]:
    """Return the graph of what lies directly in a room; a room inside it counts as one."""
    found: dict[str, set[str]] = defaultdict(set)
    start = f"{room}."
    for module, targets in graph.items():
        if module.startswith(start):
            mine = start + module.removeprefix(start).split(".")[0]
            theirs = {
                start + one.removeprefix(start).split(".")[0] for one in targets if one.startswith(start)
            }
            found[mine] |= theirs - {mine}
    return found


def circles(graph: Graph) -> list[list[str]]:
    """Return the groups of nodes that reach one another."""
    reached = {node: _reached(graph, node) for node in graph}
    groups = {frozenset(b for b in reached[a] if a in reached.get(b, ())) for a in graph}
    return sorted(sorted(group) for group in groups if len(group) > 1)


def _reached(graph: Graph, start: str) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for node in graph.get(waiting.pop(), ()):
            if node not in found:
                found.add(node)
                waiting.append(node)
    return found


def rooms(modules: Iterable[str]) -> list[str]:
    parts = [module.split(".") for module in modules]
    return sorted({".".join(one[:depth]) for one in parts for depth in range(1, len(one))})


@pytest.fixture(scope="module")
def graph() -> dict[str, set[str]]:
    paths = sorted(PACKAGE.rglob("*.py"))
    return imports({".".join(p.relative_to(ROOT).with_suffix("").parts): p.read_text() for p in paths})


def test_no_files_import_each_other_in_a_circle(graph: Graph) -> None:
    assert not circles(graph)


def test_no_rooms_import_each_other_in_a_circle(graph: Graph) -> None:
    found = {room: circles(collapsed(graph, room)) for room in rooms(graph)}
    assert not {room: loops for room, loops in found.items() if loops}


def test_no_folder_holds_more_than_twenty_files() -> None:
    counts: dict[str, int] = defaultdict(int)
    for path in PACKAGE.rglob("*.py"):
        if path.name != "__init__.py":
            counts[path.parent.relative_to(ROOT).as_posix()] += 1
    large = {folder: count for folder, count in counts.items() if count > MAX_FILES}
    assert set(large) == LARGE, large


def test_a_planted_circle_of_files_is_seen() -> None:
    lazy = "def f():\n    from finsim.a import two\n"
    typed = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from finsim.a.one import X\n"
    texts = {"finsim.a.__init__": "", "finsim.a.one": lazy, "finsim.a.two": typed}
    assert circles(imports(texts)) == [["finsim.a.one", "finsim.a.two"]]


def test_a_planted_circle_through_a_package_is_seen() -> None:
    texts = {
        "finsim.a.__init__": "from finsim.a.one import X\n",
        "finsim.a.one": "from .. import a\nfrom . import Y\n",
    }
    assert circles(imports(texts)) == [["finsim.a.__init__", "finsim.a.one"]]


def test_a_planted_circle_of_rooms_is_seen_although_its_files_have_none() -> None:
    texts = {
        "finsim.a.x.one": "import finsim.a.y.one\n", "finsim.a.y.one": "",
        "finsim.a.y.two": "from finsim.a.x.two import X\n", "finsim.a.x.two": "",
        "finsim.b.one": "from finsim.a.x import two\n",
    }  # fmt: skip
    graph = imports(texts)
    assert not circles(graph)
    assert circles(collapsed(graph, "finsim.a")) == [["finsim.a.x", "finsim.a.y"]]
    assert not circles(collapsed(graph, "finsim"))
    assert rooms(texts) == ["finsim", "finsim.a", "finsim.a.x", "finsim.a.y", "finsim.b"]
