"""The study file: which data, generators and worlds, how big, which scenarios, rules, metrics and seed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import (
    ConfigDict,
    Field,
    PrivateAttr,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

from finsim import documents
from finsim.agents.settings import NarrativeUse
from finsim.call_errors import public
from finsim.document_days import Day
from finsim.document_numbers import Count, Id, Meaning, Misfit, Share, Whole, YesNo
from finsim.document_shapes import shaped
from finsim.editor_schemas import also, given
from finsim.engine.study import named_inputs as naming
from finsim.engine.study.credit_part import CreditPart
from finsim.engine.study.feedback_part import FeedbackPart
from finsim.engine.study.market_part import MarketPart, Part
from finsim.engine.study.places_in_file import Places
from finsim.engine.study.transactions_part import NarrativeChoice, TransactionsPart
from finsim.errors import Problem, StudyError
from finsim.records.run_layout import scenario_label
from finsim.records.storage import canonical_json, digest_text

TWICE = "a scenario is listed twice at one severity"
DIFFER = "remove one, or give them different severities"
WORLDS = ("market", "transactions", "credit")


def _chosen(item: Any) -> Any:
    """Return a scenario as its mapping: ``NAME@SEVERITY`` taken apart, other things as they are."""
    given = {"name": item} if isinstance(item, str) else item
    if not isinstance(given, dict) or not isinstance(given.get("name"), str):
        return given
    name, severity = naming.name_and_severity(given["name"])
    if severity is None:
        return given
    if given.get("severity", severity) != severity:
        raise Misfit(
            f"{given['name']!r} with severity {given['severity']!r}", "one severity", "remove one of them"
        )
    return {**given, "name": name, "severity": severity}


class ScenarioChoice(Part):
    """A scenario by name or path and how hard it hits (0 is the identity, 1 is as written).

    * ``name``: scenario by name or path.
    * ``severity``: how hard it hits: 0 is nothing, 1 is as written.
    """

    meaning: ClassVar[Meaning] = Meaning("a scenario as NAME, NAME@SEVERITY or a mapping", "gfc-2008@0.5")

    name: str
    severity: Annotated[Share, Field(ge=0, le=naming.MAX_SEVERITY)] = 1.0

    @model_validator(mode="before")
    @classmethod
    def _read(cls, data: Any) -> Any:
        return _chosen(data)

    @classmethod
    def of(cls, text: str, severity: float | None = None) -> ScenarioChoice:
        """Return the scenario that ``NAME`` or ``NAME@SEVERITY`` means, as in ``gfc-2008@0.5``.

        ``severity`` is one that is given beside the text. Raises StudyError for a severity that is no
        number from 0 to 3, or that is given twice with two values.
        """
        try:
            data = _chosen({"name": text} if severity is None else {"name": text, "severity": severity})
        except Misfit as bad:
            raise StudyError(bad.found, place="scenario", expected=bad.expected, remedy=bad.remedy) from None
        if not 0 <= data.get("severity", 1.0) <= naming.MAX_SEVERITY:
            raise StudyError(
                f"severity {data['severity']:g}",
                place="scenario",
                expected=f"a number from 0 (nothing) to {naming.MAX_SEVERITY:g}, such as 0.5",
                remedy="1 is the scenario as written",
            )
        return cls.model_validate(data)

    @property
    def label(self) -> str:
        """What this scenario is called in a run."""
        return scenario_label(self.name, self.severity)


_LONG = 90
"""Characters of the names of scenarios that are shown."""


class EvaluationPart(Part):
    """Evidence: how much of it, and whether it is computed at all; `evaluation: off` is short for the latter.

    * ``enabled``: false: no scores and no verdicts.
    * ``bootstrap``: resamples behind each interval.
    * ``judge_refits``: how often a learned judge is fitted again.
    * ``judge_iterations``: training steps of a learned judge.
    """

    short: ClassVar[str] = "enabled"

    enabled: YesNo = True
    bootstrap: Annotated[Count, Field(ge=50, le=100_000)] = 200
    judge_refits: Annotated[Whole, Field(ge=0, le=1_000)] = 1
    judge_iterations: Annotated[Count, Field(le=1_000_000)] = 500


class Study(Part):
    """A whole study, resolved: the text of this model is what the run's identity is computed from.

    * ``finsim``: the format of this file, study/1.
    * ``id``: name of the study.
    * ``title``: one line for people.
    * ``seed``: root seed; the same study and seed give the same bytes.
    * ``start``: jump-off day of all worlds; scenario moves are measured from its close.
    * ``market``: market paths.
    * ``transactions``: people, payments, fraud and laundering.
    * ``credit``: loans, defaults and losses.
    * ``scenarios``: what happens, by name or path; each is a run of all worlds.
    * ``evaluation``: how much evidence is computed.
    * ``feedback``: active simulation: what a scenario sets off acts back on its macro path.

    Example:
        >>> import finsim
        >>> study = finsim.load_study("quickstart")
        >>> study.with_scenarios("base", "gfc-2008").without_evidence().evaluation.enabled
        False

    """

    model_config = ConfigDict(json_schema_extra=also({"anyOf": [given(world) for world in WORLDS]}))

    finsim: Literal["study/1"]
    id: Id
    title: str = ""
    seed: Annotated[Whole, Field(ge=0, lt=2**63)] = 7
    start: Day = date(2025, 12, 31)
    market: MarketPart | None = None
    transactions: TransactionsPart | None = None
    credit: CreditPart | None = None
    scenarios: tuple[ScenarioChoice, ...] = Field((ScenarioChoice(name="base"),), min_length=1)
    evaluation: EvaluationPart = EvaluationPart()
    feedback: FeedbackPart | None = None
    _places: Places = PrivateAttr(default_factory=Places)

    @field_validator("scenarios", mode="before")
    @classmethod
    def _names_are_choices(cls, value: Any) -> Any:
        return value if value is None else naming.listed(value)

    @model_serializer(mode="wrap")
    def _without_nothing(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave the feedback out where there is none, so that a study without it is the one it was."""
        data: dict[str, Any] = handler(self)
        if data.get("feedback") is None:
            data.pop("feedback", None)
        return data

    def __repr__(self) -> str:
        """Return the study in a line for each of its worlds; a file of it has all keys."""
        lines = [f"Study {self.id}: seed {self.seed}, jump-off {self.start}"]
        if self.market:
            part, learner = self.market, self.market.generator.name
            lines.append(f"  market        {part.paths:,} paths x {part.sessions:,} sessions, {learner}")
        if self.transactions:
            kinds = len(self.transactions.narratives)
            people = "accounts" if self.transactions.data is None else "entities"
            size, days = self.transactions.size, self.transactions.days
            lines.append(f"  transactions  {size:,} {people}, {days:,} days, {kinds} narratives")
        if self.credit:
            lines.append(f"  credit        {self.credit.loans:,} loans x {self.credit.months} months")
        labels = ", ".join(choice.label for choice in self.scenarios)
        lines.append(f"  scenarios     {labels if len(labels) <= _LONG else f'{labels[:_LONG]}...'}")
        return "\n".join(
            [*lines, "  finsim.plan(study) says what it costs; study.model_dump() has every key"]
        )

    __str__ = __repr__

    @property
    def places(self) -> Places:
        """Where the keys of this study stand in its file; a study of values has no file."""
        return self._places

    @property
    def digest(self) -> str:
        """The sha256 of the canonical text of this study."""
        return digest_text(canonical_json(self.model_dump(mode="json")))

    def with_seed(self, seed: int | None) -> Study:
        """Return the study with another root seed (None keeps it)."""
        return self if seed is None else self.model_copy(update={"seed": seed})

    def with_scenarios(self, *choices: str | ScenarioChoice) -> Study:
        """Return the study with other scenarios: names or paths as written, or choices with a severity.

        Raises StudyError when there is none, or one is given twice at one severity.
        """
        chosen = tuple(ScenarioChoice.of(item) if isinstance(item, str) else item for item in choices)
        if not chosen:
            raise StudyError(
                "no scenario", place="with_scenarios", remedy='name at least one, such as "base"'
            )
        if len({choice.label for choice in chosen}) != len(chosen):
            raise StudyError(TWICE, place="with_scenarios", remedy=DIFFER)
        return self.model_copy(update={"scenarios": chosen})

    def without_evidence(self) -> Study:
        """Return the study without the judging at its end: no scores, no verdicts."""
        return self.model_copy(update={"evaluation": self.evaluation.model_copy(update={"enabled": False})})

    def only(self, *worlds: str) -> Study:
        """Return the study with these worlds alone (``market``, ``transactions``, ``credit``)."""
        others = set(WORLDS) - set(worlds)
        return self.model_copy(update=dict.fromkeys(others))

    def scaled(self, factor: float) -> Study:
        """Return the study with paths, accounts, entities, loans, draws and steps times ``factor``.

        Steps that the study leaves to the generator count as its default. Below 1 there are at least 4
        paths, 500 accounts, 500 loans, 5,000 draws and 100 steps, or as many as written; above 1 the steps
        stay. Shard sizes and lengths in time stay. Raises StudyError when ``factor`` is not positive, or
        takes a size above what a study may have.
        """
        if factor == 1.0:
            return self
        if not 0 < factor <= 10_000:
            raise StudyError(
                f"scale {factor:g}", place="--scale", expected="a number above 0, at most 10,000"
            )

        def times(value: int, least: int) -> int:
            return max(min(value, least), round(value * factor))

        parts: dict[str, Any] = {}
        if self.market:
            steps = self.market.generator.trained()
            fewer = self.market.generator.steps if steps is None or factor > 1 else times(steps, 100)
            generator = self.market.generator.model_copy(update={"steps": fewer})
            parts["market"] = self.market.model_copy(
                update={"paths": times(self.market.paths, 4), "generator": generator}
            )
        if self.transactions:
            parts["transactions"] = self.transactions.resized(times(self.transactions.size, 500))
        if self.credit:
            sizes = {"loans": times(self.credit.loans, 500), "draws": times(self.credit.draws, 5_000)}
            parts["credit"] = self.credit.model_copy(update=sizes)
        scaled = self.model_copy(update=parts)
        if factor > 1:
            recorded_study(scaled.model_dump(mode="json"), f"--scale {factor:g}")
        return scaled


