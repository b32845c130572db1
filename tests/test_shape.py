"""The house rules of the architecture page, held by reading the source: one failure lists all breaches."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import finsim

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "finsim"
MAX_LINES, MAX_PARAMETERS, MAX_FUNCTION = 400, 8, 80

FLOORS = (
    ("errors", "notation"),
    ("extras", "option_words", "kept_memory"),
    ("call_errors",),
    ("document_numbers", "file_kinds"),
    ("document_days", "document_shapes"),
    ("document_words", "editor_spellings"),
    ("editor_schemas",),
    ("randomness", "catalog", "documents"),
    ("kernels",),
    ("records",),
    ("tables",),
    ("generators", "markets", "agents", "credit", "constraints", "scenarios"),
    ("evaluation", "provenance", "exports"),
    ("engine", "report"),
    ("verbs",),
    ("cli",),
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
NEIGHBOURS = {("errors", "notation"), ("notation", "errors")}

# Heavy library -> the only rooms, or modules, that may import it.
HOMES = {
    "numba": ("kernels",),
    "llvmlite": ("kernels.hints",),
    "torch": ("generators",),
    "safetensors": ("generators",),
    "networkx": ("records.graph",),
    "sklearn": ("evaluation", "credit"),
    "lark": ("constraints.language",),
    "typer": ("cli",),
    "rich": ("cli", "verbs"),
    "matplotlib": ("report",),
    "jinja2": ("report",),
    "dask": ("engine",),
    "distributed": ("engine",),
    "duckdb": ("exports", "tables.duckdb_connection"),
    "cryptography": ("provenance.signing",),
}
# Importing these must cost little: a heavy library may be imported by them only inside a function.
LIGHT = {
    "errors", "notation", "randomness", "catalog", "documents", "cli", "verbs", "constraints", "provenance",
    "tables",
}  # fmt: skip
SLOW = {"torch", "sklearn", "matplotlib", "networkx"}

FORBIDDEN_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal", "joblib"}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}
GLOBAL_SEEDING = {
    "np.random.seed", "numpy.random.seed", "np.random.set_state", "numpy.random.set_state", "random.seed",
    "torch.manual_seed", "torch.random.manual_seed", "torch.cuda.manual_seed", "torch.cuda.manual_seed_all",
    "torch.seed",
}  # fmt: skip
GLOBAL_DRAWS = {"np.random", "numpy.random"}
MAKERS = {"Generator", "Philox", "SeedSequence", "BitGenerator", "PCG64", "PCG64DXSM"}
VAGUE = {"utils", "util", "helpers", "helper", "misc", "common", "tools", "stuff", "base_classes"}
VAGUE_ENDINGS = ("Manager", "Handler", "Processor", "Helper", "Utils")

CATCHES_ALL = "catches everything"
# Where an own fault becomes exit code 3, and where a figure that cannot be drawn becomes a sentence.
FAULT_BORDERS = ("finsim/cli/main.py", "finsim/report/border.py")

Breach = str


def sources(*folders: Path) -> list[Path]:
    return sorted(path for folder in folders for path in folder.rglob("*.py"))


def breaches(path: Path, text: str, package: bool = True) -> Iterator[Breach]:
    """Yield every place where one file leaves the house's shape."""
    rel = path.relative_to(ROOT)
    lines = len(text.splitlines())
    if lines > MAX_LINES:
        yield f"{rel}: {lines} lines (at most {MAX_LINES})"
    if VAGUE & {part.removesuffix(".py").strip("_") for part in rel.parts}:
        yield f"{rel}: the name says nothing about its contents"
    tree = ast.parse(text)
    for node in ast.walk(tree):
        for found in _everywhere(node, package):
            if not (found.startswith(CATCHES_ALL) and rel.as_posix() in FAULT_BORDERS):
                yield f"{rel}:{node.lineno}: {found}"
    if package:
        module = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        for line, found in [*_imports(tree, module), *_public(tree, module), *_names(tree)]:
            yield f"{rel}:{line}: {found}"


