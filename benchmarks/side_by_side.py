"""Finsim's generators beside peers on real data: one process a tool, peers' outputs kept, one table each."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from learned_data import Frame
from peer_environments import Peer, environment, run

HERE = Path(__file__).parent
ROOT = HERE.parent
OWN_PLACES = ("finsim", "noise")
Found = dict[str, Any]


@dataclass(frozen=True)
class Column:
    """A column of the table of scores: its title, which figure it shows, how."""

    title: str
    key: str
    form: str = "{:.3f}"
    times: float = 1.0

    def cell(self, one: Found) -> str:
        """Return the figure as text, empty where there is none."""
        return self.form.format(self.times * one[self.key]) if self.key in one else ""


COSTS = (
    Column("fit s", "fit", "{:.1f}"),
    Column("sample s", "sample", "{:.1f}"),
    Column("peak MB", "megabytes", "{:.0f}"),
)


@dataclass(frozen=True)
class Contest:
    """What two benchmarks differ in.

    tools : name -> (place, generator); ``place`` is ``finsim``, ``noise`` or a key of ``peers``.
    scripts : folder of the peers' scripts. halves : (data, seed, most) -> what is learned, what is unseen.
    judged : (data, learned, unseen, synthetic) -> figures. judges : files whose change makes figures stale.
    job : (data, learned rows) -> what a script is told beside paths and limits.
    """

    data: dict[str, Path]
    tools: dict[str, tuple[str, str]]
    peers: dict[str, Peer]
    scripts: Path
    own: Iterable[str]
    halves: Callable[[str, int, int | None], tuple[Frame, Frame]]
    judged: Callable[[str, Frame, Frame, Frame], Found]
    judges: tuple[Path, ...]
    job: Callable[[str, Frame], Found]
    columns: tuple[Column, ...]
    head: Callable[[str, Frame], str]
    tail: Callable[[str, Frame, dict[str, Found]], str] | None = None


def arguments(doc: str | None, what: str, names: Iterable[str], tools: Iterable[str]) -> argparse.Namespace:
    """Return the options of a benchmark; ``what`` names the option that chooses data."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(f"--{what}", nargs="+", choices=list(names), default=list(names), dest="data")
    parser.add_argument("--tools", nargs="+", choices=list(tools), default=list(tools))
    parser.add_argument("--cap", type=float, default=300, help="CPU seconds of a fit, and of sampling")
    parser.add_argument("--longer", type=float, help="the same for the data of --longer-for")
    parser.add_argument("--longer-for", nargs="+", choices=list(names), default=[])
    parser.add_argument("--memory", type=float, default=10, help="GB of memory of a tool")
    parser.add_argument("--limit", type=float, default=3_600, help="wall seconds of a tool for one data set")
    parser.add_argument("--most", type=int, help="rows or entities of a half at most")
    parser.add_argument("--seed", type=int, default=12, help="of the split, of fits and of samples")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "finsim" / "peers")
    parser.add_argument("--fill", action="store_true", help="make and keep outputs of peers, judge nothing")
    parser.add_argument("--kept", action="store_true", help="use only outputs of peers that are kept")
    parser.add_argument("--again", action="store_true", help="make outputs again that are kept")
    parser.add_argument("--markdown", type=Path, help="write the tables to this file, for a page")
    parser.add_argument("--json", type=Path, help="write all results to this file, after each tool")
    return parser.parse_args()


def fingerprint(*parts: bytes | str | Path) -> str:
    """Return a hash of bytes, texts and contents of files."""
    seen = hashlib.sha256()
    for part in parts:
        one = (
            part.read_bytes() if isinstance(part, Path) else part.encode() if isinstance(part, str) else part
        )
        seen.update(len(one).to_bytes(8, "little") + one)
    return seen.hexdigest()[:20]


def cap(name: str, given: argparse.Namespace) -> float:
    """Return the CPU seconds of a fit on these data."""
    return given.longer if given.longer and name in given.longer_for else given.cap


def made_by(
    contest: Contest, tool: str, name: str, given: argparse.Namespace, train: Frame, folder: Path
) -> Found:
    """Return what a tool's process found, its rows at ``rows``; or ``failed`` with the reason.

    Outputs of peers are kept under the cache by what they were made from: script, job and training rows.
    """
    place, generator = contest.tools[tool]
    train.to_parquet(folder / "train.parquet", index=False)
    told = {**contest.job(name, train), "generator": generator, "cap": cap(name, given),
            "memory": given.memory, "seed": given.seed}  # fmt: skip
    paths = {"train": str(folder / "train.parquet"), "out": str(folder / "out.parquet")}
    if place in OWN_PLACES:
        if place == "finsim" and generator not in contest.own:
            return {"failed": f"finsim has no generator called {generator}"}
        script = contest.scripts / f"{place}_peer.py"
        return {"rows at": paths["out"]} | run(
            Path(sys.executable), script, told | paths, folder, given.limit
        )
    script = contest.scripts / contest.peers[place].script
    shared = [HERE / one for one in ("peer_job.py", "rows_in_time.py", "event_fields.py")]
    if "mostlyai" in script.name:
        shared.append(HERE / "mostlyai_clock.py")
    stem = fingerprint(script, *shared, json.dumps(told, sort_keys=True), folder / "train.parquet")
    kept = given.cache / "cache" / f"{name.replace(' ', '_')}-{tool.replace(' ', '_')}-{stem}"
    if given.again or not (kept / "result.json").exists():
        if given.kept:
            return {"failed": "no output is kept"}
        python, why = environment(given.cache / place, contest.peers[place])
        if python is None:
            return {"failed": f"cannot be installed here: {why}"}
        kept.mkdir(parents=True, exist_ok=True)
        found = run(python, script, told | paths | {"out": str(kept / "out.parquet")}, folder, given.limit)
        found["made on"] = date.today().isoformat()
        if found.pop("by clock", False):
            return found
        (kept / "result.json").write_text(json.dumps(found))
    return {"rows at": str(kept / "out.parquet")} | json.loads((kept / "result.json").read_text())