@public
def load_study(name_or_path: str | Path | Mapping[str, Any]) -> Study:
    """Read a study file by path or shipped name, or a study from a mapping with the keys of a file.

    Data paths in it are relative to the file; problems inside the files that it names are told too.

    Args:
        name_or_path: shipped name, path of a file, or mapping.

    Returns:
        The Study, for ``run``, ``plan`` and ``stress``.

    Raises:
        StudyError: that lists every wrong key, value and name at its place.

    Example:
        >>> import finsim
        >>> finsim.load_study("quickstart").seed
        7

    """
    if isinstance(name_or_path, Mapping):
        return study_of(name_or_path)
    path = documents.find(str(name_or_path), "scenarios/studies", "study", StudyError)
    return _read(documents.read(path, StudyError), path.parent)


def study_of(data: Mapping[str, Any], folder: str | Path = ".") -> Study:
    """Return the study of plain data with the keys of a study file, checked as a file is.

    Data paths in it are relative to ``folder``. Raises StudyError as ``load_study`` does; places are keys.
    """
    return _read(documents.Document("study", {"finsim": "study/1", **data}, {}), Path(folder))


def recorded_study(data: Any, place: str) -> Study:
    """Return the resolved study that a run has recorded; raises StudyError when the record is damaged."""
    return documents.validate(documents.Document(place, data, {}), Study, StudyError)