def _everywhere(node: ast.AST, package: bool) -> Iterator[str]:
    if isinstance(node, ast.Call):
        name = ast.unparse(node.func)
        if name in GLOBAL_SEEDING:
            yield f"{name} seeds a global generator"
        head, _, last = name.rpartition(".")
        seeded = not package and last == "default_rng" and bool(node.args)
        if head in GLOBAL_DRAWS and not seeded and last not in MAKERS and name not in GLOBAL_SEEDING:
            yield f"{name} draws from a global or unaddressed stream"
        if package and name in FORBIDDEN_CALLS:
            yield f"calls {name}"
        if name.endswith((".load", "read_pickle")) and _allows_pickle(node):
            yield "loads pickled data"
    if isinstance(node, ast.Import | ast.ImportFrom):
        for target in _targets(node, ""):
            if target.split(".")[0] in FORBIDDEN_MODULES:
                yield f"imports {target}"
    if isinstance(node, ast.Global):
        yield f"rebinds the global {', '.join(node.names)}"
    if isinstance(node, ast.ExceptHandler):
        caught = "" if node.type is None else ast.unparse(node.type)
        if caught in ("", "BaseException", "Exception"):
            yield f"{CATCHES_ALL} ({caught or 'bare except'})"
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        length = (node.end_lineno or node.lineno) - node.lineno + 1
        if length > MAX_FUNCTION:
            yield f"{node.name} is {length} lines long (at most {MAX_FUNCTION})"


def _allows_pickle(node: ast.Call) -> bool:
    if ast.unparse(node.func).endswith("read_pickle"):
        return True
    words = {word.arg: ast.unparse(word.value) for word in node.keywords}
    return words.get("allow_pickle") == "True" or words.get("weights_only") == "False"


def _targets(node: ast.Import | ast.ImportFrom, module: str) -> list[str]:
    """Return the dotted names that an import statement of ``module`` brings in."""
    if isinstance(node, ast.Import):
        return [name.name for name in node.names]
    base = node.module or ""
    if node.level:
        parents = ["finsim", *module.split(".")][: -node.level]
        base = ".".join([*parents, *([node.module] if node.module else [])])
    return [f"{base}.{name.name}" for name in node.names]


