"""Faults of the machine on a tiny study: killed runs and workers, full disks, two writers; counts.

Run: ``python benchmarks/faults.py [--runs 30] [--workers 30] [--disks 10] [--writers 100] [--seed 1]``.

* ``runs``: the process of a run is killed at a random moment, then ``run --resume`` finishes it.
* ``workers``: one of two workers is killed at a random moment; exit 2, then the run is resumed.
* ``disks``: runs on small disks (tmpfs, so root on Linux) of some sizes below what a run needs: exit 2 that
  says so, no half-written file; after the disk has grown, ``run --resume`` finishes the run.
* ``writers``: two processes run the study into one folder at about one time: one wins, the other exits 2.

Whatever happened, the tables must have the bytes of an undisturbed run and ``verify`` must agree. Every
process is a fork of this one, so that none loads the libraries again (workers are spawned, as in every run);
the page of a run is one line, unless ``--page``.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

from finsim.cli.main import main as command_line
from finsim.engine import run_completion
from finsim.provenance.verify import verify_run

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from plain_page import PAGES

STUDY = """finsim: study/1
id: tiny
seed: 3
market: {data: wiki_aapl_ibm_2000_2013, generator: bootstrap, paths: 2, sessions: 64, shard_paths: 1}
transactions: {accounts: 400, days: 15, shard_accounts: 200, narratives: [account_takeover, payroll_fan_out]}
scenarios: [base, fraud-wave-mule-surge]
evaluation: {enabled: no}
"""
OUTPUTS = (".parquet", ".safetensors")
STEP = 0.005


class Home:
    """A folder with the study, and what an undisturbed run of it gives: digests, wall seconds and bytes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.study = folder / "tiny.yaml"
        self.study.write_text(STUDY)
        # In this process: forks then know the libraries and the compiled code.
        with redirect_stdout(io.StringIO()):
            assert here(["run", str(self.study), "-o", str(folder / "first"), "--quiet", "--json"]) == 0
        begun = time.monotonic()
        whole = folder / "whole"
        code, told = ended(
            begin(["run", str(self.study), "-o", str(whole), "--keep-checkpoints"], folder / "t")
        )
        assert code == 0, told
        self.seconds = time.monotonic() - begun
        self.tables = digests(whole)
        self.bytes = sum(path.stat().st_size for path in whole.rglob("*") if path.is_file())


def here(words: list[str]) -> int:
    """Return the exit code of a command that is done in this process."""
    try:
        command_line(words)
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def begin(words: list[str], told: Path) -> tuple[int, Path]:
    """Begin a command in a fork; return its process and the file of what it says."""
    child = os.fork()
    if child:
        return child, told
    code = 99
    try:
        os.setpgid(0, 0)
        handle = os.open(told, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(handle, 1)
        os.dup2(handle, 2)
        code = here(words)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def ended(begun: tuple[int, Path]) -> tuple[int, str]:
    """Wait for a command; return its exit code (below 0: killed) and what it said."""
    code = os.waitstatus_to_exitcode(os.waitpid(begun[0], 0)[1])
    return code, begun[1].read_text(errors="replace")


def digests(run: Path) -> dict[str, str]:
    """Return the sha256 of every table and model of a run."""
    found = (path for path in sorted(run.rglob("*")) if path.suffix in OUTPUTS)
    return {
        path.relative_to(run).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in found
        if ".finsim" not in path.parts
    }


def finished(home: Home, run: Path) -> list[str]:
    """Resume a run, or begin it where nothing was begun; return what is wrong with it then."""
    started = (run / ".finsim" / "plan.json").exists()
    words = ["run", "--resume", str(run)] if started else ["run", str(home.study), "-o", str(run)]
    code, told = ended(begin([*words, "--quiet"], home.folder / "t"))
    return [f"resume: exit {code}: {told[-300:]}"] if code else faults_of(home, run)


def faults_of(home: Home, run: Path) -> list[str]:
    """Return what is wrong with a finished run."""
    wrong = [] if digests(run) == home.tables else ["other tables"]
    left = [path.name for path in run.rglob("*") if path.name.endswith((".part", ".old", "lock"))]
    wrong += [f"left behind: {', '.join(left)}"] if left else []
    checked = verify_run(run)
    return [*wrong, *([] if checked.ok else [f"verify: {checked}"])]


def killed_run(home: Home, rng: random.Random, run: Path) -> list[str]:
    """Kill the process of a run at a random moment, and finish the run."""
    begun = begin(["run", str(home.study), "-o", str(run), "--quiet"], home.folder / "t")
    time.sleep(rng.uniform(0, home.seconds))
    os.kill(begun[0], signal.SIGKILL)
    ended(begun)
    return finished(home, run)


def killed_worker(home: Home, rng: random.Random, run: Path) -> list[str]:
    """Kill one of two workers at a random moment of their work, and finish the run."""
    words = ["run", str(home.study), "-o", str(run), "--workers", "2", "--quiet"]
    begun = begin(words, home.folder / "t")
    until, workers = time.monotonic() + 60, []
    while not (run / ".finsim" / "done").is_dir() and len(workers) < 2 and time.monotonic() < until:
        workers = spawned_by(begun[0])
        time.sleep(STEP)
    time.sleep(rng.uniform(0, 3 * home.seconds))  # workers load the libraries first
    workers = spawned_by(begun[0])
    if workers:
        os.kill(rng.choice(workers), signal.SIGKILL)
    code, told = ended(begun)
    expected = (0, 2) if not workers or code == 0 else (2,)  # the last task may have been done already
    wrong = [] if code in expected else [f"exit {code}: {told[-300:]}"]
    wrong += [] if code != 2 or "worker process died" in told else [f"other words: {told[-300:]}"]
    return wrong + (finished(home, run) if code else faults_of(home, run))


def spawned_by(process: int) -> list[int]:
    """Return the workers of a run's process; the one that counts shared resources is none."""
    children = Path(f"/proc/{process}/task/{process}/children")
    found = [int(one) for one in children.read_text().split()] if children.exists() else []
    return [one for one in found if b"spawn_main" in Path(f"/proc/{one}/cmdline").read_bytes()]


def full_disk(home: Home, share: float, place: Path) -> list[str]:
    """Run on a disk of a share of the room that is needed; let it grow, and finish the run."""
    place.mkdir()
    size = max(int(home.bytes * share), 4096)
    mounted(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)])
    try:
        run = place / "run"
        code, told = ended(begin(["run", str(home.study), "-o", str(run), "--quiet"], home.folder / "t"))
        wrong = []
        if code == 0:
            return [f"a disk of {size:,} bytes was large enough", *faults_of(home, run)]
        if code != 2 or "the disk is full" not in told or "fault of finsim" in told:
            wrong.append(f"{share:.2f} of the room: exit {code}: {told[-300:]}")
        half = [path.name for path in run.rglob("*") if path.name.endswith(".part")]
        wrong += [f"half-written: {', '.join(half)}"] if half else []
        mounted(["mount", "-o", f"remount,size={10 * home.bytes}", str(place)])
        return wrong + finished(home, run)
    finally:
        mounted(["umount", str(place)])


