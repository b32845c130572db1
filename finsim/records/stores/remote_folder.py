"""A folder behind a URL, in whatever store fsspec knows: list, put, fetch and remove its objects."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finsim.errors import StudyError
from finsim.extras import load

_SECRET = re.compile(r"(?<=//)[^/@]+@|\?.*\Z")


@dataclass(frozen=True)
class RemoteFolder:
    """A folder of an object store: its URL as the user wrote it, the file system, and its path there.

    What the store refuses is a StudyError that names the URL.
    """

    url: str
    store: Any
    root: str

    def names(self) -> dict[str, str]:
        """Return the objects below the folder: name relative to it -> what the store tells of its state."""
        with self._answering("cannot be listed"):
            self.store.invalidate_cache()
            listed = self.store.find(self.root, detail=True)
        head = f"{self.root.rstrip('/')}/"
        return {
            path.removeprefix(head): _state(facts)
            for path, facts in listed.items()
            if path.startswith(head) and facts["type"] == "file"
        }

    def put(self, file: Path, name: str) -> None:
        """Copy a file to an object, which is there whole or not at all."""
        with self._answering(f"{name} cannot be written"):
            self.store.makedirs(self._path(name).rpartition("/")[0], exist_ok=True)
            self.store.put_file(str(file), self._path(name))

    def fetch(self, name: str, file: Path) -> None:
        """Copy an object to a file; folders above it are made.

        Raises StudyError for a name that leads out of the folder: whoever fills the store chooses names.
        """
        self.refuse_outside(name)
        file.parent.mkdir(parents=True, exist_ok=True)
        with self._answering(f"{name} cannot be read"):
            self.store.get_file(self._path(name), str(file))

    def refuse_outside(self, name: str) -> None:
        """Raise StudyError for the name of an object that leads out of the folder."""
        parts = name.split("/")
        if not all(parts) or {".", ".."} & set(parts) or "\\" in name or "\0" in name:
            raise StudyError(
                f"an object is called {name!r}",
                place=shown(self.url),
                expected="names of files below the folder",
                remedy="remove it; no run of finsim writes such a name",
            )

    def state(self, name: str) -> str:
        """Return what the store tells of the state of an object: another text when it was changed."""
        with self._answering(f"{name} cannot be read"):
            self.store.invalidate_cache()
            facts = self.store.info(self._path(name))
        return _state(facts)

    def kind(self) -> str:
        """Return what the URL is: ``folder`` where objects lie below it, ``file``, or "" for nothing."""
        with self._answering("cannot be read"):
            self.store.invalidate_cache()
            if self.store.isdir(self.root):
                return "folder"
            return "file" if self.store.exists(self.root) else ""

    def read(self, name: str) -> bytes | None:
        """Return the bytes of a small object; None where there is none."""
        with self._answering(f"{name} cannot be read"):
            try:
                return bytes(self.store.cat_file(self._path(name)))
            except FileNotFoundError:
                return None

    def create(self, name: str, data: bytes) -> bool:
        """Write a small object unless one of that name exists; False where it does.

        The store decides between two writers where its client can create exclusively (S3 does); others take
        the word and write, so it is looked first. A client that does not know the word is refused as too old.
        """
        path = self._path(name)
        with self._answering(f"{name} cannot be written"):
            self.store.makedirs(path.rpartition("/")[0], exist_ok=True)
            self.store.invalidate_cache()
            if self.store.exists(path):
                return False
            try:
                self.store.pipe_file(path, data, mode="create")
            except FileExistsError:
                return False
            except TypeError:
                raise StudyError(
                    "the client of this store is too old", place=shown(self.url),
                    expected="one that can create an object exclusively",
                    remedy=f"pip install -U fsspec and the package of {self.url.partition('://')[0]}://",
                ) from None  # fmt: skip
        return True

    def remove(self, name: str) -> None:
        """Remove an object; one that is not there is none to remove."""
        with self._answering(f"{name} cannot be removed"):
            try:
                self.store.rm_file(self._path(name))
            except FileNotFoundError:
                return

    def _path(self, name: str) -> str:
        return f"{self.root.rstrip('/')}/{name}"

    @contextmanager
    def _answering(self, what: str) -> Iterator[None]:
        with answering(self.url, what):
            yield


_CLIENT_ERRORS = (
    ("botocore.exceptions", "BotoCoreError"),
    ("botocore.exceptions", "ClientError"),
    ("aiohttp", "ClientError"),
    ("google.auth.exceptions", "GoogleAuthError"),
    ("gcsfs.retry", "HttpError"),
    ("azure.core.exceptions", "AzureError"),
)
"""What clients of stores raise beside OSError: they have no class in common."""


def client_errors() -> tuple[type[Exception], ...]:
    """Return the classes of errors by which a store may refuse, of the clients that are in use."""
    modules = [(sys.modules.get(module), name) for module, name in _CLIENT_ERRORS]
    known = [getattr(module, name, None) for module, name in modules if module is not None]
    return (OSError, ValueError, RuntimeError, *(one for one in known if isinstance(one, type)))


@contextmanager
def answering(url: str, what: str) -> Iterator[None]:
    """Turn what a store or its client raises into a StudyError with the URL."""
    try:
        yield
    except client_errors() as bad:
        said = " ".join(str(bad).split())[:200] or type(bad).__name__
        raise StudyError(
            f"{what}: {said}",
            place=shown(url),
            expected="a bucket or folder that you may list, read and write",
            remedy="check the name, your credentials and the network; a stopped run goes on with --resume",
        ) from None


def shown(url: str) -> str:
    """Return a URL without what may be a secret in it."""
    return _SECRET.sub("", url)


def open_folder(url: str, place: str) -> RemoteFolder:
    """Return the folder behind a URL.

    Raises StudyError for a protocol that fsspec does not know, a client that is not installed, and a URL
    that names no folder; nothing is read or written.
    """
    fsspec = load("fsspec", "remote")
    protocol = url.partition("://")[0].lower()
    try:
        store, root = fsspec.core.url_to_fs(url)
    except ImportError as absent:
        raise StudyError(
            f"{protocol}:// needs a client that is not installed", place=place,
            expected="the package that fsspec asks for", remedy=_last_line(absent),
        ) from None  # fmt: skip
    except ValueError as wrong:
        raise StudyError(
            f"{shown(url)!r}: {_last_line(wrong)}", place=place,
            expected="a URL that fsspec knows, such as s3://bucket/run", remedy="check the protocol",
        ) from None  # fmt: skip
    root = str(root).rstrip("/")
    if not root.strip("/"):
        raise StudyError(
            f"{shown(url)!r} names no folder", place=place, expected="s3://BUCKET/FOLDER",
            remedy=f"write {protocol}://my-bucket/my-run",
        )  # fmt: skip
    return RemoteFolder(url.rstrip("/"), store, root)


def _state(facts: dict[str, Any]) -> str:
    """Return what a store tells of an object as one text: another one when the object was changed."""
    return " ".join(f"{key}={facts[key]}" for key in sorted(facts) if key not in ("StorageClass",))


def _last_line(error: Exception) -> str:
    return " ".join(str(error).split())[-160:] or type(error).__name__
