"""How often verdicts on price paths are wrong: false alarms, faults found, and coverage of the intervals.

    python benchmarks/verdict_error_rates.py [--replicates 200] [--faults 20] [--paths 100] [--workers 2]
        [--shared FOLDER] [--first 0] [--records FILE] [--seconds 450]

Every replicate draws one "real" path of ten years and a panel of synthetic ones from one GJR-GARCH law with
Student innovations (two assets), plants a fault in the panel or none, and judges it. Coverage: intervals from
40 paths against the value at 1,000. Real prices, where the folder of shared data is given: a later part of a
stock beside 20 years before it (one path), and five years of the S&P 500 beside its other years (many paths).
The TimeGAN judges and the copy checks are left out. The classifier judges every fifth null and no planted
fault: it takes no part in Holm's procedure, so that it can only add fails. Prints Markdown; 40 CPU minutes.

``--records`` keeps what each replicate gave, a JSON line each, and goes on from there; ``--seconds`` begins
none after so long, and the tables are those of what is there. ``--first`` is the first seed.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from price_laws import HEAVY, LAWS, faults, later_parts, prices, returns, sp500_halves, sp500_windows

from finsim.evaluation import METRICS
from finsim.evaluation.paths import evaluate_paths
from finsim.evaluation.scorecard import Scorecard
from finsim.evaluation.settings import Settings
from finsim.evaluation.uses import BACKTEST, FAIL, PASS, STRESS
from finsim.randomness import Streams
from finsim.records.paths import Paths

LEFT_OUT = ("discriminative", "predictive")
CLASSIFIER = "two_sample"
USES = (BACKTEST, STRESS)
KINDS = ("law", "fault", "cover", "real")

Key = tuple[str, str, str, int]
"""Kind (law, cover or real), law or sort of split, fault, and seed or number of the split."""
Record = dict[str, Any]
"""What a replicate gave: the verdict of each use and the metrics that fail, or what intervals held."""


def names_judged(with_classifier: bool = False) -> list[str]:
    """Return the metrics of prices that are judged here."""
    without = LEFT_OUT if with_classifier else (*LEFT_OUT, CLASSIFIER)
    files = METRICS.files().items()
    return [n for n, one in files if one.case == "paths" and one.use in USES and n not in without]


def judged(real: Paths, made: Paths, seed: int, with_classifier: bool = False) -> Scorecard:
    """Return the scorecard of one comparison."""
    settings = Settings(max_paths=made.count)
    return Scorecard(
        tuple(evaluate_paths(real, None, made, Streams(seed), settings, names_judged(with_classifier)))
    )


def draws(law: str, paths: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.random.Generator]:
    """Return one real path and a panel of a law, and the generator."""
    rng = np.random.default_rng([seed, paths, *law.encode()])
    return returns(rng, 1, LAWS[law]), returns(rng, paths, LAWS[law]), rng


def replicate(law: str, fault: str, paths: int, seed: int, with_classifier: bool = False) -> Scorecard:
    """Judge one real path beside a panel with a fault, or with none ("")."""
    real, made, rng = draws(law, paths, seed)
    if fault:
        made = faults(LAWS[law])[fault](made, rng)
    return judged(prices(real, "2000-01-03"), prices(made, "2013-01-01"), seed, with_classifier)


def failed_uses(law: str, fault: str, paths: int, seed: int) -> set[str]:
    """Return the uses that fail in one replicate."""
    return {score.use for score in replicate(law, fault, paths, seed).scores if score.verdict == FAIL}


def outcome(card: Scorecard) -> Record:
    """Return the verdict of each use, and which metrics fail."""
    fails = sorted({score.metric for score in card.scores if score.verdict == FAIL})
    return {"uses": {use: one.verdict for use, one in card.verdicts().items()}, "fails": fails}


def of_law(paths: int, key: Key) -> Record:
    """Judge a replicate; the classifier takes part in every fifth one in which nothing is planted."""
    _, law, fault, seed = key
    return outcome(replicate(law, fault, paths, seed, with_classifier=not fault and seed % 5 == 0))


def covered(law: str, paths: int, far: int, panels: int, seed: int) -> dict[str, list[bool]]:
    """Return by metric whether intervals of panels hold the value at ``far`` paths, one real path."""
    real, made, rng = draws(law, far, seed)
    left = prices(real, "2000-01-03")
    aimed = judged(left, prices(made, "2013-01-01"), seed).scores
    targets = {(s.metric, s.subject): s.value for s in aimed}
    found: dict[str, list[bool]] = defaultdict(list)
    for k in range(panels):
        panel = prices(returns(rng, paths, LAWS[law]), "2013-01-01")
        for score in judged(left, panel, seed + k).scores:
            target = targets[score.metric, score.subject]
            if score.low is not None and score.high is not None and target is not None:
                found[score.metric].append(score.low <= target + 1e-12 and target <= score.high + 1e-12)
    return dict(found)


def verdict_words(pair: tuple[Paths, Paths]) -> Record:
    """Return the outcome of a pair of real prices."""
    return outcome(judged(*pair, seed=1, with_classifier=True))


SPLITS = {
    "one later part beside 20 years": later_parts,
    "five years of the S&P 500 beside the others": sp500_windows,
    "half of the years of the S&P 500 beside the others": sp500_halves,
}


def asked_for(options: argparse.Namespace) -> Iterator[Key]:
    """Yield the replicates of the whole benchmark; laws and faults take turns, so that a part is of all."""
    chosen = [name for name in faults(LAWS[HEAVY]) if options.fault in name]
    every = {
        "law": [("law", law, "") for law in LAWS],
        "fault": [("fault", law, fault) for law in LAWS for fault in chosen],
        "cover": [("cover", law, "") for law in LAWS],
    }
    times = {"law": options.replicates, "fault": options.faults, "cover": options.reals // 2}
    for kind in options.kinds:
        if kind == "real" and options.shared:
            yield from ((kind, sort, "", number) for sort in SPLITS for number in range(60))
        elif kind != "real":
            yield from ((*one, options.first + k) for k in range(times[kind]) for one in every[kind])


def result(paths: int, shared: Path | None, key: Key) -> Record:
    """Compute one replicate."""
    warnings.simplefilter("ignore")
    kind, name, _, seed = key
    if kind == "cover":
        return covered(name, 40, 1_000, 6, seed)
    if kind == "real" and shared:
        return verdict_words(next(islice(SPLITS[name](shared), seed, None)))
    return of_law(paths, key)


def recorded(file: Path | None) -> dict[Key, Record]:
    """Return what earlier calls found."""
    if file is None or not file.exists():
        return {}
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    return {tuple(one["key"]): one["found"] for one in lines}


def main() -> None:
    """Compute what is not recorded, and print the tables."""
    options = arguments()
    begun = time.time()
    known = recorded(options.records)
    work = [key for key in asked_for(options) if key not in known]
    one = partial(result, options.paths, options.shared)
    with ProcessPoolExecutor(options.workers) as pool:
        for at in range(0, len(work), 4 * options.workers):
            if time.time() - begun > options.seconds:
                break
            keys = work[at : at + 4 * options.workers]
            found = list(pool.map(one, keys))
            known.update(zip(keys, found, strict=True))
            if options.records:
                with options.records.open("a") as file:
                    lines = [json.dumps({"key": k, "found": f}) for k, f in zip(keys, found, strict=True)]
                    file.write("\n".join(lines) + "\n")
    for line in tables({key: known[key] for key in asked_for(options) if key in known}):
        print(line)
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"\n{spent.ru_utime + spent.ru_stime:.0f} CPU seconds, {time.time() - begun:.0f} s.", flush=True)


def arguments() -> argparse.Namespace:
    options = argparse.ArgumentParser()
    numbers = {"replicates": 200, "faults": 20, "paths": 100, "workers": 2, "reals": 12, "first": 0}
    for name, number in numbers.items():
        options.add_argument(f"--{name}", type=int, default=number)
    options.add_argument("--seconds", type=float, default=float("inf"))
    options.add_argument("--fault", default="", help="only faults that have this in their name")
    options.add_argument("--shared", type=Path)
    options.add_argument("--records", type=Path)
    options.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    return options.parse_args()


def tables(found: dict[Key, Record]) -> Iterator[str]:
    """Yield the lines of the tables, in Markdown."""
    yield "| the law against itself | backtest fails | stress fails | all: backtest, stress pass |"
    yield "|---|---|---|---|"
    for law, cards in grouped(found, "law").items():
        fails = " | ".join(f"{count(cards, use, FAIL)} of {len(cards)}" for use in USES)
        whole = [found[key] for key in found if key[:2] == ("law", law) and key[3] % 5 == 0]
        passes = ", ".join(str(count(whole, use, PASS)) for use in USES)
        yield f"| {law} | {fails} | {passes} of {len(whole)} |"
    yield "\n| planted fault | law | some use fails | found by |\n|---|---|---|---|"
    planted = [key for key in found if key[0] == "fault"]
    for fault, law in dict.fromkeys((key[2], key[1]) for key in sorted(planted, key=lambda k: k[2])):
        cards = [found[key] for key in planted if key[1:3] == (law, fault)]
        by = Counter(name for one in cards for name in one["fails"])
        first = ", ".join(f"`{name}` {times}" for name, times in by.most_common(3))
        yield f"| {fault} | {law} | {sum(bool(one['fails']) for one in cards)} of {len(cards)} | {first} |"
    held: dict[str, list[bool]] = defaultdict(list)
    for cards in grouped(found, "cover").values():
        for one in cards:
            for name, values in one.items():
                held[name] += values
    yield "\n| intervals from 40 paths | hold the value at 1,000 |\n|---|---|"
    for name, values in held.items():
        yield f"| `{name}` | {np.mean(values):.3f} of {len(values)} |"
    every = [one for values in held.values() for one in values]
    yield f"| all | {np.mean(every) if every else 0:.3f} of {len(every)} |"
    yield "\n| real against real | backtest | stress |\n|---|---|---|"
    for sort, cards in grouped(found, "real").items():
        words = [Counter(one["uses"].get(use, "-") for one in cards).most_common() for use in USES]
        cells = [", ".join(f"{times} {word}" for word, times in each) for each in words]
        yield f"| {sort} | {cells[0]} | {cells[1]} |"


def grouped(found: dict[Key, Record], kind: str) -> dict[str, list[Record]]:
    """Return the records of a kind by law, or by sort of split."""
    groups: dict[str, list[Record]] = defaultdict(list)
    for key, one in found.items():
        if key[0] == kind:
            groups[key[1]].append(one)
    return groups


def count(cards: list[Record], use: str, word: str) -> int:
    """Return how often a use has this verdict."""
    return sum(one["uses"].get(use) == word for one in cards)


if __name__ == "__main__":
    main()
