"""``Narrative``: a narrative file as typed data; loading reports every error at its place."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import ConfigDict, Field, model_validator

from finsim.agents.narratives.amount_faults import amount_faults
from finsim.agents.narratives.device_faults import device_faults
from finsim.agents.narratives.ending_faults import (
    evasion_faults,
    excuse_faults,
    label_faults,
    stop_faults,
    variant_faults,
)
from finsim.agents.narratives.largest_sums import share_faults
from finsim.agents.narratives.narrative_blocks import Amount, Part, Phase, Word
from finsim.agents.narratives.narrative_roles import Rate, Role
from finsim.agents.narratives.narrative_variants import Evasion, Labels, Stop, Variant
from finsim.agents.narratives.payment_numbers import number_faults
from finsim.agents.narratives.phase_faults import phase_faults
from finsim.agents.narratives.role_faults import role_faults
from finsim.agents.narratives.story_faults import Fault, Loc
from finsim.document_numbers import Misfit, YesNo
from finsim.documents import Document, find, in_file_order, read, shipped, validate
from finsim.editor_schemas import YES, JsonSchema, also, file_schema, given
from finsim.errors import NarrativeError, Problem, did_you_mean
from finsim.records.display.card import Card, Value
from finsim.records.display.shown_record import ShownRecord

FOLDER = "scenarios/narratives"

# What of the checks of a whole narrative a JSON Schema can say.
_SOURCED_PROCEEDS: JsonSchema = {"if": given("proceeds"), "then": given("proceeds_from", filled=True)}
_LABELED: JsonSchema = {
    "required": ["labels"],
    "properties": {
        "labels": {
            "anyOf": [
                {"required": [key], "properties": {key: {"minItems": 1}}} for key in ("fraud", "laundering")
            ]
        }
    },
}
_LABELED_UNLESS_DECOY: JsonSchema = {
    "if": {"required": ["decoy"], "properties": {"decoy": YES}},
    "then": {"not": _LABELED},
    "else": _LABELED,
}


class Narrative(ShownRecord, Part):
    """A behavioural story: who does what to whom, in which phases, and what of it is illicit.

    ``breaks`` names rules of level `policy` that its labelled rows may break.

    * ``finsim``: the format of this file, narrative/1.
    * ``id``: name of the narrative, the same as that of the file.
    * ``title``: one line for people.
    * ``story``: the story in a few sentences.
    * ``family``: group of narratives that a hold-out test keeps together.
    * ``typology``: names that scenarios use to make schemes more or less frequent.
    * ``rate``: how often schemes start.
    * ``proceeds``: the money of one scheme.
    * ``proceeds_from``: where the size of the proceeds comes from; needed beside proceeds.
    * ``variants``: forms of the story by name.
    * ``roles``: who takes part, by name of the role.
    * ``phases``: what happens, in order.
    * ``evade``: how the actors try to stay unseen.
    * ``stop``: when a scheme ends early.
    * ``labels``: phases that are fraud or laundering.
    * ``decoy``: true: the same shape, benign, without labels.
    * ``breaks``: rules of level policy that labeled rows may break, such as structuring.

    Example:
        >>> import finsim
        >>> finsim.Narrative.load("account_takeover").id
        'account_takeover'

    """

    model_config = ConfigDict(json_schema_extra=also({"allOf": [_SOURCED_PROCEEDS, _LABELED_UNLESS_DECOY]}))

    finsim: Literal["narrative/1"]
    id: Word
    title: str
    story: str
    family: str
    typology: tuple[str, ...] = Field(min_length=1)
    rate: Rate
    proceeds: Amount | None = None
    proceeds_from: str | None = None
    variants: dict[str, Variant] = Field(default_factory=dict)
    roles: dict[str, Role] = Field(min_length=1)
    phases: tuple[Phase, ...] = Field(min_length=1)
    evade: tuple[Evasion, ...] = ()
    stop: Stop | None = None
    labels: Labels = Labels()
    decoy: YesNo = False
    breaks: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _check_labels(self) -> Narrative:
        if self.decoy and (self.labels.fraud or self.labels.laundering):
            raise Misfit(
                "a decoy with fraud or laundering labels",
                "a benign story",
                "remove the labels, or `decoy: true`",
            )
        if not self.decoy and not (self.labels.fraud or self.labels.laundering):
            raise Misfit(
                "no phase is labeled",
                "phases under labels",
                "write `labels: {fraud: [PHASE]}`, or `decoy: true`",
            )
        if self.proceeds is not None and not self.proceeds_from:
            raise Misfit(
                "proceeds without a source",
                "where the size of the proceeds comes from",
                "add `proceeds_from: TEXT`",
            )
        return self

    @classmethod
    def load(cls, name_or_path: str) -> Narrative:
        """Read a narrative by shipped name or by path; raises NarrativeError with all its problems."""
        return _load(name_or_path)

    def card(self) -> Card:
        """Return title, typologies, rate, roles, phases, labels and evasions."""
        labels = self.labels
        facts: tuple[tuple[str, Value], ...] = (
            ("title", self.title),
            ("family", self.family),
            ("typology", self.typology),
            ("rate", f"{self.rate.value:g} a year per {self.rate.per}"),
            ("roles", tuple(self.roles)),
            ("phases", tuple(phase.name for phase in self.phases)),
            ("fraud", labels.fraud),
            ("laundering", labels.laundering),
            ("decoy", "benign look-alike" if self.decoy else ""),
            ("evades by", tuple(item.kind for item in self.evade)),
            ("variants", tuple(self.variants)),
        )
        return Card(f"Narrative: {self.id}", facts)

    def level(self, kind: str) -> float:
        """Return the level of one evasion; 0 when the story does not use it."""
        return next((item.level for item in self.evade if item.kind == kind), 0.0)


def narrative_file_schema() -> JsonSchema:
    """Return the JSON Schema of narrative files, for editors."""
    return file_schema(Narrative, "finsim narrative file")


def load_narratives(names: Sequence[str]) -> tuple[Narrative, ...]:
    """Return narratives by shipped name or path, in the given order.

    Raises NarrativeError that lists every problem of every file with ``file:line:col`` and a remedy.
    """
    loaded: list[Narrative] = []
    problems: list[Problem] = []
    for name in names:
        try:
            loaded.append(_load(name))
        except NarrativeError as bad:
            problems.extend(bad.problems)
    if problems:
        raise NarrativeError.of(problems)
    return tuple(loaded)


def _load(name: str) -> Narrative:
    path = find(name, FOLDER, "narrative", NarrativeError)
    if path.parent == shipped(FOLDER):
        return _shipped(path, path.stat().st_mtime_ns)
    return _read(path)


@lru_cache(maxsize=256)
def _shipped(path: Path, changed: int) -> Narrative:
    """Return a shipped narrative, read again once it ``changed``: a run asks for each several times."""
    return _read(path)


def _read(path: Path) -> Narrative:
    document = read(path, NarrativeError)
    narrative = validate(document, Narrative, NarrativeError)
    problems = [] if Path(document.path).stem == narrative.id else [_misnamed(document, narrative)]
    problems += [
        Problem(document.place(one.at), one.found, one.expected, one.remedy) for one in _unbound(narrative)
    ]
    if not problems:
        problems = [
            Problem(document.place(fault.at), fault.found, fault.expected, fault.remedy)
            for fault in faults(narrative, Path(document.path).parent)
        ]
    if problems:
        raise NarrativeError.of(in_file_order(problems))
    return narrative


def faults(narrative: Narrative, folder: Path) -> list[Fault]:
    """Return what a narrative says that could never act; ``folder`` may hold rule packs of its own."""
    checks = (
        role_faults, number_faults, phase_faults, amount_faults, evasion_faults, stop_faults, label_faults,
        variant_faults, device_faults, share_faults,
    )  # fmt: skip
    found = [fault for check in checks for fault in check(narrative)]
    return [*found, *excuse_faults(narrative, folder)]


def _misnamed(document: Document, narrative: Narrative) -> Problem:
    stem = Path(document.path).stem
    return Problem(
        document.place(("id",)),
        f"id is {narrative.id!r} in a file called {stem!r}",
        "the name of the file as its id",
        f"write `id: {stem}`",
    )


def _unbound(narrative: Narrative) -> list[Fault]:
    """Return every name that nothing in the file defines."""
    found: list[Fault] = []
    roles, names = list(narrative.roles), [phase.name for phase in narrative.phases]
    twice = {name for name in names if names.count(name) > 1}
    for index, phase in enumerate(narrative.phases):
        at: tuple[str | int, ...] = ("phases", index)
        if phase.name in twice:
            text = f"phase {phase.name!r} appears twice"
            found.append(Fault((*at, "name"), text, "a name of its own", "give each phase its own name"))
        found += [
            _unknown((*at, key), f"no role is called {role!r}", role, roles)
            for key, role in (("from", phase.payer), ("to", phase.to), ("via", phase.via))
            if role is not None and role not in roles
        ]
        gate = phase.needs.phase if phase.needs else None
        if gate is not None and gate not in names[:index]:
            text = f"no earlier phase is called {gate!r}"
            found.append(_unknown((*at, "needs", "phase"), text, gate, names[:index]))
        if _uses_proceeds(phase) and not _has_proceeds(narrative):
            remedy = "add `proceeds:` to it or its variants"
            found.append(
                Fault((*at, "amount"), "the story has no proceeds", "proceeds in every form of it", remedy)
            )
    for key in Labels.model_fields:
        found += [
            _unknown(("labels", key, i), f"no phase is called {name!r}", name, names)
            for i, name in enumerate(getattr(narrative.labels, key))
            if name not in names
        ]
    for variant, form in narrative.variants.items():
        found += [
            _unknown(("variants", variant, "counts", name), f"no phase is called {name!r}", name, names)
            for name in form.counts
            if name not in names
        ]
    return found


def _unknown(at: Loc, found: str, name: str, known: list[str]) -> Fault:
    """Return the fault of a name that nothing in the file defines."""
    if not known:
        return Fault(at, found, "the name of an earlier phase", "remove it, or move the phase down")
    return Fault(at, found, f"one of {', '.join(dict.fromkeys(known))}", did_you_mean(name, known))


def _uses_proceeds(phase: Phase) -> bool:
    amounts = (phase.amount, phase.amount.start)
    return phase.count == "cover" or any(a is not None and a.fraction_of == "proceeds" for a in amounts)


def _has_proceeds(narrative: Narrative) -> bool:
    if narrative.proceeds is not None:
        return True
    return bool(narrative.variants) and all(form.proceeds for form in narrative.variants.values())
