"""Seeded changes of YAML files, and the loader of each kind, for the tests of the editors' schemas."""

import random
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

import yaml

import finsim
from finsim import documents, scenarios
from finsim.errors import FinsimError

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = {
    "study": "scenarios/studies", "narrative": "scenarios/narratives", "scenario": "scenarios/stress",
    "rules": "constraints",
}  # fmt: skip
LOADERS: dict[str, Callable[[str], object]] = {
    "study": finsim.load_study,
    "narrative": finsim.Narrative.load,
    "scenario": scenarios.load,
    "rules": finsim.RuleSet.load,
    "schema": finsim.load_schema,
}
OTHERS: tuple[Any, ...] = ("zzz", 3.7, True, None, [], {}, {"zzz": 1}, ["zzz"], [1, 2])
NUMBERS = (-1, 0, 1e12, 0.5, -0.001, 7.0)


Change = Callable[[Any, random.Random], str]


class Mutant(NamedTuple):
    """A changed file: what was changed, how and where."""

    kind: str
    name: str
    change: str
    data: Any


def shipped() -> Iterator[tuple[str, str, Any]]:
    """Yield kind, name and plain data of every shipped file and of every schema file that is documented."""
    for kind, folder in FOLDERS.items():
        for path in sorted((ROOT / folder).glob("*.yaml")):
            yield kind, path.stem, documents.read(path).data
    for path in sorted((ROOT / "docs").rglob("*.md")):
        blocks = path.read_text(encoding="utf-8").split("```yaml\n")[1:]
        for number, block in enumerate(text.split("```")[0] for text in blocks):
            if block.startswith("finsim: schema/1"):
                yield "schema", f"{path.stem}-{number}", documents.parse(block, path.name).data