def judged_once(
    contest: Contest, name: str, given: argparse.Namespace, halves: tuple[Frame, Frame], rows: Path
) -> Found:
    """Return the figures of synthetic rows; kept by the rows, the split and the sources of the judges."""
    import pandas as pd

    sources = sorted((ROOT / "finsim" / "evaluation").rglob("*.py"))
    split = f"{name} {given.seed} {given.most}"
    stem = fingerprint(rows, split, HERE / "learned_data.py", *contest.judges, *sources)
    kept = given.cache / "cache" / "figures" / f"{stem}.json"
    if not kept.exists():
        found = contest.judged(name, *halves, pd.read_parquet(rows))
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(found))
    return json.loads(kept.read_text())


def said(one: Found) -> str:
    """Return the versions and the note of a result."""
    versions = [f"{name} {version}" for name, version in one.get("versions", {}).items()]
    return ", ".join([*versions, *([one["note"]] if one.get("note") else [])])


def line(contest: Contest, tool: str, one: Found) -> str:
    """Return one line of the table of scores."""
    if "failed" in one:
        return f"{tool:<16} {one['failed']}"
    cells = [column.cell(one) for column in (*contest.columns, *COSTS)]
    return f"{tool:<16}" + "".join(f"{cell:>13}" for cell in cells) + f"  {said(one)}"


def markdown(contest: Contest, everything: dict[str, dict[str, Found]]) -> str:
    """Return the tables for a page; a tool that failed has its reason in the last column."""
    columns = (*contest.columns, *COSTS)
    lines: list[str] = []
    for name, results in everything.items():
        lines += ["", f"| {name} | " + " | ".join(column.title for column in columns) + " | |"]
        lines += ["|---" * (len(columns) + 2) + "|"]
        for tool, one in results.items():
            cells = [column.cell(one) if "failed" not in one else "" for column in columns]
            last = one.get("failed", one.get("note", ""))
            lines.append(f"| {tool} | " + " | ".join(cells) + f" | {last} |")
    return "\n".join(lines) + "\n"


def build() -> str:
    """Return the commit of finsim that is run, where there is one."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
        )
    except OSError:
        return "unknown"
    return done.stdout.strip() or "unknown"


def held(contest: Contest, given: argparse.Namespace) -> None:
    """Run every tool on every data set, judge it, and print a line as soon as it is known."""
    print(
        f"{date.today()}, finsim build {build()}, {platform.platform()}, Python {platform.python_version()}, "
        f"one thread, fits and samples of at most {given.cap:g} CPU s"
        + (f" ({given.longer:g} on {', '.join(given.longer_for)})" if given.longer_for else "")
        + f" and {given.memory:g} GB each"
    )
    everything: dict[str, dict[str, Found]] = {}
    for name in given.data:
        if not contest.data[name].exists():
            print(f"{name}: {contest.data[name]} is not there", flush=True)
            continue
        halves = contest.halves(name, given.seed, given.most)
        results = everything.setdefault(name, {})
        print(f"\n{name}: {contest.head(name, halves[0])}", flush=True)
        print(" " * 16 + "".join(f"{column.title:>13}" for column in (*contest.columns, *COSTS)))
        own = [tool for tool in given.tools if contest.tools[tool][0] in OWN_PLACES]
        for tool in given.tools if given.fill else ("real half", *given.tools):
            if given.fill and tool in own:
                continue
            with tempfile.TemporaryDirectory() as place:
                folder = Path(place)
                if tool == "real half":
                    halves[0].to_parquet(folder / "real.parquet", index=False)
                    found: Found = {"rows at": str(folder / "real.parquet")}
                else:
                    found = made_by(contest, tool, name, given, halves[0], folder)
                rows = Path(found.pop("rows at", ""))
                if "failed" not in found and not given.fill:
                    found |= judged_once(contest, name, given, halves, rows)
            results[tool] = found
            print(line(contest, tool, found), flush=True)
            if given.json:
                given.json.write_text(json.dumps(everything, indent=1))
            if given.markdown:
                given.markdown.write_text(markdown(contest, everything))
        if contest.tail and not given.fill:
            print("\n" + contest.tail(name, halves[1], results), flush=True)


def one_thread() -> None:
    """Hold this process to one thread, before numpy and scikit-learn count the cores."""
    from peer_environments import ONE

    os.environ.update(dict.fromkeys(ONE, "1"))
