"""Tables, saved models and runs: files of a folder damaged, and what is done with the rest."""

from __future__ import annotations

import gzip
import json
import random
import shutil
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from file_mutations.changes import damaged, restructured
from file_mutations.documents import CREDIT, HEAD, MARKET, PAYMENTS, TAIL, Documents
from file_mutations.watch import Wrong

import finsim
from finsim.records.storage import canonical_json, digest_text


def ledger(rows: int) -> pa.Table:
    """Return a small ledger of every type of column."""
    rng = np.random.default_rng(3)
    seconds = np.sort(rng.integers(0, 90 * 86_400, rows))
    when = [(datetime(2026, 1, 1) + timedelta(seconds=int(one))).isoformat() for one in seconds]
    return pa.table(
        {
            "card_id": [f"C{one:03d}" for one in rng.integers(0, 25, rows)],
            "when": when,
            "amount": np.round(np.exp(rng.normal(3, 1, rows)), 2),
            "shop": rng.choice(["Bäcker", "Kino", "Tanken", "Miete"], rows),
            "online": rng.choice(["true", "false"], rows),
            "score": np.where(rng.random(rows) < 0.1, None, np.round(rng.random(rows), 3)),
        }
    )


def as_csv(table: pa.Table) -> bytes:
    """Return a table as comma-separated text."""
    rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
    text = ",".join(table.column_names) + "\n"
    return (
        text + "".join(",".join("" if cell is None else str(cell) for cell in row) + "\n" for row in rows)
    ).encode()


class Tables:
    """A ledger in several kinds of file, its bytes changed; read, and a share of them learned."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        table = ledger(80)
        pq.write_table(table, folder / "t.parquet", row_group_size=32)
        with pa.OSFile(str(folder / "t.arrow"), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)
        plain = as_csv(table)
        self.files = {
            "csv": plain, "csv.gz": gzip.compress(plain), "csv.zst": pa.compress(plain, "zstd", asbytes=True),
            "tsv": plain.replace(b",", b"\t"), "parquet": (folder / "t.parquet").read_bytes(),
            "arrow": (folder / "t.arrow").read_bytes(),
        }  # fmt: skip

    def write(self, rng: random.Random) -> Path:
        """Write one mutant and return its path."""
        kind = rng.choice([*self.files, "csv", "csv"])
        path = self.folder / f"m.{kind}"
        path.write_bytes(damaged(self.files[kind], list(self.files.values()), rng))
        return path

    def use(self, path: Path, rng: random.Random) -> None:
        """Do the work of a file; raises what finsim raises, and Wrong."""
        finsim.plan(path).to_text()
        way = rng.random()
        if way < 0.02:
            model = finsim.fit(path, "bayes", progress=False)
        elif way < 0.04:
            model = finsim.fit(path, "habits", id="card_id", time="when", progress=False)
        elif way < 0.08:
            model = finsim.fit(path, "resample_rows", progress=False)
        else:
            return
        finsim.sample(model, seed=1, progress=False)


class Models:
    """Saved models, one file of theirs damaged or one fact of the card edited and signed again."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.models = folder, {}
        data = folder / "ledger.csv"
        data.write_bytes(as_csv(ledger(600)))
        prices = finsim.example_data("wiki_aapl_ibm_2000_2013")
        for name in ("bootstrap", "garch", "daily_flow", "regime", "var"):
            self._fit(name, prices, {"paths": 2, "steps": 5})
        for name in ("bayes", "copula", "resample_rows"):
            self._fit(name, data, {"rows": 20})
        for name in ("habits", "resample"):
            self._fit(name, data, {"entities": 3, "days": 3})

    def _fit(self, name: str, data: Path | str, size: dict[str, int]) -> None:
        place = self.folder / f"model-{name}"
        given: dict[str, Any] = {"id": "card_id", "time": "when"} if "entities" in size else {}
        given |= {"steps": 20} if name == "daily_flow" else {}
        finsim.fit(data, name, output=place, progress=False, **given)
        self.models[name] = size

    def write(self, rng: random.Random) -> Path:
        """Write one mutant and return its path."""
        self.name = rng.choice(sorted(self.models))
        path = self.folder / "m"
        shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(self.folder / f"model-{self.name}", path)
        if rng.random() < 0.5:
            _edit_card(path / "model.json", rng)
        else:
            _damage(rng.choice(sorted(one for one in path.rglob("*") if one.is_file())), rng)
        return path

    def use(self, path: Path, rng: random.Random) -> None:
        """Do the work of a file; raises what finsim raises, and Wrong."""
        found = finsim.sample(path, seed=1, progress=False, **self.models[self.name])
        values = getattr(found, "values", None)
        if isinstance(values, np.ndarray) and values.dtype.kind == "f" and not np.isfinite(values).all():
            raise Wrong("sampled values that are no numbers")


