"""Ways to change a finished run without being told: each takes a copy and returns where it must be noticed.

What is returned are the paths of which at least one must be named: the file that was changed, or the first
that depends on it.
"""

import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from rewriting import (
    LOG,
    MANIFEST,
    chain_from,
    describe_anew,
    entries,
    hashed,
    manifest_of,
    put_lines,
    put_manifest,
    seal_anew,
)

from finsim.provenance.audit_log import AuditLog
from finsim.provenance.outputs import table_files
from finsim.records.storage import canonical_json, digest_file

PAGE, CARD = "report.html", "scorecard.json"
Tamper = Callable[[Path, random.Random], set[str]]


def change_value(run: Path, chance: random.Random) -> str:
    """Change one number of one table by half, and return its path."""
    name = chance.choice(table_files(run))
    table = pq.read_table(run / name)
    kinds = [f.name for f in table.schema if pa.types.is_floating(f.type) or pa.types.is_integer(f.type)]
    kinds = [column for column in kinds if not column.startswith("_fs_")] or kinds
    column = chance.choice(kinds)
    place = table.schema.get_field_index(column)
    values = table[column].to_numpy(zero_copy_only=False).copy()
    at = chance.randrange(len(values))
    was = values[at]
    values[at] = 1 if was != was or was == 0 else was * 1.5 if values.dtype.kind == "f" else was + 1
    changed = pa.array(values, table.schema.field(column).type, from_pandas=True)
    pq.write_table(
        table.set_column(place, table.schema.field(column), changed), run / name, compression="zstd"
    )
    return name


def value_only(run: Path, chance: random.Random) -> set[str]:
    return {change_value(run, chance)}


def value_and_manifest(run: Path, chance: random.Random) -> set[str]:
    name = change_value(run, chance)
    describe_anew(run)
    return {name}


def value_manifest_and_entry(run: Path, chance: random.Random) -> set[str]:
    """The digest in the log too, with or without the hash of that line."""
    name = change_value(run, chance)
    describe_anew(run)
    told = entries(run)
    at = next(k for k, entry in enumerate(told) if entry["subject"] == name)
    told[at]["payload"]["sha256"] = digest_file(run / name)
    if chance.random() < 0.5:
        told[at] = hashed(told[at])
    put_lines(run, [canonical_json(entry) for entry in told])
    return {LOG}


def value_and_last_lines(run: Path, chance: random.Random) -> set[str]:
    name = change_value(run, chance)
    describe_anew(run)
    put_lines(run, (run / LOG).read_text().splitlines()[: -chance.randint(1, 3)])
    return {name}


def value_and_new_seal(run: Path, chance: random.Random) -> set[str]:
    name = change_value(run, chance)
    describe_anew(run)
    seal_anew(run)
    return {name}


def value_and_broken_manifest(run: Path, chance: random.Random) -> set[str]:
    """The manifest's digest of the table alone, so that it blames the manifest."""
    name = chance.choice(table_files(run))
    data = manifest_of(run)
    item = next(item for item in data["outputs"] if item["path"] == name)
    item["sha256"] = f"{chance.getrandbits(256):064x}"
    put_manifest(run, data)
    return {MANIFEST}


def flipped_byte(run: Path, chance: random.Random) -> set[str]:
    """One bit of any file of the run."""
    files = [p for p in run.rglob("*") if p.is_file() and p.stat().st_size and p.name != LOG]
    path = chance.choice(sorted(files))
    data = bytearray(path.read_bytes())
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    path.write_bytes(bytes(data))
    return {path.relative_to(run).as_posix()}


def last_lines_removed(run: Path, chance: random.Random) -> set[str]:
    put_lines(run, (run / LOG).read_text().splitlines()[: -chance.randint(1, 6)])
    return {LOG}


def line_changed(run: Path, chance: random.Random) -> set[str]:
    told = entries(run)
    at = chance.randrange(len(told))
    key = chance.choice(["ts", "event", "subject", "payload", "prev", "seq", "hash"])
    told[at][key] = {"payload": {"note": 1}, "seq": 99}.get(key, "2020-01-01")
    if chance.random() < 0.5 and at < len(told) - 1:
        told[at] = hashed(told[at])
    put_lines(run, [canonical_json(entry) for entry in told])
    return {LOG}


def line_removed(run: Path, chance: random.Random) -> set[str]:
    lines = (run / LOG).read_text().splitlines()
    del lines[chance.randrange(len(lines))]
    put_lines(run, lines)
    return {LOG}


