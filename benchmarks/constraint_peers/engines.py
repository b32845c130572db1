"""The engines, and how each is run in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent.parent
ONE = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS",
       "NUMEXPR_NUM_THREADS", "ARROW_NUM_THREADS", "POLARS_MAX_THREADS")  # fmt: skip


@dataclass(frozen=True)
class Engine:
    """A module of this folder with options; ``most`` rows by default, ``note`` for the reader.

    ``differs`` only in rules on rows before: not run without them.
    """

    name: str
    module: str
    options: dict[str, Any] = field(default_factory=dict)
    most: float = float("inf")
    note: str = ""
    differs: bool = False


ENGINES = (
    Engine("finsim", "finsim_peer", note="default tier, kernels on disk, one thread"),
    Engine("finsim-2-threads", "finsim_peer", {"threads": 2}, note="default tier"),
    Engine("finsim-numpy", "finsim_peer", {"tier": "interpreter"}, note="the interpreter, nothing compiled"),
    Engine("numpy", "numpy_peer", note="by hand for sorted rows"),
    Engine("polars", "polars_peer", note="one lazy query, by hand for sorted rows (shift)"),
    Engine(
        "polars-over",
        "polars_peer",
        {"way": "over"},
        note="window expressions, accounts in any order",
        differs=True,
    ),
    Engine("duckdb", "duckdb_peer", note="one statement, windows by account, rows in any order"),
    Engine("pandera-polars", "pandera_polars_peer", note="expressions as in polars"),
    Engine("pandera-pandas", "pandera_pandas_peer", note="by hand for sorted rows (shift)"),
    Engine(
        "great-expectations", "great_expectations_peer", most=1e6, note="helper columns as in pandera-pandas"
    ),
    Engine("finsim-again", "finsim_peer", note="as the first line: shows how steady the machine is"),
)


@dataclass
class Runner:
    """Runs engines; compiled code is kept in ``place``, apart for either set of rules."""

    place: Path
    limit: float

    def cache(self, sequences: bool) -> Path:
        """Return where compiled code of a set of rules is kept."""
        return self.place / f"compiled-{'all' if sequences else 'row'}"

    def run(
        self, module: str, table: Path, sequences: bool, options: dict[str, Any], only_start: bool = False
    ) -> dict[str, Any]:
        """Return what a child measured, or why it did not: ``late``, ``failed`` or ``missing``."""
        result, errors = self.place / "result.json", self.place / "errors.txt"
        result.unlink(missing_ok=True)
        job = {"module": module, "options": options, "table": str(table), "sequences": sequences,
               "only_start": only_start, "result": str(result)}  # fmt: skip
        (self.place / "job.json").write_text(json.dumps(job))
        command = [sys.executable, "-m", "constraint_peers.measure", str(self.place / "job.json")]
        env = os.environ | dict.fromkeys(ONE, "1")
        cache = self.cache(sequences)
        env |= {"FINSIM_KERNELS": str(cache / "kernels"), "NUMBA_CACHE_DIR": str(cache / "numba")}
        started = time.monotonic()
        with errors.open("w") as sink:
            try:
                subprocess.run(
                    command, cwd=HERE, env=env, stdout=sink, stderr=sink, timeout=self.limit, check=True
                )
            except subprocess.TimeoutExpired:
                return {"late": self.limit}
            except subprocess.CalledProcessError as ended:
                return {"failed": f"exit {ended.returncode}\n{errors.read_text()[-2000:]}"}
        return json.loads(result.read_text()) | {"whole": time.monotonic() - started}
