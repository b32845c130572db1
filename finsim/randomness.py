"""Named random streams: every draw has an address, so order and workers cannot change it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from finsim.errors import FinsimError

Part = str | int


def _spawn_key(address: tuple[Part, ...]) -> tuple[int, ...]:
    """Return four 32-bit words that stand for an address.

    Parts are length-prefixed and typed, so ("a", "b") and ("ab",) and (1,) and ("1",) differ.
    """
    digest = hashlib.blake2b(digest_size=16)
    for part in address:
        if isinstance(part, bool) or not isinstance(part, str | int | np.integer):
            raise TypeError(f"a stream address is made of str and int, not {type(part).__name__}")
        text = part if isinstance(part, str) else str(int(part))
        tag = "s" if isinstance(part, str) else "i"
        digest.update(f"{tag}{len(text)}:{text}".encode())
    return tuple(int(word) for word in np.frombuffer(digest.digest(), dtype="<u4"))


@dataclass(frozen=True)
class Streams:
    """One root seed; ``at(address)`` gives the stream of that address, whatever was drawn before.

    Raises FinsimError for a negative seed, TypeError for an address of anything but str and int.
    Source: Philox4x64-10, Salmon et al. 2011; ``numpy.random.SeedSequence`` spawn keys.

    Example:
        >>> import finsim
        >>> streams = finsim.Streams(7)
        >>> draw = streams.at("market", "shard", 3).random()
        >>> bool(draw == streams.at("market", "shard", 3).random())
        True

    """

    seed: int
    prefix: tuple[Part, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a seed that numpy would refuse later, deep inside a run."""
        if self.seed < 0:
            raise FinsimError(f"seed {self.seed}", expected="an integer from 0", remedy="choose another seed")

    def under(self, *address: Part) -> Streams:
        """Return the streams below ``address``."""
        return Streams(self.seed, (*self.prefix, *address))

    def _sequence(self, address: tuple[Part, ...]) -> np.random.SeedSequence:
        return np.random.SeedSequence(self.seed, spawn_key=_spawn_key((*self.prefix, *address)))

    def at(self, *address: Part) -> np.random.Generator:
        """Return a fresh Philox generator for ``address``; equal addresses give equal draws."""
        return np.random.Generator(np.random.Philox(self._sequence(address)))

    def word(self, *address: Part) -> int:
        """Return one 63-bit integer for ``address`` (seeds a torch.Generator or a kernel)."""
        return int(self._sequence(address).generate_state(1, np.uint64)[0] >> np.uint64(1))
