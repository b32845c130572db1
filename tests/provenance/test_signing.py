"""Signatures: checked here by plain cryptography and by openssl, and refused where they prove nothing."""

import base64
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

import finsim
from finsim.errors import FinsimError, ProvenanceError
from finsim.provenance.audit_log import AuditLog, read_log
from finsim.provenance.signing.envelope import Envelope, enclose, pae
from finsim.provenance.signing.keys import new_key, outside, read_signing_key, read_verify_key
from finsim.provenance.signing.sign_run import refuse_signed, sign_run
from finsim.provenance.verify import Verification, verify_run
from finsim.records.storage import digest_file

pytestmark = pytest.mark.sweep

NAME, LOG = "attestation.dsse.json", "audit.log"
PEM = serialization.Encoding.PEM
PKCS8 = serialization.PrivateFormat.PKCS8


@pytest.fixture
def key(tmp_path: Path) -> Path:
    new_key(tmp_path / "mine.pem")
    return tmp_path / "mine.pem"


@pytest.fixture
def signed(run: Path, key: Path) -> Path:
    sign_run(run, read_signing_key(key))
    return run


def by(run: Path, key: Path) -> Verification:
    return verify_run(run, key=read_verify_key(key))


def test_the_encoding_is_that_of_the_specification() -> None:
    """The vector of the DSSE protocol page."""
    expected = b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    assert pae("http://example.com/HelloWorld", b"hello world") == expected
    assert pae("é", "ü!".encode()) == b"DSSEv1 2 \xc3\xa9 3 \xc3\xbc!"  # lengths are of bytes


def parts(run: Path) -> tuple[bytes, bytes, dict[str, Any]]:
    """Return message, signature and statement, read as the specification says, without our own code."""
    envelope = json.loads((run / NAME).read_text())
    assert set(envelope) == {"payload", "payloadType", "signatures"}
    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    payload = base64.standard_b64decode(envelope["payload"])
    kind = envelope["payloadType"].encode()
    message = b" ".join([b"DSSEv1", str(len(kind)).encode(), kind, str(len(payload)).encode(), payload])
    (one,) = envelope["signatures"]
    return message, base64.standard_b64decode(one["sig"]), json.loads(payload)


def test_plain_cryptography_accepts_the_signature(signed: Path, key: Path) -> None:
    message, signature, statement = parts(signed)
    public = serialization.load_pem_public_key(key.with_name("mine.pem.pub").read_bytes())
    assert isinstance(public, Ed25519PublicKey)
    public.verify(signature, message)  # raises when it is not
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    digests = {item["name"]: item["digest"]["sha256"] for item in statement["subject"]}
    assert digests == {name: digest_file(signed / name) for name in digests}
    tables = {path.relative_to(signed).as_posix() for path in signed.rglob("scenario=*/*.parquet")}
    assert {"manifest.json", "scorecard.json", "report.html", *tables} <= set(digests)
    *before, last = read_log(signed / LOG)
    assert statement["predicate"]["log"] == {"file": LOG, "entries": len(before), "head": before[-1].hash}
    assert (last.event, last.payload["sha256"]) == ("signed", digest_file(signed / NAME))


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here")
def test_openssl_makes_the_key_and_accepts_the_signature(run: Path, tmp_path: Path) -> None:
    key, public = tmp_path / "own.pem", tmp_path / "own.pub"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(key)], check=True)
    subprocess.run(["openssl", "pkey", "-in", str(key), "-pubout", "-out", str(public)], check=True)
    sign_run(run, read_signing_key(key))
    message, signature, _ = parts(run)
    (tmp_path / "message").write_bytes(message)
    (tmp_path / "signature").write_bytes(signature)
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", str(public), "-rawin"]
    files = ["-in", str(tmp_path / "message"), "-sigfile", str(tmp_path / "signature")]
    done = subprocess.run([*command, *files], capture_output=True, text=True, check=False)
    assert "Signature Verified Successfully" in done.stdout, done.stderr
    assert by(run, public).ok
    assert by(run, key).ok


def test_a_signed_run_verifies_with_the_key_and_without(signed: Path, key: Path) -> None:
    told = by(signed, key.with_name("mine.pem.pub"))
    assert told.ok
    assert told.signed_by == read_verify_key(key).keyid
    assert f"signature: by key {told.signed_by[:16]}, checked" in told.to_text()
    plain = verify_run(signed)
    assert plain.ok
    assert "not checked: give --key" in plain.to_text()


def test_another_key_is_not_this_one(signed: Path, tmp_path: Path) -> None:
    new_key(tmp_path / "other.pem")
    (finding,) = by(signed, tmp_path / "other.pem").findings
    assert finding.path == NAME
    assert "no valid signature by the key given" in finding.found


def test_an_unsigned_run_fails_where_a_key_is_given(run: Path, key: Path) -> None:
    (finding,) = by(run, key).findings
    assert (finding.path, finding.found) == (NAME, "the run is not signed, and a key was given")


