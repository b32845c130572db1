"""What ``--cluster`` takes: the address of a Dask scheduler, or so many workers of this machine."""

from __future__ import annotations

import re

from finsim.errors import StudyError
from finsim.extras import needs

LOCAL = re.compile(r"local:([1-9][0-9]{0,3})")
_ADDRESS = re.compile(
    r"(tcp|tls)://[^\s/:]+(\.[^\s/:]+)*:[0-9]{1,5}|(tcp|tls)://\[[0-9a-fA-F:]+\]:[0-9]{1,5}"
)
EXAMPLE = "write --cluster tcp://scheduler:8786, or --cluster local:4"


def refuse_cluster(cluster: str | None) -> None:
    """Raise StudyError for what is no address of a cluster, and without the packages of its extra."""
    if cluster is None:
        return
    if LOCAL.fullmatch(cluster) is None and (
        _ADDRESS.fullmatch(cluster) is None or not 0 < int(cluster.rpartition(":")[2]) < 65_536
    ):
        raise StudyError(
            f"{cluster!r} is no cluster",
            place="--cluster",
            expected="tcp://HOST:PORT or tls://HOST:PORT of a Dask scheduler, or local:N (1 to 9999)",
            remedy=EXAMPLE,
        )
    needs(["cluster"], "--cluster")
