"""One writer for a run in a store: an object that names its owner, created exclusively."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

from finsim.engine.run_folder.owner_lock import Owner
from finsim.errors import StudyError
from finsim.provenance.outputs import WORK
from finsim.records.stores.remote_folder import RemoteFolder, shown

OWNER = f"{WORK}/owner.json"


@contextmanager
def owning_remote(folder: RemoteFolder) -> Iterator[None]:
    """Own the run behind a URL while the context is open.

    Raises StudyError, which names the owner, when another process works in it. A dead process of this
    host is followed; whether one of another host lives cannot be known from here.
    """
    mine = json.dumps(asdict(Owner.this_process())).encode()
    while not folder.create(OWNER, mine):
        owner = Owner.of((folder.read(OWNER) or b"").decode("utf-8", "replace"))
        if owner.process and not owner.lives():
            folder.remove(OWNER)
            continue
        raise StudyError(
            f"the run is in use by {owner.words()}",
            place=shown(folder.url),
            expected="a folder that no other process writes to",
            remedy="wait until it has finished"
            if owner.host == socket.gethostname()
            else f"wait; if that process is gone, remove the object {OWNER}",
        )
    try:
        yield
    finally:
        folder.remove(OWNER)