def _edit_card(card: Path, rng: random.Random) -> None:
    """Edit the facts of a model's card and sign them again: the digest is right, the contents are not."""
    facts = json.loads(card.read_text())
    kept = {name: facts.pop(name) for name in ("card_sha256", "format") if name in facts}
    facts = restructured(facts, [facts], rng)
    if isinstance(facts, dict):
        facts = {"format": kept.get("format"), **facts}
        with suppress(ValueError):  # values that JSON has no form for stay unsigned
            facts["card_sha256"] = digest_text(canonical_json(facts))
    card.write_text(json.dumps(facts))


def _damage(file: Path, rng: random.Random) -> None:
    """Change the bytes of a file, or the facts of one of JSON; in one of twenty cases remove it."""
    way = rng.random()
    if way < 0.05:
        file.unlink()
    elif way < 0.5 and file.suffix == ".json":
        facts = json.loads(file.read_text())
        file.write_text(json.dumps(restructured(facts, [facts], rng)))
    else:
        file.write_bytes(damaged(file.read_bytes(), [file.read_bytes()], rng))


class Runs:
    """A finished and a stopped run of three small worlds, one file damaged: verified, or continued."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        Documents("study", folder)  # its tape
        study = {**HEAD, "market": MARKET, "transactions": PAYMENTS, "credit": CREDIT, **TAIL}
        (folder / "micro.yaml").write_text(json.dumps(study))
        self.whole = folder / "whole"
        finsim.run(folder / "micro.yaml", output=self.whole, keep_checkpoints=True, progress=False)
        self.tables = _tables(self.whole)

    def write(self, rng: random.Random) -> Path:
        """Write one mutant and return its path."""
        path = self.folder / "m"
        shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(self.whole, path)
        self.stopped = rng.random() < 0.5
        if self.stopped:
            for name in ("manifest.json", "report.html", "README.md"):
                (path / name).unlink(missing_ok=True)
            for done in sorted((path / ".finsim" / "done").glob("*.json")):
                if rng.random() < 0.2:
                    done.unlink()
        inner = [one for one in path.rglob("*") if one.is_file()]
        inner = [one for one in inner if ".finsim" in one.parts or not self.stopped or rng.random() < 0.3]
        self.file = rng.choice(sorted(inner))
        before = self.file.read_bytes()
        _damage(self.file, rng)
        self.is_whole = self.file.is_file() and self.file.read_bytes() == before
        return path

    def use(self, path: Path, rng: random.Random) -> None:
        """Do the work of a file; raises what finsim raises, and Wrong."""
        if not self.stopped:
            checked = finsim.verify(path)
            if checked.ok and not self.is_whole and ".finsim" not in self.file.parts:
                raise Wrong(f"verify agrees with a damaged {self.file.name}")
            checked.to_text()
            finsim.open_run(path)
            return
        finsim.run(resume=path, progress=False)
        if _tables(path) != self.tables:
            raise Wrong("a continued run holds other tables")


def _tables(run: Path) -> dict[str, str]:
    """Return the digest of every table of a run, by its path."""
    import hashlib

    return {
        str(file.relative_to(run)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(run.rglob("*.parquet")) if ".finsim" not in file.parts
    }  # fmt: skip
