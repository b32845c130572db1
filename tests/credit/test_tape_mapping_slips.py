"""A slip in the name of a role is told, not taken for a feature."""

import pytest

from finsim.credit.tape.mapping import Declared, mapping_of
from finsim.errors import StudyError
from finsim.tables import Field


def declared(**headers):
    return {name: Declared(Field(type="", source=header, optional=True)) for name, header in headers.items()}


@pytest.mark.parametrize(
    ("slip", "meant"), [("lgdd", "lgd"), ("ammount", "amount"), ("term_month", "term_months")]
)
def test_a_slip_is_told(slip, meant):
    with pytest.raises(StudyError, match=f"did you mean '{meant}'"):
        mapping_of(declared(**{slip: "X"}))


def test_a_feature_has_its_own_name_and_may_stand_beside_its_role():
    for names in ({"branch": "B"}, {"lgdd": "X", "lgd": "Y"}, {"lgd": "Y", "region": "R"}):
        assert set(mapping_of(declared(**names)).columns) == set(names)