def lines_swapped(run: Path, chance: random.Random) -> set[str]:
    lines = (run / LOG).read_text().splitlines()
    a, b = chance.sample(range(len(lines)), 2)
    lines[a], lines[b] = lines[b], lines[a]
    put_lines(run, lines)
    return {LOG}


def line_doubled(run: Path, chance: random.Random) -> set[str]:
    lines = (run / LOG).read_text().splitlines()
    lines.insert(chance.randrange(len(lines)), chance.choice(lines))
    put_lines(run, lines)
    return {LOG}


def log_torn(run: Path, chance: random.Random) -> set[str]:
    text = (run / LOG).read_bytes()
    (run / LOG).write_bytes(text[: -chance.randint(1, len(text))])
    return {LOG}


def line_added(run: Path, chance: random.Random) -> set[str]:
    """A good line of the chain that no command writes there."""
    name = chance.choice(table_files(run))
    event = chance.choice(["approved", "written", "rewritten", "judged", "run_finished", "manifest_written"])
    AuditLog(run / LOG).append(event, name, {"sha256": digest_file(run / name)})
    return {LOG}


def line_inserted_in_the_chain(run: Path, chance: random.Random) -> set[str]:
    """A good line before the end, with everything after it hashed anew."""
    told = entries(run)
    at = chance.randrange(1, len(told) - 1)
    told.insert(at, {**told[at], "event": "approved", "subject": "the board", "payload": {}})
    chain_from(run, told, at)
    return {LOG}


def log_gone(run: Path, chance: random.Random) -> set[str]:
    (run / LOG).unlink()
    return {LOG}


def tables_swapped(run: Path, chance: random.Random) -> set[str]:
    """A table of one scenario under the other, in the manifest too or not."""
    folders = sorted(f for f in run.iterdir() if f.is_dir() and len(list(f.glob("scenario=*"))) == 2)
    while True:
        one, two = sorted(chance.choice(folders).glob("scenario=*/*.parquet"))
        if one.read_bytes() != two.read_bytes():
            break
    kept = one.read_bytes()
    shutil.copyfile(two, one)
    two.write_bytes(kept)
    if chance.random() < 0.5:
        describe_anew(run)
    if chance.random() < 0.5:
        seal_anew(run)
    return {path.relative_to(run).as_posix() for path in (one, two)}


def new_file(run: Path, chance: random.Random) -> set[str]:
    folders = [run, *(path for path in run.rglob("*") if path.is_dir())]
    name = chance.choice(["extra.parquet", ".hidden", "Manifest.json", "notes.txt", ".bars.parquet.7.part"])
    path = chance.choice(sorted(folders)) / name
    path.write_bytes(b"more")
    return {path.relative_to(run).as_posix()}


def new_folder(run: Path, chance: random.Random) -> set[str]:
    name = chance.choice(["more", ".git", "bars/scenario=other", "lineage/old"])
    (run / name).mkdir()
    return {name}


def linked(run: Path, chance: random.Random) -> set[str]:
    """A file or folder that is now a link to the same bytes elsewhere."""
    things = [path for path in run.rglob("*") if path.parent.name != ".finsim"]
    path = chance.choice(sorted(things))
    other = run.parent / f"elsewhere-{chance.getrandbits(32):x}"
    os.rename(path, other)
    path.symlink_to(other)
    return {path.relative_to(run).as_posix()}


def file_gone(run: Path, chance: random.Random) -> set[str]:
    data = manifest_of(run)
    name = chance.choice([item["path"] for item in (*data["outputs"], *data["files"])])
    (run / name).unlink()
    return {name}


def page_edited(run: Path, chance: random.Random) -> set[str]:
    text = (run / PAGE).read_text(encoding="utf-8")
    digits = [k for k, char in enumerate(text) if char.isdigit()]
    at = chance.choice(digits)
    (run / PAGE).write_text(text[:at] + str(9 - int(text[at])) + text[at + 1 :], encoding="utf-8")
    return {PAGE}


def page_edited_in_the_manifest(run: Path, chance: random.Random) -> set[str]:
    page_edited(run, chance)
    describe_anew(run)
    return {MANIFEST}


