"""What is possible in a kept tape and unlikely is a note; the loans stay as they are."""

import numpy as np
import pandas as pd

from finsim.credit.tape.facts import odd_loans


def test_loans_that_owe_more_or_are_past_their_term_and_obligors_of_several_pds():
    frame = pd.DataFrame(
        {
            "amount": [100.0, 100.0, 100.0, np.nan],
            "balance": [100.0, 101.0, np.nan, 5.0],
            "term_months": [12, 12, 12, 12],
            "months_on_book": [0.0, 12.0, 13.0, np.nan],
            "obligor_id": ["a", "a", "b", None],
            "pd": [0.01, 0.02, 0.01, 0.3],
        }
    )
    assert odd_loans(frame) == [
        "1 of 4 loans owes more than was lent, the first in row 2",
        "2 of 4 loans are at the end of their term, the first in row 2",
        "1 obligor has loans of more than one PD: these default apart",
    ]
    assert odd_loans(frame.iloc[[0]]) == []
    assert odd_loans(frame[["pd"]]) == []
