"""Contact network of people: heavy-tailed degrees and communities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.agents.population.people import People
from finsim.notation import Array, Float1D, Int1D

# assumption: Pareto tail exponent of the degree distribution (payment networks are reported between 2 and
# 3), mean about 7, largest degree, and the mix of neighbours.
_TAIL, _SCALE, _LARGEST = 1.6, 2.6, 150
_COMMUNITY = 120
_NEAR, _FAR = 0.68, 0.17


@dataclass(frozen=True)
class Contacts:
    """Contact lists in compressed rows: person p knows ``account[start[p]:start[p + 1]]``.

    ``account`` holds account positions (people of the world, and people at other banks).
    """

    start: Int1D
    account: Int1D

    def degree(self) -> Int1D:
        """Return the number of contacts per person: int64 [P]."""
        return np.diff(self.start)

    def pick(self, person: Array, u: Float1D) -> Int1D:
        """Return one contact's account per entry; ``u`` uniform, early contacts are paid most often."""
        first = self.start[person]
        size = self.start[person + 1] - first
        chosen: Int1D = self.account[first + (size * u * u).astype(np.int64)]
        return chosen


def build_contacts(people: People, outsiders: Int1D, rng: np.random.Generator) -> Contacts:
    """Draw the contact lists: most in the own community, some anywhere, some at other banks.

    Neighbours are drawn in proportion to their degree, so popular people are popular both ways.
    """
    count = len(people)
    tail = _SCALE * (1.0 - rng.random(count)) ** (-1.0 / _TAIL)
    degree = np.minimum(tail.astype(np.int64), min(_LARGEST, max(2, count // 3)))
    start = np.concatenate([[0], np.cumsum(degree)]).astype(np.int64)
    community = _communities(people, rng)
    owner = np.repeat(np.arange(count), degree)
    stubs = owner[np.argsort(community[owner], kind="stable")]
    edges = np.searchsorted(community[stubs], np.arange(int(community.max()) + 2))
    low, high = edges[community[owner]], edges[community[owner] + 1]
    kind, u = rng.random(len(owner)), rng.random(len(owner))
    near = stubs[low + (u * (high - low)).astype(np.int64)]
    far = stubs[(u * len(stubs)).astype(np.int64)]
    friend = np.where(kind < _NEAR, near, far)
    friend = np.where(friend == owner, (friend + 1) % count, friend)
    outside = outsiders[(u * len(outsiders)).astype(np.int64)]
    account = np.where(kind < _NEAR + _FAR, people.current[friend], outside)
    return Contacts(start, account.astype(np.int64))


def _communities(people: People, rng: np.random.Generator) -> Int1D:
    """Return community numbers: about 120 people of one town each."""
    count = len(people)
    order = np.lexsort((rng.random(count), people.town))
    community = np.empty(count, dtype=np.int64)
    community[order] = np.arange(count) // _COMMUNITY
    return community