def scorecard_edited(run: Path, chance: random.Random) -> set[str]:
    """All verdicts pass; the manifest and its seal agree or not."""
    card = json.loads((run / CARD).read_text())
    for verdict in card["verdicts"].values():
        verdict["verdict"] = "better than pass"
    (run / CARD).write_text(json.dumps(card, sort_keys=True, indent=1) + "\n")
    depth = chance.randrange(3)
    if depth:
        data = manifest_of(run)
        data["scores"]["verdicts"] = card["verdicts"]
        put_manifest(run, data)
        describe_anew(run)
    if depth == 2:
        seal_anew(run)
    return {CARD}


def _edit_manifest(data: dict[str, Any], chance: random.Random) -> None:
    edits: list[Callable[[], object]] = [
        lambda: data["seeds"].update(root=8),
        lambda: data["study"]["resolved"].update(seed=8),
        lambda: data["inputs"][0].update(licence="public domain, no conditions"),
        lambda: data["inputs"][0].update(sha256="0" * 64),
        lambda: data["cost"].update(cpu_seconds_total=0.1),
        lambda: data["cost"]["rows"].update(total=1),
        lambda: data["statement"]["intended_use"].append("anything"),
        lambda: data["statement"]["prohibited_use"].clear(),
        lambda: data.update(created="2020-01-01T00:00:00+00:00"),
        lambda: data["environment"].update(determinism="none"),
        lambda: data["models"][0].update(sha256="0" * 64),
        lambda: data["scores"]["figures"]["base"].clear(),
        lambda: data["scores"].update(judged_scenario="covid-2020"),
        lambda: data["scenarios"]["base"].update(sha256="0" * 64),
        lambda: data["outputs"][0].update(rows=7),
        lambda: data["outputs"].pop(),
        lambda: data["files"].pop(),
        lambda: data["outputs"].append({**data["outputs"][0], "path": "../../etc/hostname"}),
        lambda: data["files"].append({"path": "/etc/hostname", "sha256": "0" * 64, "bytes": 1}),
        lambda: data["outputs"][0].update(row_groups=5),
        lambda: data["audit"].update(entries=3),
        lambda: data.update(outputs={}),
        lambda: data.update(inputs=[1]),
        lambda: data["cost"].update(cpu_seconds={"market": "much"}),
    ]
    chance.choice(edits)()


def manifest_edited(run: Path, chance: random.Random) -> set[str]:
    """One statement of the manifest, with its digest or without."""
    data = manifest_of(run)
    _edit_manifest(data, chance)
    if chance.random() < 0.5:
        put_manifest(run, data)
    else:
        (run / MANIFEST).write_text(json.dumps(data))
    return {MANIFEST}


def manifest_damaged(run: Path, chance: random.Random) -> set[str]:
    texts = ["", "{", "[]", "null", '{"schema": "finsim.manifest/9"}', "[" * 100_000, '{"a": NaN}']
    (run / MANIFEST).write_text(chance.choice(texts))
    return {MANIFEST}


def manifest_gone(run: Path, chance: random.Random) -> set[str]:
    (run / MANIFEST).unlink()
    return {MANIFEST}


def described_file_edited(run: Path, chance: random.Random) -> set[str]:
    """Lineage, data card or model, with manifest and seal written anew or not."""
    name = chance.choice(
        ["lineage/sequences.parquet", "README.md", "model/model.json", "model/weights.safetensors"]
    )
    with (run / name).open("ab") as file:
        file.write(b"x")
    depth = chance.randrange(3)
    if depth:
        describe_anew(run)
    if depth == 2:
        seal_anew(run)
    return {name, *({"model/model.json"} if name.startswith("model/") else ())}


def checkpoint_edited(run: Path, chance: random.Random) -> set[str]:
    path = chance.choice(sorted(p for p in (run / ".finsim").rglob("*") if p.is_file()))
    path.write_bytes(path.read_bytes() + b" ")
    return {path.relative_to(run).as_posix()}


SHALLOW: tuple[Tamper, ...] = (
    value_only,
    value_and_manifest,
    value_manifest_and_entry,
    value_and_last_lines,
    value_and_new_seal,
    value_and_broken_manifest,
    flipped_byte,
    last_lines_removed,
    line_changed,
    line_removed,
    lines_swapped,
    line_doubled,
    log_torn,
    line_added,
    line_inserted_in_the_chain,
    log_gone,
    tables_swapped,
    new_file,
    new_folder,
    linked,
    file_gone,
    page_edited,
    page_edited_in_the_manifest,
    scorecard_edited,
    manifest_edited,
    manifest_damaged,
    manifest_gone,
    described_file_edited,
    checkpoint_edited,
)
"""Tampers that stop short of a whole new record: caught without key, head or page."""
