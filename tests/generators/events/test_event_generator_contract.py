"""Every generator of events keeps the contract; one line in the catalogue, and it is tested here."""

from functools import cache

import numpy as np
import pytest
from event_logs import BEGIN, DAY, DAYS, accounts, cards, degenerate, single

from finsim.errors import FitError
from finsim.generators import EVENT_GENERATORS
from finsim.generators.events.event_generator import EventGenerator
from finsim.generators.generator import Budget
from finsim.randomness import Streams
from finsim.records.event_log import EventLog
from finsim.records.mixed_table import MixedTable

pytestmark = pytest.mark.sweep

LOGS = {"cards": cards, "accounts": accounts, "single": single}
COPIES = {"resample"}
NAMES = sorted(EVENT_GENERATORS)
both = pytest.mark.parametrize(("name", "log"), [(name, log) for name in NAMES for log in LOGS])
each = pytest.mark.parametrize("name", NAMES)


def fit(name, log, seed=1):
    kind = EVENT_GENERATORS.load(name)
    return kind.fit(log, kind.Settings(), Streams(seed), Budget(steps=30), lambda share, text: None)


@cache
def refused(name, log):
    """Return why a body does not learn a log, "" where it does."""
    kind = EVENT_GENERATORS.load(name)
    try:
        kind.refuse(LOGS[log](), kind.Settings())
    except FitError as why:
        return str(why)
    return ""


@cache
def _fitted(name, log):
    return fit(name, LOGS[log]())


def fitted(name, log):
    if refused(name, log):
        pytest.skip(refused(name, log))
    return _fitted(name, log)


def test_every_log_is_learned_by_a_body_that_is_no_copy():
    for log in LOGS:
        assert any(not refused(name, log) for name in NAMES if name not in COPIES), log


def cells(log):
    return {**log.events.columns, **{f"entity {name}": one for name, one in log.entities.columns.items()}}


def same(one, two):
    assert one.starts.tolist() == two.starts.tolist()
    for name, column in cells(one).items():
        assert np.array_equal(column.values, cells(two)[name].values, equal_nan=column.kind == "number"), name


@pytest.mark.parametrize(
    ("name", "log"),
    [
        pytest.param(name, log, marks=[pytest.mark.slow] if (name, log) == ("events", "cards") else [])
        for name in NAMES
        for log in LOGS
    ],
)
def test_roles_columns_and_words_are_kept(name, log):
    data, body = LOGS[log](), fitted(name, log)
    assert isinstance(body, EventGenerator)
    found = body.sample(50, Streams(3))
    assert (found.count, found.roles) == (50, data.roles)
    assert (found.begin, found.end) == (data.begin, data.end)
    assert list(cells(found)) == list(cells(data))
    for column, one in cells(data).items():
        other = cells(found)[column]
        assert (other.kind, other.step) == (one.kind, one.step)
        if not (data.partner_is_entity and column == data.roles.partner):
            assert other.words == one.words
    assert found.lengths().sum() > 50 * 0.3 * data.lengths().mean()


@both
def test_bytes_do_not_depend_on_the_cut(name, log):
    body = fitted(name, log)
    whole = body.sample(40, Streams(3), total=100)
    parts = [body.sample(size, Streams(3), first, total=100) for first, size in ((0, 1), (1, 26), (27, 13))]
    at = 0
    for part in parts:
        same(whole.take(np.arange(at, at + part.count)), part)
        at += part.count
    far = body.sample(3, Streams(3), 97, total=100)
    same(body.sample(100, Streams(3), total=100).take(np.arange(97, 100)), far)


@both
def test_seeds_change_what_is_drawn(name, log):
    body = fitted(name, log)
    assert body.sample(30, Streams(3)).digest() == body.sample(30, Streams(3)).digest()
    assert body.sample(30, Streams(3)).digest() != body.sample(30, Streams(4)).digest()


@both
@pytest.mark.parametrize("days", [1, 45, 300])
def test_days_are_honoured(name, log, days):
    found = fitted(name, log).sample(30, Streams(5), days=days)
    assert found.end == BEGIN + days * DAY
    if found.events.rows:
        assert found.times.max() < found.end
    if days > DAYS:
        assert found.times.max() >= BEGIN + DAYS * DAY