def can_mount(place: Path) -> bool:
    """Return whether this user may mount a disk: root may, in some containers not even that."""
    place.mkdir(parents=True, exist_ok=True)
    try:
        mounted(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)])
    except (OSError, subprocess.CalledProcessError):
        return False
    mounted(["umount", str(place)])
    return True


def mounted(words: list[str]) -> None:
    """Do a command of the system."""
    subprocess.run(words, check=True, capture_output=True)


def two_writers(home: Home, rng: random.Random, run: Path) -> list[str]:
    """Run a study twice into one folder; return what is wrong."""
    words = ["run", str(home.study), "-o", str(run), "--quiet"]
    first = begin(words, home.folder / "t")
    time.sleep(rng.choice([0, 0.01, 0.1, 1]) * rng.uniform(0, home.seconds))
    second = begin(words, home.folder / "u")
    ends = [ended(first), ended(second)]
    codes = sorted(code for code, _ in ends)
    wrong = [] if codes == [0, 2] else [f"exits {codes}: {ends[0][1][-200:]} | {ends[1][1][-200:]}"]
    wrong += [f"fault: {told[-300:]}" for _, told in ends if "fault of finsim" in told]
    return wrong + (faults_of(home, run) if 0 in codes else [])


def series(name: str, count: int, act: Callable[[int], list[str]], folder: Path) -> int:
    """Do something some times; print how often it was right and each sort of fault; return the faults."""
    seen: Counter[str] = Counter()
    right, spent = 0, sum(os.times()[:4])
    for number in range(count):
        wrong = act(number)
        right += not wrong
        seen.update(one.replace(str(folder), "") for one in wrong)
        shutil.rmtree(folder / "run", ignore_errors=True)
    print(f"{name:10s} {right} of {count} right, {sum(os.times()[:4]) - spent:.0f} CPU s", flush=True)
    for fault, times in seen.most_common(10):
        print(f"  {times} x {fault}", flush=True)
    return count - right


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--workers", type=int, default=30)
    parser.add_argument("--disks", type=int, default=10)
    parser.add_argument("--writers", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--page", action="store_true", help="draw the page of every run: twice the time")
    asked = parser.parse_args()
    if not asked.page:
        run_completion.PAGES = PAGES
    folder = Path(tempfile.mkdtemp(prefix="faults-"))
    try:
        home, rng, run = Home(folder), random.Random(asked.seed), folder / "run"
        print(
            f"undisturbed: {len(home.tables)} tables, {home.bytes:,} bytes, {home.seconds:.1f} s", flush=True
        )
        wrong = series("runs", asked.runs, lambda _: killed_run(home, rng, run), folder)
        wrong += series("workers", asked.workers, lambda _: killed_worker(home, rng, run), folder)
        if asked.disks and not can_mount(folder / "disk"):
            print("disks      not run: a disk of some size (tmpfs) cannot be mounted here")
            asked.disks = 0
        shares = [(number + 0.5) / max(asked.disks, 1) * 0.9 for number in range(asked.disks)]
        wrong += series(
            "disks", asked.disks, lambda n: full_disk(home, shares[n], folder / f"disk{n}"), folder
        )
        wrong += series("writers", asked.writers, lambda _: two_writers(home, rng, run), folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
