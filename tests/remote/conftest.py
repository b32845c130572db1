"""A small run on this machine to compare with, a memory store and an S3 server of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest
from plain_page import plain_pages, whole_pages
from remote_study import STUDY

import finsim
from finsim.engine.finished_run import Run
from finsim.records.stores import private_copies


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Run:
    with whole_pages():
        return finsim.run(
            finsim.study(STUDY), output=tmp_path_factory.mktemp("local") / "run", progress=False
        )


@pytest.fixture(scope="module", autouse=True)
def one_line_pages() -> Iterator[None]:
    with plain_pages():
        yield


@pytest.fixture
def whole_page() -> Iterator[None]:
    """Let the runs of a test have the product's page: ``verify`` draws it again."""
    with whole_pages():
        yield


@pytest.fixture(autouse=True)
def own_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Working copies lie in the test's own folder."""
    monkeypatch.setenv(private_copies.FOLDER_VARIABLE, str(tmp_path / "copies"))
    private_copies.copies.cache_clear()
    yield
    private_copies.copies.cache_clear()


@pytest.fixture
def memory() -> Iterator[fsspec.AbstractFileSystem]:
    store = fsspec.filesystem("memory")
    store.store.clear()
    yield store
    store.store.clear()


@pytest.fixture(scope="session")
def s3() -> Iterator[fsspec.AbstractFileSystem]:
    """An S3 server of this process, with a bucket ``bank``; clients find it by the environment."""
    import boto3
    from moto.server import ThreadedMotoServer

    patch = pytest.MonkeyPatch()
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    told = {"AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "us-east-1"}  # fmt: skip
    for name, value in told.items():
        patch.setenv(name, value)
    boto3.client("s3").create_bucket(Bucket="bank")
    yield fsspec.filesystem("s3")
    server.stop()
    patch.undo()
