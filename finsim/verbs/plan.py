"""``plan``: what a study would do, or how a table would be read; no work is done."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from finsim.call_errors import public
from finsim.engine.graph.graph_view import GraphView
from finsim.engine.planning.plan_summary import PlanSummary
from finsim.engine.study.study_file import Study
from finsim.errors import DataError
from finsim.tables import Dialect, Preview, Schema, load_schema, preview, propose, schema_remedy
from finsim.verbs.calling.argument_checks import Arguments
from finsim.verbs.handover.fetched import here

__all__ = ["plan", "plan_table"]

_MOST = 3


@public
def plan(
    subject: str | Path | Study | Mapping[str, Any],
    *,
    seed: int | None = None,
    scale: float = 1.0,
    output: str | Path | None = None,
    schema: Any = None,
    csv: str | None = None,
    graph: bool = False,
) -> PlanSummary | GraphView | Preview:
    """Check a study and say what it would do and cost; or show how a table would be read.

    Args:
        subject: a study as in ``run``, or a table of data (by its ending, or with ``schema``).
        seed: root seed, instead of the study's.
        scale: factor on sizes, as in ``run``.
        output: folder that the run would write; one that is in use is refused.
        schema: schema file of the table; proposed when left out.
        graph: the tasks of the study, what each costs and the longest chain, not the summary. Figures are
            those of the run in ``output``, or in ``runs/<study id>-<seed>``, where one of the very study lies
            there; a subject may then be the folder of a run.
        csv: how the table's text is written, such as ``sep=;,decimal=,``.

    Returns:
        A PlanSummary of a study, its GraphView, or a Preview of a table, with ``to_text`` and ``to_dict``.

    Raises:
        StudyError and the errors of the files named, all at once: everything that ``run`` would refuse.

    Example:
        >>> import finsim
        >>> summary = finsim.plan("quickstart", scale=0.1)
        >>> summary.to_dict()["study"]["id"]
        'quickstart'

    """
    wrong = Arguments("plan").kinds(
        "subject", subject, (str, Path, Study, Mapping),
        "a study by name or file, a Study or a mapping, or a file of data",
        "write 'quickstart'",
    )  # fmt: skip
    wrong.numbers({"seed": seed, "scale": scale}, "seed").reading(schema, csv)
    wrong.kinds("graph", graph, (bool,), "True or False", "write graph=True")
    for name, value in (("schema", schema), ("csv", csv)):
        wrong.one_of({"graph": graph or None, name: value})
    wrong.settle()
    if isinstance(subject, Mapping):
        from finsim.engine.study.study_file import study_of

        subject = study_of(dict(subject), Path.cwd())
    subject = _here(subject)
    if graph:
        return _graph(subject, seed, scale, None if output is None else Path(output))
    if not isinstance(subject, Study) and (schema is not None or csv or _is_table(Path(subject))):
        return plan_table(Path(subject), schema, csv)
    from finsim.engine.planning.plan_summary import describe
    from finsim.engine.study.study_file import load_study
    from finsim.engine.study.study_resolution import resolve

    study = subject if isinstance(subject, Study) else load_study(str(subject))
    words = [] if isinstance(subject, Study) else [str(subject)]
    words += ["--seed", str(seed)] if words and seed is not None else []
    words += ["--scale", f"{scale:g}"] if words and scale != 1.0 else []
    words += ["-o", str(output)] if words and output is not None else []
    place = None if output is None else Path(output)
    return describe(resolve(study.with_seed(seed).scaled(scale)), output=place, command=shlex.join(words))


def _here(subject: Any) -> str | Path | Study:
    found: str | Path | Study = here(subject, "plan: subject")
    return found


def _graph(subject: str | Path | Study, seed: int | None, scale: float, output: Path | None) -> GraphView:
    """Return the graph of a study, or of the study of a run."""
    from finsim.engine.finished_tasks import is_started, read_plan
    from finsim.engine.graph.graph_view import graph_view, run_of
    from finsim.engine.planning.plan_summary import describe
    from finsim.engine.study.study_file import load_study
    from finsim.engine.study.study_resolution import plan_of, resolve

    if isinstance(subject, str | Path) and is_started(Path(subject)):
        return graph_view(describe(plan_of(read_plan(Path(subject)))), Path(subject))
    study = subject if isinstance(subject, Study) else load_study(str(subject))
    plan = resolve(study.with_seed(seed).scaled(scale))
    return graph_view(describe(plan), run_of(plan, output))


def _is_table(path: Path) -> bool:
    """Tell whether an argument is a table, not a study: by its ending, or a folder of Parquet files."""
    from finsim.tables.endings import ending_of

    return bool(ending_of(path)) or (path.is_dir() and any(path.glob("*.parquet")))


def plan_table(data: Path, schema: Any, csv: str | None) -> Preview:
    """Return how a table would be read, under a schema or under the proposed one."""
    over = Dialect.parse(csv) if csv else None
    if schema is not None:
        declared = load_schema(str(schema)) if isinstance(schema, str | Path) else schema
        found = preview(data, declared, over)
        return replace(found, fit_refuses=_refused_by_fit(found, data, declared, over))
    proposal = propose(data, "", over)
    found = preview(data, proposal.schema(), over)
    refuses = _refused_by_fit(found, data, proposal.schema(), over)
    doubts = list(proposal.doubts)
    if not refuses and _refused_by_fit(found, data, Schema({}, Dialect(), "prices"), over):
        doubts.append(f"`finsim fit` needs it to read these prices: {schema_remedy(str(data))}")
    return replace(found, doubts=tuple(doubts), fit_refuses=refuses)


def _refused_by_fit(found: Preview, data: Path, schema: Schema, over: Dialect | None) -> tuple[str, ...]:
    """Return what `fit` would refuse of a file of prices that can be read under a schema."""
    if found.kind != "prices" or not found.ok or not data.is_file():
        return ()
    from finsim.markets.prices import read_prices

    try:
        read_prices(data, schema=replace(schema, dialect=over.over(schema.dialect)) if over else schema)
    except DataError as error:
        said = tuple(str(problem) for problem in error.problems[:_MOST])
        more = len(error.problems) - len(said)
        return (*said, f"and {more} more") if more else said
    return ()
