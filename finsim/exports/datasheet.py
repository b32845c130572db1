"""Datasheet of a run: ``datasheet.md`` and ``datasheet.json``.

The questions follow Gebru et al., "Datasheets for Datasets" (Communications of the ACM 64(12), 2021), in
short words. Answers come from the manifest; what it does not say is "not stated", for a person to fill in.
"""

from __future__ import annotations

from finsim.exports.datasheet_answers import ANSWERS
from finsim.exports.markdown_text import NOT_STATED
from finsim.exports.run_facts import RunFacts, as_json
from finsim.records.display.markdown_line import markdown_line

TEXT, DATA = "datasheet.md", "datasheet.json"
SCHEMA = "finsim.datasheet/1"
QUESTIONS: dict[str, tuple[str, ...]] = {
    "Motivation": (
        "For what purpose was the dataset made?",
        "Who made it, and for whom?",
        "Who paid for it?",
    ),
    "Composition": (
        "What do the records represent?",
        "How many records are there of each kind?",
        "Is it everything, or a sample of a larger set?",
        "What does each record consist of?",
        "Is there a label?",
        "Is anything missing from single records?",
        "Are relations between records made explicit?",
        "Are there recommended splits?",
        "Are there errors, noise or redundancies?",
        "Does it depend on anything outside?",
        "Does it hold what is confidential?",
        "Could it offend or frighten?",
        "Does it show groups of people?",
        "Can a person be found in it?",
        "Does it hold what is sensitive of persons?",
    ),
    "Collection": (
        "How was the data of each record obtained?",
        "By which machines or programs?",
        "How was a sample drawn?",
        "Who took part, and how were they paid?",
        "Over which time was it collected?",
        "Was there an ethical review?",
        "Were the persons told, and did they consent?",
        "Was the effect on the persons analysed?",
    ),
    "Preparation": (
        "What was cleaned or changed?",
        "Are the raw data kept as well?",
        "Is the software for it at hand?",
    ),
    "Uses": (
        "What has it been used for?",
        "What could it be used for?",
        "What in its making may bear on later use?",
        "What should it not be used for?",
    ),
    "Distribution": (
        "Will it be given to third parties, how and when?",
        "Under which licence or terms?",
        "Do third parties restrict the data it was made from?",
        "Do export controls apply?",
    ),
    "Maintenance": (
        "Who maintains it, and how are they reached?",
        "Is there an erratum?",
        "Will it be updated?",
        "Are there limits on how long records are kept?",
        "Are older versions kept?",
        "Can others extend it?",
    ),
}
"""Section -> its questions, in the order of the paper."""


def documents(facts: RunFacts) -> dict[str, str]:
    """Return ``datasheet.md`` and ``datasheet.json``."""
    sections = {
        section: {question: answer(facts, question) for question in questions}
        for section, questions in QUESTIONS.items()
    }
    sheet = {
        "schema": SCHEMA,
        "title": facts.title,
        "manifest_sha256": facts.manifest["sha256"],
        "sections": sections,
    }
    parts = [f"# Datasheet: {markdown_line(facts.title)}", f"Manifest sha256: `{facts.manifest['sha256']}`"]
    for section, answers in sections.items():
        parts.append(f"## {section}")
        parts += [f"**{question}**\n\n{told or NOT_STATED}" for question, told in answers.items()]
    return {TEXT: "\n\n".join(parts) + "\n", DATA: as_json(sheet)}


def answer(facts: RunFacts, question: str) -> str | None:
    """Return the answer that manifest and scorecard give to a question; None when they give none."""
    known = ANSWERS.get(question)
    return (known(facts) or None) if known else None
