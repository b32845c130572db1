"""Identifiers with check digits: the published examples, and new ones that hold them."""

import numpy as np
import pyarrow as pa
import pytest

from finsim.tables.new_ids.check_digits import ENTITY, IBAN, LUHN, NONE, bare, check_of, checked
from finsim.tables.new_ids.id_form import IdForm

PUBLISHED = {
    "DE89370400440532013000": IBAN,  # ISO 13616 registry
    "GB29NWBK60161331926819": IBAN,
    "FR1420041010050500013M02606": IBAN,
    "NL91ABNA0417164300": IBAN,
    "RF18539007547034": IBAN,  # ISO 11649
    "5493001KJTIIGC8Y1R12": ENTITY,  # ISO 17442
    "4111111111111111": LUHN,
    "378282246310005": LUHN,
}


@pytest.mark.parametrize("word", PUBLISHED)
def test_published_identifiers_have_their_check_digits(word):
    kind = PUBLISHED[word]
    assert checked(bare(word, kind), kind) == word
    other = word[:-3] + str((int(word[-3]) + 1) % 10) + word[-2:] if kind == LUHN else None
    assert other is None or checked(bare(other, kind), kind) != other


def ibans(count=40, bank="37040044", first=532013000):
    return [checked(f"DE{bank}{first + 7 * k:010d}", IBAN) for k in range(count)]


def cards(count=40):
    return [checked(f"45711234{1_000_000 + 37 * k:07d}", LUHN) for k in range(count)]


def test_new_accounts_are_valid_and_of_the_same_bank():
    known = ibans()
    form = IdForm.of(known, ibans(5, bank="70020270", first=99))
    new = form.new(0, 3_000)
    assert check_of(new) == IBAN
    assert not set(new) & set(known)
    assert len(set(new)) == 3_000
    assert {word[4:12] for word in new} == {"37040044"}
    assert {len(word) for word in new} == {22}
    assert form.cells(5, 3, pa.string()).to_pylist() == new[5:8]
    assert IdForm(**form.to_dict()) == form


def test_new_accounts_go_on_where_banks_differ():
    known = ibans() + ibans(bank="70020270")
    new = IdForm.of(known).new(0, 50)
    assert check_of(new) == IBAN
    assert not set(new) & set(known)


@pytest.mark.parametrize("kind", [pa.string(), pa.int64()])
def test_new_cards_hold_luhns_digit(kind):
    known = cards()
    column = pa.array(known if pa.types.is_string(kind) else [int(one) for one in known])
    cells = IdForm.of_cells(column).cells(0, 200, kind)
    assert cells.type == kind
    new = [str(one) for one in cells.to_pylist()]
    assert check_of(new) == LUHN
    assert not set(new) & set(known)
    assert len(set(new)) == 200


def test_what_is_checked_in_most_rows_alone_is_no_check():
    known = ibans()
    assert check_of([*known[:-1], known[-1][:-1] + str((int(known[-1][-1]) + 1) % 10)]) == NONE
    assert check_of(known[:10]) == NONE
    numbers = [str(10**15 + k) for k in np.random.default_rng(0).integers(0, 10**9, 60)]
    assert IdForm.of(numbers).check == NONE


@pytest.mark.parametrize("sign", [" ", "-"])
@pytest.mark.parametrize("words", [ibans(), cards()])
def test_groups_of_four_stay_so(words, sign):
    def grouped(word):
        return sign.join(word[at : at + 4] for at in range(0, len(word), 4))

    known = [grouped(word) for word in words]
    new = IdForm.of(known).new(0, 400)
    plain = [word.replace(sign, "") for word in new]
    assert check_of(plain) == check_of(words)
    assert [grouped(word) for word in plain] == new
    assert not set(new) & set(known)
    assert {len(word) for word in new} == {len(known[0])}
    assert check_of([*known[:-1], words[-1]]) == NONE  # one is written without
