"""Random tampers of a finished run: each is caught, and the finding names the file or what rests on it."""

import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import rewriting
import tampering
from rewriting import LOG, MANIFEST
from tampering import PAGE, SHALLOW, Tamper

import finsim
from finsim.provenance.audit_log import AuditLog
from finsim.provenance.verify import verify_run
from finsim.records.storage import digest_file
from finsim.verbs.verify import again

pytestmark = pytest.mark.sweep

FAST, ALL = 40, 300


@pytest.fixture
def copy(real_run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(real_run, tmp_path / "copy"))


def cases(count: int) -> Iterator[object]:
    """Yield every kind of tamper in turn, each time by other chances."""
    for number in range(count):
        tamper = SHALLOW[number % len(SHALLOW)]
        yield pytest.param(tamper, number, id=f"{tamper.__name__}-{number}")


def caught(copy: Path, tamper: Tamper, seed: int) -> None:
    expected = tamper(copy, random.Random(seed))
    checked = verify_run(copy)
    named = {finding.path for finding in checked.findings}
    assert named & expected, f"expected {expected}\n{checked.to_text()}"
    assert checked.to_text().count("\n") == len(checked.findings)


@pytest.mark.parametrize(("tamper", "seed"), list(cases(FAST)))
def test_a_tamper_is_caught_and_named(copy: Path, tamper: Tamper, seed: int) -> None:
    caught(copy, tamper, seed)


@pytest.mark.slow
@pytest.mark.parametrize(("tamper", "seed"), list(cases(ALL))[FAST:])
def test_more_tampers_are_caught_and_named(copy: Path, tamper: Tamper, seed: int) -> None:
    caught(copy, tamper, seed)


@pytest.fixture(scope="session")
def signed(real_run: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, str]:
    """A signed copy of the run, the key, and the head that its owner keeps."""
    folder = tmp_path_factory.mktemp("signed")
    run = Path(shutil.copytree(real_run, folder / "run"))
    head = finsim.sign(run, key=folder / "mine.pem", new_key=True).head
    return run, folder / "mine.pem.pub", head


@pytest.mark.parametrize("seed", range(8))
def test_a_complete_forgery_is_caught_by_the_key_and_by_the_head(
    signed: tuple[Path, Path, str], tmp_path: Path, seed: int
) -> None:
    """Table, manifest, log and seal written anew pass alone: nothing in the folder says otherwise."""
    run, key, head = signed
    copy = Path(shutil.copytree(run, tmp_path / "copy"))
    (copy / "attestation.dsse.json").unlink()
    lines = (copy / LOG).read_text().splitlines()
    rewriting.put_lines(copy, lines[:-1])  # the entry on the signature
    chance = random.Random(seed)
    if seed % 2:
        tampering.change_value(copy, chance)
    else:
        data = rewriting.manifest_of(copy)
        data["statement"]["intended_use"] = ["anything"]
        rewriting.put_manifest(copy, data)
    rewriting.forge(copy)
    assert verify_run(copy).ok
    by_key, by_head = finsim.verify(copy, key=key).run, finsim.verify(copy, head=head).run
    assert [f.path for f in by_key.findings if f.path == "attestation.dsse.json"]
    assert [f.found for f in by_head.findings if "no entry of this log" in f.found]
    shutil.copy(run / "attestation.dsse.json", copy)  # the old signature beside the new record
    assert not finsim.verify(copy, key=key).ok
    (copy / "attestation.dsse.json").unlink()
    other = tmp_path / "other.pem"
    if seed < 2:
        from finsim.provenance.signing.keys import new_key
        from finsim.provenance.signing.sign_run import sign_run

        sign_run(copy, new_key(other))
        assert verify_run(copy).ok
        assert "no valid signature by the key given" in finsim.verify(copy, key=key).to_text()


@pytest.mark.parametrize("seed", range(3))
def test_a_page_that_the_log_excuses_is_drawn_again(copy: Path, seed: int) -> None:
    tampering.page_edited(copy, random.Random(seed))
    AuditLog(copy / LOG).append("rewritten", PAGE, _drawn_here(copy))
    assert verify_run(copy).ok
    found = finsim.verify(copy).run.findings
    assert [(f.path, f.found[:37]) for f in found] == [(PAGE, "not the page that is drawn from the t")]


def _drawn_here(run: Path) -> dict[str, object]:
    made = rewriting.manifest_of(run)["environment"]
    return {
        "sha256": digest_file(run / PAGE),
        **{key: made[key] for key in ("versions", "platform", "source")},
    }


@pytest.mark.parametrize(
    "edit",
    [
        lambda data: data["inputs"][0].update(licence="public domain"),
        lambda data: data["statement"]["known_limits"].clear(),
        lambda data: data.update(created="2020-01-01T00:00:00+00:00"),
    ],
)
def test_a_manifest_sealed_anew_is_not_what_the_page_was_drawn_from(copy: Path, edit) -> None:
    """The last line of the log alone is forged; the chain is whole."""
    data = rewriting.manifest_of(copy)
    edit(data)
    rewriting.put_manifest(copy, data)
    rewriting.seal_anew(copy)
    assert verify_run(copy).ok
    assert [f.path for f in finsim.verify(copy).run.findings] == [PAGE]


def test_verdicts_are_derived_from_the_scores(copy: Path) -> None:
    """Scorecard, manifest and chain agree with each other, and not with the scores."""
    card = json.loads((copy / "scorecard.json").read_text())
    use, verdict = next(iter(card["verdicts"].items()))
    verdict["verdict"] = "pass" if verdict["verdict"] != "pass" else "fail"
    (copy / "scorecard.json").write_text(json.dumps(card, sort_keys=True, indent=1) + "\n")
    data = rewriting.manifest_of(copy)
    data["scores"]["verdicts"] = card["verdicts"]
    rewriting.put_manifest(copy, data)
    rewriting.forge(copy)
    assert verify_run(copy).ok, use
    found = verify_run(copy, again=again()).findings
    assert [(f.path, f.found) for f in found if f.path == "scorecard.json"] == [
        ("scorecard.json", "its verdicts do not follow from its scores")
    ]


def test_rows_are_counted_in_the_table_too(copy: Path) -> None:
    data = rewriting.manifest_of(copy)
    item = data["outputs"][0]
    item["rows"] += 1
    item["row_groups"][0]["rows"] += 1
    rewriting.put_manifest(copy, data)
    rewriting.seal_anew(copy)
    found = [f.found for f in verify_run(copy).findings if f.path == MANIFEST]
    assert any(item["path"] in text and "rows of" in text for text in found)


def test_verdicts_of_the_manifest_are_those_of_the_scorecard(copy: Path) -> None:
    """The scorecard is true; what the manifest, and so the screen, says of it is not."""
    data = rewriting.manifest_of(copy)
    for verdict in data["scores"]["verdicts"].values():
        verdict["verdict"] = "better than pass"
    rewriting.put_manifest(copy, data)
    rewriting.seal_anew(copy)
    (finding,) = verify_run(copy).findings
    assert finding.found == "its verdicts are not those of scores.verdicts in the manifest"


@pytest.mark.parametrize("damage", ["manifest", "table"])
def test_no_page_is_drawn_of_a_damaged_run(copy: Path, damage: str) -> None:
    if damage == "manifest":
        (copy / MANIFEST).write_text("[]")
    else:
        next(copy.glob("loans/*/*.parquet")).write_bytes(b"PAR1xxxxPAR1")
    with pytest.raises(finsim.FinsimError) as refused:
        finsim.report(copy)
    assert refused.value.exit_code == 2
