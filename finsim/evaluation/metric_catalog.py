"""The catalogue of metrics, read from the files that hold them: a metric is one file and no second line."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from finsim.catalog import Catalog, Entry
from finsim.evaluation import uses

HOME = Path(__file__).parent
_STATEMENT = re.compile(r"^METRIC(?:: [^=\n]+)? = Metric\(", re.MULTILINE)


@dataclass(frozen=True)
class MetricFile:
    """What a metric's file says without being imported: its module, case, order, one sentence."""

    name: str
    module: str
    case: str
    order: int
    required: bool
    use: str
    summary: str


def metric_files(home: Path = HOME) -> dict[str, MetricFile]:
    """Return every ``METRIC = Metric(...)`` in the rooms of this floor by name, in the order of judging."""
    found = [read for path in sorted(home.rglob("*.py")) if (read := _read(path, home))]
    found.sort(key=lambda one: (one.case, one.order, one.name))
    return {one.name: one for one in found}


def _read(path: Path, home: Path) -> MetricFile | None:
    text = path.read_text(encoding="utf-8")
    begun = _STATEMENT.search(text)
    if begun is None:
        return None
    said = _keywords(text, begun.start())
    first = text.partition('"""')[2].partition('"""')[0].strip().partition("\n")[0]
    module = ".".join(("finsim.evaluation", *path.relative_to(home).with_suffix("").parts))
    return MetricFile(
        str(said["name"]),
        module,
        str(said["case"]),
        int(said.get("order", 1_000)),
        bool(said.get("required", False)),
        getattr(uses, str(said["use"])),
        str(said.get("summary") or first.rstrip(".")),
    )


def _keywords(text: str, start: int) -> dict[str, Any]:
    """Return the literal keywords of the call; a name (``use=SHARE``) is returned as its text."""
    statement = ast.parse(_statement(text[start:])).body[0]
    call = statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None
    assert isinstance(call, ast.Call)
    found: dict[str, Any] = {}
    for keyword in call.keywords:
        if isinstance(keyword.value, ast.Name):
            found[str(keyword.arg)] = keyword.value.id
        elif isinstance(keyword.value, ast.Constant):
            found[str(keyword.arg)] = keyword.value.value
    return found


def _statement(text: str) -> str:
    """Return the text up to the parenthesis in the first column that ends the call."""
    end = text.find("\n)")
    return text if end < 0 else text[: end + 2]


class _Entries(Mapping[str, Entry]):
    """The lines of the catalogue; the files are read when the first one is asked for."""

    @cached_property
    def files(self) -> dict[str, MetricFile]:
        return metric_files()

    def __getitem__(self, name: str) -> Entry:
        one = self.files[name]
        return Entry(f"{one.module}:METRIC", one.summary)

    def __iter__(self) -> Iterator[str]:
        return iter(self.files)

    def __len__(self) -> int:
        return len(self.files)


@dataclass(frozen=True)
class MetricCatalog(Catalog):
    """The metrics by name, and those of one case in the order in which they are computed."""

    def files(self) -> dict[str, MetricFile]:
        """Return what the files of all metrics say, by name."""
        assert isinstance(self.entries, _Entries)
        return self.entries.files

    def of_case(self, case: str) -> tuple[str, ...]:
        """Return the names of the metrics of a case (``paths``, ``table``...) in their order."""
        return tuple(name for name, one in self.files().items() if one.case == case)

    def of_use(self, case: str, use: str) -> tuple[str, ...]:
        """Return the names of the metrics of a case that one use rests on, in their order."""
        return tuple(name for name in self.of_case(case) if self.files()[name].use == use)

    def required(self, metrics: set[str], use: str) -> tuple[str, ...]:
        """Return the metrics without which a use has no verdict on the tables that ``metrics`` judged."""
        files = self.files()
        cases = {files[name].case for name in metrics if name in files}
        return tuple(
            name for name, one in files.items() if one.required and one.case in cases and one.use == use
        )


METRICS = MetricCatalog("metric", _Entries())
