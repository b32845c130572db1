"""Run commands on damaged files: ``python -m cli.damaged_commands KIND FIRST LAST FOLDER``.

KIND is check, fit, evaluate, or market and credit: ``run`` on a study of bars and of loans.
"""

import gc
import io
import json
import os
import random
import resource
import signal
import sys
import warnings
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from cli.damaged_files import bars, damaged, loans, payments

from finsim.cli.main import main

DIALECTS = (
    "sep=;",
    "decimal=,",
    "thousands=space",
    "encoding=latin-1",
    "encoding=nonsense",
    "skip_rows=99999",
    "header_rows=2",
    "zone=Mars/Phobos",
    "foo=1",
    "quote=none",
)
STUDY = """
finsim: study/1
id: t
seed: 7
start: 2025-12-31
{part}
scenarios: [base]
evaluation: {{enabled: false}}
"""
CREDIT = "credit: {{data: {data}, loans: 300, months: 6, draws: 5000, keep: {keep}}}"
MARKET = "market: {{data: {data}, generator: {{name: bootstrap}}, paths: 3, sessions: 20}}"
PACKS = {"ohlcv": bars, "consumer-loans": loans, "retail-tx": payments}
LIMIT_S = 60


class Hanging(BaseException):
    """A command takes too long."""


def stop(*_):
    raise Hanging


def commands(kind, draw, folder):
    """Return the commands that are tried on one damaged file."""
    at = folder / "data"
    if kind == "check":
        pack = draw.choice(list(PACKS))
        data = damaged(PACKS[pack](draw, 40), at, draw)
        words = ["check", str(data), "--rules", pack]
        words += ["--table", "transactions"] if pack == "retail-tx" else []
        words += (
            ["--repair", "-o", str(folder / f"mended{draw.choice(['.csv', '.parquet', '.csv.gz'])}")]
            if draw.random() < 0.4
            else []
        )
        words += ["--csv", draw.choice(DIALECTS)] if draw.random() < 0.15 else []
        words += [option for option in ("--json", "--strict") if draw.random() < 0.1]
        return [words]
    if kind in ("market", "credit"):
        rows, part = (bars, MARKET) if kind == "market" else (loans, CREDIT)
        data = damaged(rows(draw), at, draw)
        part = part.format(data=data.name, keep=str(draw.random() < 0.5).lower())
        (folder / "study.yaml").write_text(STUDY.format(part=part))
        return [["run", str(folder / "study.yaml"), "-o", str(folder / "run")]]
    data = str(damaged(bars(draw), at, draw))
    if kind == "fit":
        return [["fit", data, "--generator", "bootstrap", "-o", str(folder / "model")]]
    whole = folder / "real.csv"
    whole.write_text("".join(",".join(row) + "\n" for row in bars(draw)))
    return [["evaluate", *draw.choice([(data, str(whole)), (str(whole), data)])]]


def ended(words):
    """Return how a command ended and what it said."""
    said = io.StringIO()
    signal.alarm(LIMIT_S)
    try:
        with redirect_stderr(said), redirect_stdout(said):
            main(words)
    except SystemExit as end:
        return end.code, said.getvalue()
    except Hanging:
        return "hangs", said.getvalue()
    finally:
        signal.alarm(0)
        gc.unfreeze()
    return "returns", said.getvalue()


def most_memory():
    """Return the greatest memory of this process in bytes; rusage would count the one that started it."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # elsewhere in bytes, and of this one alone
    peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) * 1024


def tried(kind, seeds, folder):
    """Return how often commands ended how, those that ended badly, and the greatest memory in bytes."""
    ends, bad = Counter(), []
    for seed in seeds:
        here = folder / f"{kind}{seed}"
        here.mkdir()
        for words in commands(kind, random.Random(f"{kind} {seed}"), here):
            code, said = ended(words)
            ends[str(code)] += 1
            if code not in (0, 1, 2) or "Traceback" in said or (code and not said.strip()):
                bad.append([seed, words, code, said[-2000:]])
    return {"ends": ends, "bad": bad, "memory": most_memory()}


if __name__ == "__main__":
    kind, first, last, folder = sys.argv[1:]
    for each in (RuntimeWarning, UserWarning, FutureWarning):
        warnings.simplefilter("error", each)
    signal.signal(signal.SIGALRM, stop)
    os.chdir(folder)
    print(json.dumps(tried(kind, range(int(first), int(last)), Path(folder))))
