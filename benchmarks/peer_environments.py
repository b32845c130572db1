"""One environment per peer: made on first use under a cache folder, with the torch of this environment lent.

A peer whose packages pin what another needs cannot share a place with it; torch is linked from the running
environment, so that no peer fetches gigabytes of it again.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent
NEEDED = ("filelock", "fsspec", "jinja2", "networkx", "sympy", "typing_extensions", "setuptools")
"""What torch imports beside numpy."""
START = 60
LENT = ("torch", "torchgen", "functorch", "torch-*.dist-info")
ONE = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "LOKY_MAX_CPU_COUNT",
)


@dataclass(frozen=True)
class Peer:
    """A foreign tool: its script, what pip installs in full, and what without dependencies.

    torch : whether the torch of the running environment is linked into the peer's.
    """

    script: str
    packages: tuple[str, ...] = ()
    alone: tuple[str, ...] = ()
    torch: bool = False


def environment(place: Path, peer: Peer) -> tuple[Path | None, str]:
    """Return the Python of a peer's environment, made when it is not there, or None and pip's last line."""
    python = place / "bin" / "python"
    if (place / "complete").exists():
        return python, ""
    if (place / "refused").exists():
        return None, (place / "refused").read_text()
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True, capture_output=True)
    if peer.torch:
        _lend(place)
    for flags, packages in (
        ([], (*peer.packages, *(NEEDED if peer.torch else ()))),
        (["--no-deps"], peer.alone),
    ):
        if not packages:
            continue
        done = subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "--prefer-binary", "--constraint", HERE / "torch.txt",
             *flags, *packages],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            lines = [line for line in done.stderr.splitlines() if line.strip()]
            why = lines[-1].strip() if lines else "pip failed"
            (place / "refused").write_text(why)
            return None, why
    (place / "complete").touch()
    return python, ""


def _lend(place: Path) -> None:
    """Link torch and its metadata into an environment, where this environment has it."""
    found = find_spec("torch")
    if found is None or found.origin is None:
        return
    home = Path(found.origin).parents[1]
    site = next((place / "lib").glob("python*/site-packages"))
    for pattern in LENT:
        for source in home.glob(pattern):
            if not (site / source.name).exists():
                (site / source.name).symlink_to(source)


def run(python: Path, script: Path, job: dict[str, Any], folder: Path, limit: float) -> dict[str, Any]:
    """Run a script on a job in one process with one thread; return what it found, or ``{"failed": why}``.

    The script gets the paths of the job and of the result, both JSON; ``limit`` is wall seconds, and what a
    script wrote before it is returned. The process has the job's ``cap`` of CPU seconds twice (fit, sample)
    and a minute to start, and its ``memory`` in GB.
    """
    order, result = folder / "job.json", folder / "result.json"
    result.unlink(missing_ok=True)
    order.write_text(json.dumps(job))
    env = os.environ | dict.fromkeys(ONE, "1")
    seconds, memory = int(2 * job["cap"] + START), int(job["memory"] * 1e9)

    def bounded() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 30))
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))

    env["PYTHONPATH"] = os.pathsep.join([str(HERE), *([str(ROOT)] if python == Path(sys.executable) else [])])
    said = folder / "said.txt"
    with said.open("w") as sink:
        try:
            subprocess.run(
                [python, script, order, result], env=env, stdout=sink, stderr=sink, timeout=limit, check=True,
                preexec_fn=bounded,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            if not result.exists():
                return {"failed": f"nothing in {limit:g} s by the clock", "by clock": True}
        except subprocess.CalledProcessError as ended:
            if -ended.returncode in (signal.SIGXCPU, signal.SIGKILL):
                return {"failed": f"nothing in {seconds:g} CPU s"}
            lines = [line for line in said.read_text().splitlines() if line.strip()]
            last = lines[-1].strip()[:300] if lines else f"exit {ended.returncode}"
            return {"failed": last}
    return json.loads(result.read_text())
