"""Which words of a label mean a default: declared, or known of any language."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from finsim.evaluation.tables.column_pairs import Roles
from finsim.evaluation.utility.label_rows import CLASSES
from finsim.tables import Field
from finsim.tables.outcome_words import defaults_among

_SEVERAL = 3


def with_bad_words(roles: Roles, real: pa.Table, field: Field, is_outcome: bool) -> Roles:
    """Return the roles with the words of the label that mean a default, or that none is known to.

    Of two values without a declaration either tells the other, so nothing is asked. ``field`` is what is
    declared of the label, ``is_outcome`` whether its role or header says that it is the outcome of loans.
    """
    if field.bad:
        return replace(roles, bad=field.bad)
    if roles.label not in real.column_names:
        return roles
    words = [str(one) for one in pc.unique(real[roles.label].drop_null()).to_pylist()]
    if not _SEVERAL <= len(words) <= CLASSES:
        return roles
    bad = defaults_among(words)
    return replace(roles, bad=bad, unsaid=is_outcome and not bad)
