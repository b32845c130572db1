"""The page over a folder of runs: three figures by hand, the front by a loop, and what stands on the page."""

import json

import numpy as np
import pytest
from report_run import Wanted, build, manifest_of

from finsim.errors import FinsimError
from finsim.evaluation.metric import Score
from finsim.evaluation.trade_off import trade_off
from finsim.evaluation.uses import BACKTEST, DETECTOR, PASS, SHARE
from finsim.provenance.outputs import describe_file
from finsim.records.storage import canonical_json, digest_text, write_json
from finsim.report.figures.trade_off_figure import front
from finsim.verbs.report import report


def score(metric, use, value, low, high, floor, ceiling):
    return Score(metric, "A", value, low, high, 9, floor, ceiling, 0.5, PASS, use, "points")


def test_the_three_figures_by_hand():
    found = trade_off(
        [
            score("clustering", BACKTEST, 0.2, 0.1, 0.3, 0.1, 1.1),  # .9 [.8, 1]
            score("hill", BACKTEST, 0.5, 0.4, 0.7, 0.0, 1.0),  # .5 [.3, .6]
            score("hill", BACKTEST, 0.3, 0.2, 0.3, 0.0, 1.0),  # .7 [.7, .8]: hill counts once, .6 [.5, .7]
            score("detector", DETECTOR, 0.6, 0.5, 0.7, 0.8, 0.3),  # more is better: .6 [.4, .8]
            score("near_copies", SHARE, 0.01, 0.0, 0.02, 0.0, 1.0),
            score("rare_values", SHARE, 0.005, 0.003, 0.04, 0.0, 1.0),  # the larger bound decides
            score("bar_copies", SHARE, 7.0, 3.0, 9.0, 0.0, 99.0),  # a count is no rate
        ]
    )
    assert (found.fidelity.value, found.fidelity.low, found.fidelity.high) == pytest.approx(
        (0.75, 0.65, 0.85)
    )
    assert (found.utility.value, found.utility.low, found.utility.high) == pytest.approx((0.6, 0.4, 0.8))
    assert (found.attack.value, found.attack.high, found.attack.scores) == (0.005, 0.04, 2)


def test_what_no_score_tells_is_none_and_figures_stay_in_their_range():
    nothing = trade_off([score("hill", BACKTEST, 0.5, 0.4, 0.7, None, 1.0)])
    assert (nothing.fidelity, nothing.utility, nothing.attack) == (None, None, None)
    far = trade_off([score("hill", BACKTEST, 9.0, 8.0, 9.5, 0.0, 1.0)]).fidelity
    assert (far.value, far.low, far.high) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("higher", [True, False])
def test_the_front_is_what_a_plain_loop_finds(higher):
    points = [tuple(pair) for pair in np.random.default_rng(4).integers(0, 6, (40, 2))]
    found = front(points, higher)
    for k, (x, y) in enumerate(points):
        beaten = False
        for a, b in points:
            as_good = a >= x and (b >= y if higher else b <= y)
            beaten |= as_good and (a, b) != (x, y)
        assert found[k] is (not beaten)


def recorded(folder):
    """Write a run whose manifest holds the digests of its scorecard and of itself."""
    build(folder, Wanted(labels=("base",)))
    data = {**manifest_of(folder), "files": [describe_file(folder, "scorecard.json")]}
    data = {name: item for name, item in data.items() if name != "sha256"}
    write_json(folder / "manifest.json", {**data, "sha256": digest_text(canonical_json(data))})


def test_nothing_is_shown_of_a_run_whose_scorecard_was_changed(tmp_path):
    for name in ("a", "b", "c", "d"):
        recorded(tmp_path / name)
    card, record = tmp_path / "b" / "scorecard.json", tmp_path / "c" / "manifest.json"
    card.write_text(card.read_text().replace('"fail"', '"pass"'))
    record.write_text(record.read_text().replace('"seed"', '"seeds"'))
    (tmp_path / "d" / "scorecard.json").unlink()
    text = report(tmp_path).read_text(encoding="utf-8")
    runs = json.loads(text.partition('id="finsim-overview">')[2].partition("</script>")[0])["runs"]
    said = ["", "the scorecard was changed", "the manifest was changed", "the scorecard was changed"]
    assert [run["changed"] for run in runs] == said
    assert [bool(run["verdicts"]) for run in runs] == [True, False, False, False]
    assert text.count("was changed: see finsim verify") >= 3


def test_a_folder_of_runs_is_one_page_with_every_number(tmp_path):
    for name in ("first", "second <b>"):
        recorded(tmp_path / "runs" / name)
    (tmp_path / "runs" / "not a run").mkdir()
    (tmp_path / "runs" / "link").symlink_to(tmp_path / "runs" / "first")  # a run is shown once
    page = report(tmp_path / "runs")
    assert page.name == "overview.html"
    text = page.read_text(encoding="utf-8")
    assert "second &lt;b&gt;" in text
    assert 'href="second%20%3Cb%3E/report.html"' in text
    assert "not a run" not in text
    twin = text.partition('id="finsim-overview">')[2].partition("</script>")[0]
    runs = json.loads(twin)["runs"]
    assert [run["name"] for run in runs] == ["first", "second <b>"]
    assert ">link<" not in text
    assert set(runs[0]["verdicts"]) >= {"backtest", "share"}
    assert page.read_bytes() == report(tmp_path / "runs").read_bytes()
    assert len(text) < 3_000_000
    assert "http" not in text.replace("http-equiv", "").replace("http://www.w3.org", "")


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(FinsimError, match="run"):
        report(tmp_path)