def test_a_signature_that_is_gone_is_missed(signed: Path) -> None:
    (signed / NAME).unlink()
    (finding,) = verify_run(signed).findings
    assert finding.path == NAME
    assert "the file is missing; line 22 of audit.log says" in finding.found


@pytest.mark.parametrize("part", ["payload", "sig", "payloadType", "text", "empty", "statement"])
def test_an_edited_signature_is_named(signed: Path, key: Path, part: str) -> None:
    data = json.loads((signed / NAME).read_text())
    if part == "payload":
        text = base64.b64decode(data["payload"]).replace(b'"entries":21', b'"entries":20')
        data["payload"] = base64.b64encode(text).decode()
    elif part == "sig":
        data["signatures"][0]["sig"] = base64.b64encode(b"0" * 64).decode()
    elif part == "payloadType":
        data["payloadType"] = "text/plain"
    elif part == "statement":
        data["payload"] = base64.b64encode(b'{"predicate": {"log": 5}}').decode()
    text = {"text": "no JSON", "empty": "{}"}.get(part) or json.dumps(data)
    (signed / NAME).write_text(text)
    for checked in (verify_run(signed), by(signed, key)):
        assert {finding.path for finding in checked.findings} == {NAME}, checked.to_text()


@pytest.mark.parametrize("field", ["manifest", "dataset_sha256", "study", "log", "subject"])
def test_a_statement_on_another_run_is_named_though_it_is_signed(run: Path, key: Path, field: str) -> None:
    """Signed by the right key and noted in the log: only what it says can tell."""
    own = read_signing_key(key)
    *_, statement = (sign_run(run, own), *parts(run))
    part = statement if field == "subject" else statement["predicate"]
    part[field] = {"file": LOG, "entries": 21, "head": "0" * 64} if field == "log" else []
    envelope = enclose(json.dumps(statement).encode(), own.public.keyid, own.sign)
    (run / NAME).write_text(json.dumps(envelope.to_dict()))
    AuditLog(run / LOG).append("signed", NAME, {"sha256": digest_file(run / NAME), "keyid": own.public.keyid})
    assert {finding.path for finding in by(run, key).findings} == {NAME}
    assert {finding.path for finding in verify_run(run).findings} == {NAME}


def test_url_safe_base64_is_read_too(signed: Path) -> None:
    envelope = Envelope.of((signed / NAME).read_bytes())
    data = envelope.to_dict()
    data["payload"] = base64.urlsafe_b64encode(envelope.payload).decode()
    data["signatures"][0]["sig"] = base64.urlsafe_b64encode(envelope.signatures[0][1]).decode()
    assert Envelope.of(json.dumps(data).encode()) == envelope
    data["payload"] = "a b!" + data["payload"]
    with pytest.raises(ValueError, match="not a DSSE envelope"):
        Envelope.of(json.dumps(data).encode())


def test_what_is_added_after_the_signature_is_not_vouched_for(signed: Path, key: Path) -> None:
    (signed / "report.html").write_text("<html>later</html>")
    noted = {"sha256": digest_file(signed / "report.html")}
    AuditLog(signed / LOG).append("rewritten", "report.html", noted)
    assert verify_run(signed).ok
    (finding,) = by(signed, key).findings
    assert (finding.path, finding.found) == (
        "report.html",
        "line 23 of audit.log (rewritten) came after the signature",
    )
    refuse_signed(signed)  # there is something new to sign
    sign_run(signed, read_signing_key(key))
    assert by(signed, key).ok


def test_a_signature_moved_behind_a_later_entry_is_found(signed: Path, key: Path) -> None:
    """The entry on the signature is taken off, the page noted anew, and the entry put back."""
    log = read_log(signed / LOG)
    lines = (signed / LOG).read_text().splitlines(keepends=True)
    (signed / LOG).write_text("".join(lines[:-1]))
    (signed / "report.html").write_text("<html>later</html>")
    again = AuditLog(signed / LOG)
    again.append("rewritten", "report.html", {"sha256": digest_file(signed / "report.html")})
    again.append("signed", NAME, log[-1].payload)
    assert {finding.path for finding in by(signed, key).findings} == {"report.html"}


def test_it_is_not_signed_twice(signed: Path) -> None:
    with pytest.raises(ProvenanceError, match="signed already by key"):
        refuse_signed(signed)


def test_the_verb_signs_and_refuses(real_run: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(real_run, tmp_path / "run"))
    key = tmp_path / "keys" / "mine.pem"
    done = finsim.sign(run, key=key, new_key=True)
    assert done.path == run / NAME
    assert key.stat().st_mode & 0o077 == 0
    assert finsim.verify(run, key=f"{key}.pub", head=done.head).ok
    with pytest.raises(ProvenanceError, match="signed already"):
        finsim.sign(run, key=key)
    with pytest.raises(ProvenanceError, match="there already"):
        finsim.sign(Path(shutil.copytree(real_run, tmp_path / "two")), key=key, new_key=True)
    (run / "scorecard.json").write_text("{}")
    with pytest.raises(
        ProvenanceError, match=r"the run does not verify: scorecard\.json: the file was changed"
    ):
        finsim.sign(run, key=tmp_path / "unused.pem", new_key=True)
    assert not (tmp_path / "unused.pem").exists()