def mutants(
    files: list[tuple[str, str, Any]], count: int, seed: int, changes: Sequence[Change] = ()
) -> Iterator[Mutant]:
    """Yield changed files; every kind of file and every kind of change comes equally often."""
    changes = changes or MISTAKES
    rng = random.Random(seed)
    by_kind = {kind: [file for file in files if file[0] == kind] for kind, *_ in files}
    for number in range(count):
        kind = list(by_kind)[number % len(by_kind)]
        _, name, data = rng.choice(by_kind[kind])
        change = changes[(number // len(by_kind)) % len(changes)]
        changed = deepcopy(data)
        said = change(changed, rng)
        yield Mutant(kind, name, f"{change.__name__.strip('_')} at {said}", changed)


def _places(data: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, Any, tuple[Any, ...]]]:
    """Yield holder, key and path of every value."""
    keys = data if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ()
    for key in keys:
        yield data, key, (*at, key)
        yield from _places(data[key], (*at, key))


def _pick(data: Any, rng: random.Random, fits: Callable[[Any, Any], bool]) -> tuple[Any, Any, str]:
    """Return a place, each depth as likely as the others: files have far more leaves than blocks."""
    found = [place for place in _places(data) if fits(place[0], place[1])]
    depth = rng.choice(sorted({len(at) for *_, at in found}))
    holder, key, at = rng.choice([place for place in found if len(place[2]) == depth])
    return holder, key, ".".join(str(part) for part in at)


def _unknown(data: Any, rng: random.Random) -> str:
    holder, _, at = _pick(data, rng, lambda holder, key: isinstance(holder, dict))
    holder["zzz"] = rng.choice((1, "zzz", True))
    return at


def _misspelled(data: Any, rng: random.Random) -> str:
    holder, key, at = _pick(data, rng, lambda holder, key: isinstance(holder, dict))
    holder[f"{key}x"] = holder.pop(key)
    return at


def _missing(data: Any, rng: random.Random) -> str:
    holder, key, at = _pick(data, rng, lambda holder, key: isinstance(holder, dict))
    del holder[key]
    return at


def _wrong_type(data: Any, rng: random.Random) -> str:
    holder, key, at = _pick(data, rng, lambda holder, key: True)
    other = [one for one in OTHERS if type(one) is not type(holder[key])]
    holder[key] = rng.choice(other)
    return f"{at} = {holder[key]!r}"


def _out_of_range(data: Any, rng: random.Random) -> str:
    def is_number(holder: Any, key: Any) -> bool:
        return isinstance(holder[key], int | float) and not isinstance(holder[key], bool)

    if not any(is_number(holder, key) for holder, key, _ in _places(data)):
        return _wrong_type(data, rng)
    holder, key, at = _pick(data, rng, is_number)
    holder[key] = rng.choice(NUMBERS)
    return f"{at} = {holder[key]!r}"


def _bad_word(data: Any, rng: random.Random) -> str:
    holder, key, at = _pick(data, rng, lambda holder, key: isinstance(holder[key], str))
    holder[key] = f"{holder[key][:30]}zz"
    return f"{at} = {holder[key]!r}"


def _in_a_list(data: Any, rng: random.Random) -> str:
    holder, key, at = _pick(data, rng, lambda holder, key: True)
    holder[key] = [holder[key]]
    return at


def _out_of_a_list(data: Any, rng: random.Random) -> str:
    def is_one(holder: Any, key: Any) -> bool:
        return isinstance(holder[key], list) and len(holder[key]) == 1

    if not any(is_one(holder, key) for holder, key, _ in _places(data)):
        return _in_a_list(data, rng)
    holder, key, at = _pick(data, rng, is_one)
    holder[key] = holder[key][0]
    return at


def _in_text(data: Any, rng: random.Random) -> str:
    def is_number(holder: Any, key: Any) -> bool:
        return isinstance(holder[key], int | float)

    if not any(is_number(holder, key) for holder, key, _ in _places(data)):
        return _in_a_list(data, rng)
    holder, key, at = _pick(data, rng, is_number)
    value = holder[key]
    if isinstance(value, bool):
        texts = ["yes", "No", " true", "on", "T"] if value else ["no", "off", "FALSE", "n"]
    else:
        percent, thousands = f"{value * 100:.12g}", f"{value / 1000:.12g}"
        texts = [f"{value}", f"{percent}%", f"{percent} %", f"{thousands}k", f"{thousands} K", f"{value:_}"]
        texts += [f"{value}zz", f"{value} bp", f"{value:,}", f"+{value}"]
    holder[key] = rng.choice(texts)
    return f"{at} = {holder[key]!r}"


WILD: tuple[Any, ...] = (
    float("nan"),
    float("inf"),
    9223372036854775807,
    10**30,
    -1,
    0,
    1e-300,
    0.5,
    {},
    [],
    "9h",
    "1..9",
    "6-12",
    "90s",
    ".nan",
)


def wild(data: Any, rng: random.Random) -> str:
    """Put something wild in the place of a number or a short text."""
    places = [
        (holder, key)
        for holder, key in _leaves(data)
        if isinstance(holder[key], int | float) or (isinstance(holder[key], str) and len(holder[key]) < 12)
    ]
    holder, key = rng.choice(places)
    holder[key] = rng.choice(WILD)
    return f"{key} = {holder[key]!r}"


def _leaves(data: Any) -> list[tuple[Any, Any]]:
    keys = list(data) if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else []
    found = [(data, key) for key in keys if not isinstance(data[key], dict | list)]
    for key in keys:
        found += _leaves(data[key])
    return found


MISTAKES = (_unknown, _misspelled, _missing, _wrong_type, _out_of_range, _bad_word)
SPELLINGS = (_in_a_list, _out_of_a_list, _in_text)


def refusal(mutant: Mutant, folder: Path) -> list[str]:
    """Return what the loader says of a file, nothing when it takes it."""
    for csv in (ROOT / "constraints").glob("*.csv") if mutant.kind == "rules" else ():
        (folder / csv.name).write_bytes(csv.read_bytes())
    path = folder / f"{mutant.name}.yaml"
    for old in folder.glob("*.yaml"):  # a scenario finds its parent beside it
        old.unlink()
    path.write_text(yaml.safe_dump(mutant.data, sort_keys=False, allow_unicode=True), encoding="utf-8")
    try:
        LOADERS[mutant.kind](str(path))
    except FinsimError as error:
        return [f"{problem.found}; {problem.expected}" for problem in error.problems]
    return []
