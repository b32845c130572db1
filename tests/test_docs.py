"""The pages tell the truth: every column of a run, every verb and name, every link, every example."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_study import STORIES

import finsim
from finsim.agents import vocabulary
from finsim.agents.narratives.narrative import load_narratives
from finsim.agents.schemes.scheme_plan import STOPS
from finsim.credit.panel import STATUSES
from finsim.credit.reference_parameters import CLASSES, GRADES
from finsim.engine.finished_run import Run
from finsim.provenance.lineage import KINDS, REPAIR_SCHEMA
from finsim.provenance.origin_tags import MEANING
from finsim.records import fixed_words
from finsim.records.columns import ROLES, facts_of
from finsim.records.run_layout import place_of
from finsim.scenarios.variables import VARIABLES

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"])
TABLES = (DOCS / "reference" / "tables.md").read_text(encoding="utf-8")
sys.path.insert(0, str(DOCS))
make_tables = importlib.import_module("make_tables")
make_api = importlib.import_module("make_api")


@pytest.fixture(scope="module")
def mini(small_run: Run) -> Run:
    return small_run


def documented() -> dict[str, dict[str, tuple[str, str]]]:
    """Return table name -> column -> (type, null), from the headings and tables of the page."""
    found: dict[str, dict[str, tuple[str, str]]] = {}
    for heading, text in re.findall(r"^## (\S+)$(.*?)(?=^## |\Z)", TABLES, re.MULTILINE | re.DOTALL):
        if heading not in make_tables.SCHEMAS:
            continue
        rows = re.findall(r"^\| `(\S+)` \|([^|]+)\|[^|]*\|[^|]*\|([^|]+)\|", text, re.MULTILINE)
        found[heading] = {name: (kind.strip(), null.strip()) for name, kind, null in rows}
    return found


def types(text: str) -> list[str]:
    """Return the types that a cell allows."""
    return [text, *re.split(r", | or ", text)]


def entry(name: str, columns: dict[str, tuple[str, str]]) -> str | None:
    """Return the documented name of a column: its own, or the pattern that covers it."""
    if name in columns:
        return name
    patterns = [item for item in columns if "<" in item]
    return next((item for item in patterns if re.fullmatch(re.sub(r"<\w+>", r"\\S+", item), name)), None)


def tables_of(finished: Run) -> dict[str, list[Path]]:
    """Return documented table name -> its files of all scenarios."""
    found: dict[str, list[Path]] = {}
    for path in sorted(finished.path.rglob("*.parquet")):
        name = path.relative_to(finished.path)
        if ".finsim" not in name.parts:
            found.setdefault(place_of(name.as_posix())[0] or str(name), []).append(path)
    return found


def test_every_table_has_a_section_and_every_section_a_table(mini: Run) -> None:
    optional = {"lineage/repairs.parquet"}
    assert set(documented()) - optional == set(tables_of(mini)) - optional


def test_every_column_is_documented_with_its_type(mini: Run) -> None:
    wrong = []
    for table, files in tables_of(mini).items():
        columns = documented()[table]
        for field in (field for file in files for field in pq.read_schema(file)):
            known = entry(field.name, columns)
            if known is None or make_tables.word(field.type) not in types(columns[known][0]):
                wrong.append(f"{table}: {field.name} {make_tables.word(field.type)}")
    assert sorted(set(wrong)) == []


def test_no_documented_column_is_gone(mini: Run) -> None:
    for table, columns in documented().items():
        if table == "lineage/repairs.parquet":
            assert list(columns) == REPAIR_SCHEMA.names
            continue
        there = {name for file in tables_of(mini)[table] for name in pq.read_schema(file).names}
        if table == "driver_months":
            there = {"date", *VARIABLES}
        if table == "driver_days":
            there |= {"late_payment", "cash_withdrawal"}
        if table == "loans":
            there |= {"ead", "_fs_row", "_fs_lead"}  # of loans that are kept
            there |= {"bad"}  # of a book that a generator of tables makes
            there |= {"customer_id"}  # where borrowers are customers
        if table == "months":
            there |= {"rating"}  # by choice of the study
        assert [name for name in columns if "<" not in name and name not in there] == [], table


def test_the_words_of_narratives_are_those_of_the_code() -> None:
    page = make_tables.NARRATIVES.read_text(encoding="utf-8")
    assert make_tables.narratives_rewritten(page) == page, "run: python docs/make_tables.py"


def test_the_page_has_the_facts_that_the_files_carry(mini: Run) -> None:
    assert make_tables.rewritten(TABLES) == TABLES, "run: python docs/make_tables.py"
    for table, files in tables_of(mini).items():
        known = {field.name: field for field in make_tables.SCHEMAS[table]}
        for field in (field for file in files for field in pq.read_schema(file)):
            facts = facts_of(field)
            assert facts["description"], f"{table}.{field.name}"
            assert facts["role"] in ROLES, f"{table}.{field.name}"
            assert field.nullable == bool(facts["null"]), f"{table}.{field.name}"
            assert facts["zone"] or not pa.types.is_timestamp(field.type), f"{table}.{field.name}"
            if field.name in known:
                said = facts_of(known[field.name])
                said["null"] = facts["null"] and said["null"]  # a file may lack nothing where others do
                assert facts == said, f"{table}.{field.name}"


def test_dates_and_whole_numbers_arrive_in_pandas_as_such(mini: Run) -> None:
    wrong = []
    for table, files in tables_of(mini).items():
        for file in files:
            frame = pd.read_parquet(file)
            for field in pq.read_schema(file):
                kind = frame[field.name].dtype.kind
                if pa.types.is_integer(field.type) and kind not in "iu":
                    wrong.append(f"{table}.{field.name}: {frame[field.name].dtype}")
                if pa.types.is_temporal(field.type) and kind != "M":
                    wrong.append(f"{table}.{field.name}: {frame[field.name].dtype}")
    assert sorted(set(wrong)) == []


def test_no_column_is_null_where_the_page_says_never(mini: Run) -> None:
    for table, files in tables_of(mini).items():
        columns = documented()[table]
        for file in files:
            data = pq.read_table(file)
            nulls = [name for name in data.column_names if data[name].null_count]
            assert [name for name in nulls if columns[str(entry(name, columns))][1] == "no"] == [], table


def test_the_features_of_the_bundled_loans_are_listed(mini: Run) -> None:
    columns = documented()["loans"]
    names = pq.read_schema(mini.file("loans", "base")).names
    text = TABLES.split("Features of the bundled German table")[1].split("\n\n")[0]
    assert re.findall(r"`(\w+)`", text) == [name for name in names if name not in columns]


WORDS_OF_CUSTOMERS = {
    "kind": fixed_words.CUSTOMER_KINDS, "segment": fixed_words.SEGMENTS, "sector": fixed_words.SECTORS,
    "income_band": fixed_words.INCOME_BANDS, "kyc_risk": fixed_words.RISKS,
}  # fmt: skip


def words(name: str) -> tuple[str, ...]:
    line = re.search(rf"^\| `{re.escape(name)}` \| (.*) \|$", TABLES, re.MULTILINE)
    assert line, name
    return tuple(re.findall(r"`([^`]+)`", line.group(1)))


def test_the_words_are_those_of_the_code() -> None:
    assert words("accounts.kind") == vocabulary.KINDS
    assert words("transactions.channel") == vocabulary.CHANNELS
    assert words("labels.purpose") == vocabulary.PURPOSES
    assert words("transactions.status") == vocabulary.STATUSES
    assert words("transactions.decline_reason") == vocabulary.DECLINE_REASONS
    assert words("patterns.stopped_by") == STOPS
    assert words("credit_lines.kind") == fixed_words.LINE_KINDS
    assert words("cards.kind") == fixed_words.CARD_KINDS
    assert words("cards.end_reason") == fixed_words.CARD_ENDS
    assert words("devices.kind") == fixed_words.DEVICE_KINDS
    assert words("devices.os") == fixed_words.OS_FAMILIES
    assert words("logins.kind") == fixed_words.LOGIN_KINDS
    for name, known in WORDS_OF_CUSTOMERS.items():
        assert words(f"customers.{name}") == known
    assert words("loans.loan_class") == tuple(CLASSES)
    assert words("loans.grade") == GRADES
    assert words("months.status") == STATUSES
    assert words("sequences.kind") == tuple(KINDS)
    assert words("any._fs_src") == tuple(str(code) for code in MEANING)


def test_the_words_of_the_stories_are_those_of_their_files() -> None:
    for story in load_narratives(STORIES):
        variants = [form.typology for form in story.variants.values() if form.typology]
        typologies = dict.fromkeys([*story.typology, *variants])
        phases = [phase.name for phase in story.phases]
        assert words(story.id) == (*typologies, *phases, *story.roles), story.id


def test_the_words_of_a_run_are_on_the_page(mini: Run) -> None:
    listed = set(re.findall(r"`([^`]+)`", TABLES.split("## Words")[1]))
    rows = mini.transactions_of("fraud-wave-mule-surge").to_pandas()
    for column in ("channel", "purpose", "status", "narrative", "phase", "role"):
        assert set(rows[column].dropna().unique()) <= listed, column


def text_of(pages: list[Path]) -> str:
    return "\n".join(page.read_text(encoding="utf-8") for page in pages)


def test_every_verb_and_every_public_name_is_on_a_page() -> None:
    from finsim.cli.main import app

    verbs = [command.name for command in app.registered_commands]
    guide = text_of([*DOCS.rglob("*.md")])
    assert [verb for verb in verbs if f"finsim {verb}" not in guide] == []
    python = (DOCS / "guide" / "python.md").read_text(encoding="utf-8")
    assert [name for name in finsim.__all__ if not re.search(rf"\b{name}\b", python)] == []


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as code hosts make them."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    dead = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"\w+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            dead.append(target)
    assert dead == []


def test_the_index_names_every_page() -> None:
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    others = [page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md") if page.name != "index.md"]
    assert [name for name in others if not name.startswith("adr/") and f"({name})" not in index] == []


def blocks(page: str) -> list[tuple[str, str]]:
    """Return the Python blocks of a guide: the words behind ``python``, and the code."""
    text = (DOCS / "guide" / page).read_text(encoding="utf-8")
    return re.findall(r"^```python ?(\w*)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", ["quickstart.md", "python.md"])
def test_the_examples_compile(page: str) -> None:
    assert len(blocks(page)) > 3
    for _, code in blocks(page):
        compile(code, page, "exec")


@pytest.mark.slow
def test_the_examples_of_the_python_guide_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for kind, code in blocks("python.md"):
        if kind != "notest":
            exec(compile(code, "python.md", "exec"), names)  # noqa: S102 the examples are ours


def test_the_examples_of_the_quickstart_run(
    mini: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "demo").symlink_to(mini.path)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for _, code in blocks("quickstart.md"):
        exec(compile(code, "quickstart.md", "exec"), names)  # noqa: S102 the examples are ours
    said = capsys.readouterr().out
    assert "honest orders, all the same: True" in said
    for quarter, level in (("Q1", -0.387), ("Q2", -0.485), ("Q3", -0.578), ("Q4", -0.538)):
        assert re.search(rf"^2026{quarter} +{level} +{level} +{level}$", said, re.MULTILINE), quarter
    assert (tmp_path / "mine.csv").stat().st_size > 100_000


GUIDES = [*sorted((DOCS / "guide").glob("*.md")), DOCS / "index.md", ROOT / "README.md"]


@pytest.mark.parametrize(
    "page", [*GUIDES, *sorted((ROOT / "notebooks").glob("*.ipynb"))], ids=lambda p: p.name
)
def test_what_users_read_imports_only_finsim(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert re.findall(r"\b(?:from finsim\b(?!`)\S* import|import finsim\.)[^\n]*", text) == []


def test_the_api_page_lists_the_public_names() -> None:
    assert make_api.PAGE.read_text(encoding="utf-8") == make_api.text(), "run: python docs/make_api.py"
    assert sorted(re.findall(r"heading: finsim\.(\w+),", make_api.text())) == sorted(finsim.__all__)


@pytest.mark.sweep
def test_the_examples_of_the_inner_modules_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = (DOCS / "reference" / "inner-modules.md").read_text(encoding="utf-8")
    names: dict[str, object] = {}
    for code in re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL):
        exec(compile(code, "inner-modules.md", "exec"), names)  # noqa: S102 the examples are ours