@both
def test_every_day_of_a_shorter_sample_has_its_share(name, log):
    """What lies behind the last day is not put on it, and is no reason to leave it empty."""
    found = fitted(name, log).sample(1_500, Streams(5), days=45)
    day = np.bincount((found.times - BEGIN) // DAY, minlength=45)
    usual = day[[44 - 7 * week for week in range(1, 5)]].mean()  # the same weekday of the weeks before
    assert day[44] < 1.6 * usual
    assert day[38:].sum() > 0.4 * day[10:38].sum() / 4
    assert (found.lengths() > 0).mean() > 0.9 or name in COPIES


@both
def test_dated_logs_have_whole_days(name, log):
    data = LOGS[log]()
    times = fitted(name, log).sample(30, Streams(5)).times
    assert (times % int(data.events[data.roles.time].step) == 0).all()


@each
def test_partners_are_places_among_all_entities(name):
    data, body = accounts(), fitted(name, "accounts")
    for total in (30, 80, 170):
        found = body.sample(30, Streams(5), total=total)
        column = found.events["to"]
        assert column.words[total:] == data.events["to"].words[data.count :]
        assert len(set(column.words)) == len(column.words)
        among = column.values[column.values < total]
        assert len(among) > 0.6 * found.events.rows
        assert (found.events["to"].values >= total).any()
        assert len(np.unique(among)) > 0.2 * total
    assert body.sample(30, Streams(5)).partner_is_entity
    assert not body.sample(30, Streams(5), first=3, total=40).partner_is_entity


@both
def test_a_model_comes_back_from_its_state(name, log):
    body = fitted(name, log)
    again = type(body).from_state(body.state())
    same(body.sample(12, Streams(8), days=60), again.sample(12, Streams(8), days=60))


@both
def test_no_entities_are_an_empty_log(name, log):
    found = fitted(name, log).sample(0, Streams(1))
    assert isinstance(found, EventLog)
    assert (found.count, found.events.rows) == (0, 0)


@each
@pytest.mark.parametrize(
    "asked", [{"count": -1}, {"count": 2, "first": -1}, {"count": 2, "total": 1}, {"count": 2, "days": 0}]
)
def test_impossible_requests_are_refused(name, asked):
    with pytest.raises(FitError):
        fitted(name, "cards").sample(**{"streams": Streams(1), **asked})


@each
def test_a_log_without_events_is_refused(name):
    kind, empty = EVENT_GENERATORS.load(name), single()
    nothing = EventLog(
        empty.events.take(slice(0, 0)), np.zeros(61, np.int64), empty.entities, empty.roles, 0, DAY
    )
    with pytest.raises(FitError):
        kind.refuse(nothing, kind.Settings())
    nobody = EventLog(nothing.events, np.zeros(1, np.int64), MixedTable({}, 0), empty.roles, 0, DAY)
    with pytest.raises(FitError):
        kind.refuse(nobody, kind.Settings())


@each
@pytest.mark.parametrize("case", sorted(degenerate()))
def test_degenerate_logs_work_or_are_refused(name, case):
    data = degenerate()[case]
    try:
        found = fit(name, data).sample(7, Streams(2))
    except FitError:
        return
    assert found.count == 7
    assert list(found.events.columns) == list(data.events.columns)
    if case == "constant amounts":
        assert set(found.events["sum"].values) == {5.0}
    if case == "all lacking":
        assert found.events["sum"].missing().all()
        assert found.events["to"].missing().all()


@each
def test_entities_are_no_copies(name):
    data, found = cards(), fitted(name, "cards").sample(90, Streams(4))

    told = ("when", "merchant", "amount")

    def lives(log):
        return {
            tuple(zip(*(log.events[c].values[a:b].tolist() for c in told), strict=True))
            for a, b in zip(log.starts[:-1], log.starts[1:], strict=True) if b - a > 2
        }  # fmt: skip

    shared = lives(data) & lives(found)
    assert bool(shared) == (name in COPIES)