def _imports(tree: ast.Module, module: str) -> Iterator[tuple[int, str]]:
    room = module.split(".")[0]
    top = {id(node) for node in _module_level(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            targets = _targets(node, module)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "Later":
            targets = [ast.literal_eval(node.args[0])]  # imports at first use
        else:
            continue
        for target in targets:
            parts = target.split(".")
            if parts[0] == "finsim":
                yield from ((node.lineno, found) for found in _floors(room, parts[1:]))
                continue
            homes = HOMES.get(parts[0])
            if homes is not None and not any(f"{module}.".startswith(f"{home}.") for home in homes):
                yield node.lineno, f"imports {parts[0]}, whose home is {' or '.join(homes) or 'nowhere'}"
            is_import = isinstance(node, ast.stmt)
            if is_import and parts[0] in SLOW and room in LIGHT and id(node) in top:
                yield node.lineno, f"imports {parts[0]} at module level; {room} must start quickly"


def _module_level(tree: ast.Module) -> Iterator[ast.AST]:
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            waiting.extend(ast.iter_child_nodes(node))


def _floors(room: str, target: list[str]) -> Iterator[str]:
    """Yield upward and sideways imports; the package root holds names only and stands on top."""
    other = target[0] if target else ""
    if room == other or room not in FLOOR or (room, other) in NEIGHBOURS or other not in FLOOR:
        return
    if FLOOR[other] > FLOOR[room]:
        yield f"{room} imports {other}, which is above it"
    elif FLOOR[other] == FLOOR[room]:
        yield f"{room} imports {other}, a room on its own floor"


def _public(tree: ast.Module, module: str) -> Iterator[tuple[int, str]]:
    if not ast.get_docstring(tree):
        yield 1, "the module has no docstring"
    for node, owner in _definitions(tree):
        if node.name.startswith("_") and node.name != "__init__":
            continue
        if isinstance(node, ast.FunctionDef) and "overload" in map(ast.unparse, node.decorator_list):
            continue  # the function that follows has the docstring
        if not ast.get_docstring(node) and node.name != "__init__":
            yield node.lineno, f"{node.name} is public and has no docstring"
        if isinstance(node, ast.ClassDef):
            continue
        args = node.args
        count = len(args.posonlyargs + args.args + args.kwonlyargs) - (owner and not _is_static(node))
        if args.kwarg:
            yield node.lineno, f"{node.name} takes **{args.kwarg.arg}"
        # Options of a verb, one parameter each: ADR 0014, 0015. Nothing else of these floors has more.
        is_public = f"finsim.{module}" == finsim._HOMES.get(node.name) and module.startswith("verbs.")
        is_command = module.startswith("cli.") and module.endswith(f".{node.name}")
        is_verb = not owner and (is_command or is_public)
        if count > MAX_PARAMETERS and not is_verb:
            yield node.lineno, f"{node.name} takes {count} parameters (at most {MAX_PARAMETERS})"


Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def _definitions(tree: ast.Module) -> Iterator[tuple[Definition, bool]]:
    """Yield the functions and classes of a module and the methods of its public classes."""
    for node in tree.body:
        if isinstance(node, Definition):
            yield node, False
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from ((item, True) for item in node.body if isinstance(item, Definition))


def _is_static(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(ast.unparse(mark) == "staticmethod" for mark in node.decorator_list)


def _names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name.endswith(VAGUE_ENDINGS):
            yield node.lineno, f"class {node.name} says nothing about what it does"


def test_the_package_keeps_its_shape() -> None:
    found = [breach for path in sources(PACKAGE) for breach in breaches(path, path.read_text())]
    assert not found, "the house rules are broken:\n" + "\n".join(found)


def test_tests_keep_the_shape_of_files() -> None:
    paths = sources(ROOT / "tests")
    found = [breach for path in paths for breach in breaches(path, path.read_text(), package=False)]
    assert not found, "the house rules are broken:\n" + "\n".join(found)


def test_every_room_has_a_floor() -> None:
    rooms = {
        path.name.removesuffix(".py") for path in PACKAGE.iterdir() if not path.name.startswith(("_", "."))
    }
    assert rooms - {"py.typed", "shipped"} <= set(FLOOR)


@pytest.mark.parametrize(
    ("file", "text", "found"),
    [
        ("records/x.py", '"""x"""\nfrom finsim.engine import run\n', "above"),
        ("agents/x.py", '"""x"""\nfrom finsim.credit.book import Book\n', "own floor"),
        ("agents/x.py", '"""x"""\nfrom ..credit import book\n', "own floor"),
        ("agents/x.py", '"""x"""\ndef f():\n    "f"\n    import finsim.markets.prices\n', "own floor"),
        ("agents/x.py", '"""x"""\nimport numba\n', "whose home"),
        ("evaluation/x.py", '"""x"""\nimport torch.nn\n', "whose home"),
        ("records/graphs.py", '"""x"""\nimport networkx\n', "whose home"),
        ("credit/x.py", '"""x"""\nx = Later("jinja2", "report")\n', "whose home"),
        ("cli/x.py", '"""x"""\nimport sklearn\n', "start quickly"),
        ("cli/utils.py", '"""x"""\n', "says nothing"),
        ("cli/x.py", '"""x"""\nclass RunManager:\n    "m"\n', "says nothing"),
        ("engine/x.py", '"""x"""\ndef f(a, *, b, c, d, e, g, h, i, j):\n    "f"\n', "9 parameters"),
        ("cli/x.py", '"""x"""\ndef f(**rest):\n    "f"\n', "takes **rest"),
        ("cli/x.py", '"""x"""\ndef f():\n    return 1\n', "no docstring"),
        ("cli/x.py", '"""x"""\nclass A:\n    "a"\n    def b(self):\n        return 1\n', "no docstring"),
        ("cli/x.py", "import json\n", "no docstring"),
        ("cli/x.py", '"""x"""\ntry:\n    a = 1\nexcept:\n    pass\n', "catches everything"),
        ("cli/x.py", '"""x"""\ntry:\n    a = 1\nexcept BaseException:\n    pass\n', "catches everything"),
        ("cli/x.py", '"""x"""\nimport numpy as np\nnp.random.seed(1)\n', "global generator"),
        ("cli/x.py", '"""x"""\nimport numpy as np\nr = np.random.default_rng()\n', "unaddressed"),
        ("cli/x.py", '"""x"""\ndef _f():\n    global y\n    y = 1\n', "global y"),
        ("cli/x.py", '"""x"""\nfrom pickle import loads\n', "imports pickle"),
        ("cli/x.py", '"""x"""\ny = eval("1")\n', "calls eval"),
        ("cli/x.py", '"""x"""\n' + "y = 1\n" * 400, "401 lines"),
        ("cli/x.py", '"""x"""\ndef _f():\n' + "    y = 1\n" * 80, "81 lines long"),
    ],
)
def test_the_reader_sees_a_planted_breach(file: str, text: str, found: str) -> None:
    listed = list(breaches(PACKAGE / file, text))
    assert any(found in breach for breach in listed), listed


def test_the_reader_accepts_what_is_allowed() -> None:
    text = "\n".join(
        [
            '"""x"""',
            "import numpy as np",
            "from finsim.records.paths import Paths",
            "def f(a, b=1):",
            '    "f"',
            "    import networkx",
            "    return np.random.Generator(np.random.Philox(1))",
        ]
    )
    listed = list(breaches(PACKAGE / "agents" / "x.py", text))
    assert len(listed) == 1
    assert "networkx" in listed[0]