def test_a_key_inside_the_run_is_refused(run: Path, tmp_path: Path) -> None:
    inside, link, way = run / "keys" / "k.pem", tmp_path / "link.pem", tmp_path / "way"
    new_key(inside)
    link.symlink_to(inside)
    way.symlink_to(run)
    for place, file in ((run, inside), (run, link), (way, inside), (run, run / "keys" / ".." / "k.pem")):
        with pytest.raises(ProvenanceError, match="the key lies inside the run"):
            outside(place, file)
    with pytest.raises(ProvenanceError, match="the key lies inside the run"):
        finsim.verify(run, key=inside)
    with pytest.raises(ProvenanceError, match="the key lies inside the run"):
        finsim.sign(run, key=inside)
    assert outside(run, tmp_path / "run.pem") == tmp_path / "run.pem"


def pem(kind: str) -> bytes:
    """Return the text of a file that is no key to sign with."""
    own, plain = Ed25519PrivateKey.generate(), serialization.NoEncryption()
    if kind == "password":
        return own.private_bytes(PEM, PKCS8, serialization.BestAvailableEncryption(b"secret"))
    if kind == "rsa":
        return rsa.generate_private_key(65537, 2048).private_bytes(PEM, PKCS8, plain)
    if kind == "public":
        return own.public_key().public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    if kind == "cut":
        return own.private_bytes(PEM, PKCS8, plain)[:60]
    if kind == "openssh":
        return own.private_bytes(PEM, serialization.PrivateFormat.OpenSSH, plain)
    return b"\x00\xff nothing"


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("password", "a key with a password"),
        ("rsa", "a key of another kind"),
        ("public", "a public key"),
        ("cut", "a PEM file that cannot be read"),
        ("openssh", "a PEM file that cannot be read"),
        ("noise", "no PEM private key"),
    ],
)
def test_what_is_no_key_is_refused_in_words(tmp_path: Path, kind: str, found: str) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(pem(kind))
    with pytest.raises(ProvenanceError) as caught:
        read_signing_key(file)
    problem = caught.value.problems[0]
    assert (problem.place, problem.found, problem.expected) == (str(file), found, "an ed25519 key in PEM")
    assert "--new-key" in problem.remedy or kind == "password"
    file.write_bytes(pem("rsa" if kind == "public" else kind))
    with pytest.raises(ProvenanceError) as caught:
        read_verify_key(file)
    assert "a new key can never verify" in caught.value.problems[0].remedy or kind == "password"


def test_a_key_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for reading in (read_signing_key, read_verify_key):
        with pytest.raises(ProvenanceError, match="no such key file") as caught:
            reading(tmp_path / "none.pem")
        wanted = "--new-key" if reading is read_signing_key else "a new key can never verify"
        assert wanted in caught.value.problems[0].remedy
    (tmp_path / "x").write_bytes(pem("noise"))
    with pytest.raises(ProvenanceError, match="no PEM key"):
        read_verify_key(tmp_path / "x")


def test_a_private_key_verifies_but_is_told_to_stay_with_its_owner(run: Path, key: Path) -> None:
    sign_run(run, read_signing_key(key))
    told = verify_run(run, key=read_verify_key(key))
    assert told.ok
    assert [one for one in told.remarks if "holds a private key" in one and "mine.pem.pub" in one]
    public = verify_run(run, key=read_verify_key(key.with_name("mine.pem.pub")))
    assert public.ok
    assert not [one for one in public.remarks if "private key" in one]


@pytest.mark.parametrize("head", ["abc", "", "g" * 64, "0" * 63])
def test_a_head_that_is_no_hash_is_refused(finished: Path, head: str) -> None:
    with pytest.raises(FinsimError, match="64 hexadecimal digits"):
        finsim.verify(finished, head=head)


def test_a_head_binds_what_it_was_kept_for(run: Path) -> None:
    log = read_log(run / LOG)
    assert verify_run(run, head=log[-1].hash).ok
    (finding,) = verify_run(run, head=log[-2].hash).findings
    assert "is line 20, before the seal: it binds no manifest" in finding.found
    (finding,) = verify_run(run, head="0" * 64).findings
    assert (finding.path, "is no entry of this log" in finding.found) == (LOG, True)
    AuditLog(run / LOG).append("rewritten", "report.html", {"sha256": digest_file(run / "report.html")})
    assert verify_run(run, head=log[-1].hash).ok, "a head is still good after the page was drawn again"
    lines = (run / LOG).read_text().splitlines(keepends=True)
    kept = read_log(run / LOG)[-1].hash
    (run / LOG).write_text("".join(lines[:-1]))
    assert verify_run(run).ok, "the same page: nothing but the head can tell"
    assert not verify_run(run, head=kept).ok