def _read(document: documents.Document, folder: Path) -> Study:
    """Return the study of a document; raises StudyError with all its problems."""
    data = shaped(document.data, Study)
    problems = naming.unknown_names(data, folder, document.place)
    study: Study | None = None
    try:
        study = documents.validate(document, Study, StudyError)
    except StudyError as error:
        problems += error.problems
    if study is not None:
        problems += _contradictions(study, document)
    if problems:
        raise StudyError.of([*documents.in_file_order(problems), *naming.faults(data, folder)])
    assert study is not None
    found = _with_data_paths(study, folder)
    found._places = Places(document)
    return found


Named = TypeVar("Named", ScenarioChoice, NarrativeChoice)


def _contradictions(study: Study, document: documents.Document) -> list[Problem]:
    """Return what is wrong with the study as a whole."""
    found: list[Problem] = []
    if not (study.market or study.transactions or study.credit):
        remedy = "add at least one of market:, transactions:, credit:"
        found.append(
            Problem(document.place(), "the study has no world", "market, transactions or credit", remedy)
        )
    labels = [choice.label for choice in study.scenarios]
    found += [
        Problem(document.place(("scenarios", i)), f"{TWICE}: {label}", "each once", DIFFER)
        for i, label in enumerate(labels)
        if label in labels[:i]
    ]
    stories = study.transactions.narratives if study.transactions else ()
    names = [NarrativeUse(choice.name).id for choice in stories]  # a name, and its file, are one story
    found += [
        Problem(
            document.place(("transactions", "narratives", i)), f"narrative {name!r} is listed twice",
            "each once", "remove one",
        )
        for i, name in enumerate(names)
        if name in names[:i]
    ]  # fmt: skip
    return found


def _with_data_paths(study: Study, folder: Path) -> Study:
    """Make the paths of data, scenarios, narratives and rule packs independent of the study's folder."""
    parts: dict[str, Any] = {"scenarios": tuple(_beside(one, folder) for one in study.scenarios)}
    for world in WORLDS:
        part = getattr(study, world)
        if part is None:
            continue
        places: dict[str, Any] = {}
        if part.data is not None:
            places["data"] = naming.data_path(part.data, folder)
            if getattr(part, "schema_", None):
                places["schema_"] = naming.schema_path(part.schema_, folder)
        if isinstance(part.rules, str):
            places["rules"] = naming.path_beside(part.rules, folder)
        if getattr(part, "narratives", None):
            places["narratives"] = tuple(_beside(one, folder) for one in part.narratives)
        learned = getattr(getattr(part, "generator", None), "rules", None)
        if learned:
            pack = {"pack": naming.path_beside(learned.pack, folder)}
            rules = {"rules": learned.model_copy(update=pack)}
            places["generator"] = part.generator.model_copy(update=rules)
        parts[world] = part.model_copy(update=places) if places else part
    return study.model_copy(update=parts)


def _beside(choice: Named, folder: Path) -> Named:
    """Return a choice whose file beside the study is named by a path from the working folder."""
    return choice.model_copy(update={"name": naming.path_beside(choice.name, folder)})
