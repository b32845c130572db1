"""Runs behind a URL: the same tables, whole at every moment, resumed anywhere, one writer."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest
from remote_study import STUDY

import finsim
from finsim.cli.main import main
from finsim.engine.finished_run import Run
from finsim.engine.remote.remote_owner import OWNER, owning_remote
from finsim.engine.remote.working_copy import copy_of
from finsim.errors import ResumeError, StudyError
from finsim.records.stores.fetched_file import fetched_file
from finsim.records.stores.private_copies import copies
from finsim.records.stores.remote_folder import RemoteFolder, answering, open_folder, shown
from finsim.records.stores.urls import remote_url

pytestmark = pytest.mark.sweep

PLAN, LOG, MANIFEST = ".finsim/plan.json", "audit.log", "manifest.json"
OBJECTS = 30  # fewer than a run puts


def tables(run: Run) -> dict[str, str]:
    return {item["path"]: item["sha256"] for item in run.manifest["outputs"]}


def run_at(url: str | Path) -> Run:
    return finsim.run(finsim.study(STUDY), output=url, progress=False)


@pytest.mark.parametrize("store", ["memory", "s3"])
def test_a_run_in_a_store_has_the_tables_of_one_on_this_machine(store, request, local, whole_page) -> None:
    fs = request.getfixturevalue(store)
    url = f"{store}://bank/runs/small"
    made = run_at(url)
    assert tables(made) == tables(local)
    names = {path.rpartition("bank/runs/small/")[2] for path in fs.find("bank/runs/small")}
    here = {p.relative_to(local.path).as_posix() for p in local.path.rglob("*") if p.is_file()}
    assert names == here
    for name, digest in tables(local).items():
        assert fs.cat_file(f"bank/runs/small/{name}") == (local.path / name).read_bytes(), digest
    assert made.url == url
    assert url in repr(made)
    assert finsim.verify(url).ok
    assert finsim.open_run(url).manifest["sha256"] == made.digest
    fs.pipe_file("bank/runs/small/stray.txt", b"x")
    assert "stray.txt" in str(finsim.verify(made).problems)  # what lies there now, not the copy
    with pytest.raises(StudyError, match=r"not empty(?s:.*)--resume"):
        run_at(url)


class Recorded:
    """Notes what is put into a store, and lets the store fail after a number of objects."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, fails_after: int | None = None) -> None:
        self.names: list[str] = []
        put = RemoteFolder.put

        def noted(folder: RemoteFolder, file: Path, name: str) -> None:
            if len(self.names) == fails_after:
                with answering(folder.url, name):
                    raise ConnectionResetError("the line is down")
            self.names.append(name)
            put(folder, file, name)

        monkeypatch.setattr(RemoteFolder, "put", noted)


def test_what_names_others_is_written_after_them(memory, monkeypatch) -> None:
    seen = Recorded(monkeypatch).names
    made = run_at("memory://bank/x")
    assert seen.index(PLAN) == min(n for n, name in enumerate(seen) if name != LOG)
    for record in (name for name in seen if name.startswith(".finsim/done/")):
        outputs = json.loads((made.path / record).read_text())["outputs"]
        assert all(seen.index(name) < seen.index(record) for name in outputs), record
    assert seen[-1] == MANIFEST
    assert seen.count(MANIFEST) == 1
    last = len(seen) - 1 - seen[::-1].index(LOG)
    assert last == len(seen) - 2
    once = [name for name in seen if name != LOG]
    assert sorted(once) == sorted(set(once))  # nothing but the log is sent twice


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.8, 0.999])
def test_a_run_whose_store_fails_is_resumed_elsewhere(share, memory, monkeypatch, local, tmp_path) -> None:
    with monkeypatch.context() as patch:
        Recorded(patch, fails_after=int(share * OBJECTS))
        with pytest.raises(StudyError, match="the line is down") as told:
            run_at("memory://bank/x")
    assert "finsim run --resume memory://bank/x" in "".join(told.value.__notes__)
    assert not memory.exists(f"/bank/x/{OWNER}")
    assert not memory.exists(f"/bank/x/{MANIFEST}")
    monkeypatch.setenv("FINSIM_COPIES", str(tmp_path / "another machine"))
    copies.cache_clear()
    if memory.exists(f"/bank/x/{PLAN}"):
        resumed = finsim.run(resume="memory://bank/x", progress=False)
    else:
        with pytest.raises(ResumeError, match="no started run"):
            finsim.run(resume="memory://bank/x", progress=False)
        resumed = run_at("memory://bank/x")
    assert tables(resumed) == tables(local)
    assert memory.exists(f"/bank/x/{MANIFEST}")


