"""mostlyai-engine's TabularARGN with defaults; its own limit ends a training that is too long."""

from __future__ import annotations

from typing import Any

from mostlyai.engine import TabularARGN
from mostlyai_clock import in_cpu_seconds
from peer_job import Frame, Sampler, carried_out, like, spent


def learn(frame: Frame, job: dict[str, Any]) -> tuple[Sampler, str]:
    in_cpu_seconds()
    own = TabularARGN(max_training_time=job["cap"] / 60.0, random_state=job["seed"], device="cpu")
    begun = spent()
    own.fit(frame)
    cut = spent() - begun > 0.95 * job["cap"]

    def sample(count: int) -> Frame:
        return like(own.sample(n_samples=count), frame)

    return sample, f"cut after {job['cap']:g} CPU s" if cut else ""


if __name__ == "__main__":
    carried_out(learn, ("mostlyai-engine", "torch"))
