"""The limit of minutes of mostlyai-engine in CPU time: a busy machine does not shorten a training."""

from __future__ import annotations

import time
from types import SimpleNamespace


def in_cpu_seconds() -> None:
    """Let the engine's training loop read the CPU time of this process as its clock."""
    from mostlyai.engine._tabular import training

    training.time = SimpleNamespace(time=time.process_time)