def test_a_finished_run_is_resumed_to_itself(memory, local) -> None:
    run_at("memory://bank/x")
    before = dict(memory.store)
    assert tables(finsim.run(resume="memory://bank/x", progress=False)) == tables(local)
    assert {name: item.getvalue() for name, item in memory.store.items()} == {
        name: item.getvalue() for name, item in before.items()
    }


def test_one_writer_has_the_folder(memory) -> None:
    folder = open_folder("memory://bank/x", "output")
    with owning_remote(folder):
        with pytest.raises(StudyError, match=f"in use by process {os.getpid()} on host"):
            run_at("memory://bank/x")
        with pytest.raises(StudyError, match="in use"), owning_remote(folder):
            raise AssertionError
    assert not memory.exists(f"/bank/x/{OWNER}")


def test_a_client_that_takes_the_word_and_writes_is_looked_at_first_and_an_old_one_is_refused(
    memory, monkeypatch
) -> None:
    folder, pipe = open_folder("memory://bank/x", "output"), type(memory).pipe_file
    with monkeypatch.context() as patch:
        patch.setattr(type(memory), "pipe_file", lambda self, path, data, **known: pipe(self, path, data))
        assert folder.create("a", b"1")
        assert not folder.create("a", b"2")
        assert folder.read("a") == b"1"
    with monkeypatch.context() as patch:
        patch.setattr(type(memory), "pipe_file", lambda self, path, data: pipe(self, path, data))
        with pytest.raises(StudyError, match="the client of this store is too old"):
            folder.create("b", b"1")
    assert folder.read("b") is None


def test_a_dead_owner_of_this_host_is_followed_and_one_of_another_is_not(memory) -> None:
    dead = {
        "host": socket.gethostname(),
        "boot": "",
        "process": 2**22 + 5,
        "began": "1",
        "since": "yesterday",
    }
    memory.pipe_file(f"/bank/x/{OWNER}", json.dumps(dead).encode())
    with owning_remote(open_folder("memory://bank/x", "output")):
        assert json.loads(memory.cat_file(f"/bank/x/{OWNER}"))["process"] == os.getpid()
    memory.pipe_file(f"/bank/x/{OWNER}", json.dumps({**dead, "host": "elsewhere"}).encode())
    with pytest.raises(StudyError, match=r"host elsewhere since yesterday(?s:.*)remove the object"):
        run_at("memory://bank/x")


def test_names_that_lead_out_of_the_folder_are_refused(memory, tmp_path) -> None:
    run_at("memory://bank/x")
    for name in ("a/../../b", "../b", "a/./b"):
        folder = open_folder("memory://bank/x", "run")
        with pytest.raises(StudyError, match="an object is called"):
            folder.fetch(name, tmp_path / "y")
    assert not (tmp_path / "y").exists()


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("bogus://b/x", "Protocol not known"), ("memory://", "names no folder"), ("s3://", "names no folder"),
        ("gs://b/x", "needs a client"),
    ],
)  # fmt: skip
def test_what_is_no_folder_of_a_store_is_refused_before_any_work(url, found, memory, tmp_path) -> None:
    with pytest.raises(StudyError, match=found):
        run_at(url)
    assert not (tmp_path / "copies").exists()


def test_a_bucket_that_is_not_there_is_a_refusal(s3) -> None:
    with pytest.raises(StudyError, match=r"s3://nowhere/x: .*cannot be (listed|written)"):
        run_at("s3://nowhere/x")


def test_secrets_of_a_url_are_not_told(memory) -> None:
    assert shown("sftp://me:word@host/x?sig=abc") == "sftp://host/x"
    assert remote_url(Path("s3://b/x")) == "s3://b/x"
    assert remote_url("a:b") == remote_url("file:///x") == remote_url(None) == ""


