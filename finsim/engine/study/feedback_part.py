"""The feedback of a study: whether what a scenario sets off acts back on the economy, and how strongly."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from finsim.document_numbers import Number, YesNo
from finsim.engine.feedback.banks_and_households import Strength
from finsim.engine.study.market_part import Part

Factor = Annotated[Number, Field(ge=0, le=10)]


class FeedbackPart(Part):
    """Active simulation: spending and losses act back on a scenario's macro path; `feedback: yes` is short.

    * ``enabled``: false: scenarios stay as written.
    * ``spending``: factor on what households without a salary take from demand; 1 is as derived.
    * ``credit``: factor on what banks' losses take from it.
    """

    short: ClassVar[str] = "enabled"

    enabled: YesNo = True
    spending: Factor = 1.0
    credit: Factor = 1.0

    @property
    def strength(self) -> Strength:
        """What the loop reads."""
        return Strength(self.spending, self.credit)