def test_copies_of_two_urls_are_two_folders() -> None:
    assert copy_of("s3://a/run") != copy_of("s3://b/run")
    assert copy_of("s3://a/run/") == copy_of("s3://a/run")


def test_the_command_line_writes_resumes_and_verifies_by_url(
    s3, capsys, tmp_path, monkeypatch, whole_page
) -> None:
    monkeypatch.chdir(tmp_path)

    def said(*words: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as stop:
            main([*words, "--json"])
        return int(stop.value.code or 0), capsys.readouterr().out

    study = {"finsim": "study/1", **STUDY}
    (tmp_path / "small.yaml").write_text(json.dumps(study))
    code, out = said("run", "small.yaml", "-o", "s3://bank/cli/x", "--quiet")
    assert (code, json.loads(out)["outputs"]) == (0, ["s3://bank/cli/x"])
    assert json.loads(out)["result"]["run"] == "s3://bank/cli/x"
    assert said("verify", "s3://bank/cli/x")[0] == 0
    assert said("run", "--resume", "s3://bank/cli/x", "--quiet")[0] == 0
    code, out = said("run", "small.yaml", "-o", "s3://bank/cli/x", "--quiet")
    assert code == 2
    assert "not empty" in out
    assert not (tmp_path / "s3:").exists()


def test_the_data_of_a_study_may_lie_in_a_store(s3, memory, tmp_path) -> None:
    tape = finsim.example_data("german_credit")
    s3.put_file(str(tape), "bank/in/tape.csv.gz")
    study = {"id": "far", "credit": {**STUDY["credit"], "data": "s3://bank/in/tape.csv.gz"}}
    study |= {"evaluation": {"enabled": False}}
    near = {**study, "credit": {**study["credit"], "data": str(tape)}}
    far, here = (
        finsim.run(finsim.study(one), output=tmp_path / name, progress=False)
        for name, one in (("far", study), ("here", near))
    )
    assert tables(far) == tables(here)
    assert far.manifest["inputs"][0]["sha256"] == here.manifest["inputs"][0]["sha256"]
    with pytest.raises(StudyError, match=r"credit\.data: nothing\.csv cannot be read"):
        finsim.study({"id": "x", "credit": {**STUDY["credit"], "data": "s3://bank/in/nothing.csv"}})


def test_a_file_of_a_store_that_was_changed_is_fetched_again(memory) -> None:
    fetched_file.cache_clear()
    memory.pipe_file("/in/a.csv", b"a,b\n1,2\n")
    first = fetched_file("memory://in/a.csv", "data")
    assert first.read_bytes() == b"a,b\n1,2\n"
    memory.pipe_file("/in/a.csv", b"a,b\n1,3\n")
    assert fetched_file("memory://in/a.csv", "data") == first  # one state in one process
    fetched_file.cache_clear()
    assert fetched_file("memory://in/a.csv", "data").read_bytes() == b"a,b\n1,3\n"
    fetched_file.cache_clear()


def test_a_run_in_a_store_is_not_signed_or_drawn_again_there(memory, tmp_path) -> None:
    run = run_at("memory://bank/x")
    for given in (run, run.url):
        with pytest.raises(StudyError, match="a run in a store is not changed"):
            finsim.report(given)
        with pytest.raises(StudyError, match="a run in a store is not changed"):
            finsim.sign(given, key=tmp_path / "k", new_key=True)
    assert not (tmp_path / "k").exists()


def test_what_an_earlier_run_left_on_this_machine_is_in_nobodys_way(memory, local) -> None:
    run_at("memory://bank/x")
    memory.store.clear()
    assert tables(run_at("memory://bank/x")) == tables(local)


def test_a_protocol_that_nobody_knows_is_no_folder_of_this_machine(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    for words in (
        ["run", "tiny", "-o", "foo://b/x"],
        ["run", "--resume", "zz://b/x"],
        ["verify", "foo://b/x"],
    ):
        with pytest.raises(SystemExit) as stop:
            main(words)
        assert stop.value.code == 2
        assert "Protocol not known" in capsys.readouterr().err
    assert not [path for path in tmp_path.iterdir() if path.name != "copies"]
