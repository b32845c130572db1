"""Saved generators: whole or refused, never half read; settings from plain data."""

import json
import os

import numpy as np
import pytest
from small_generators import fitted

from finsim.errors import FitError, StudyError
from finsim.generators import saved_models as models
from finsim.generators.bootstrap import Bootstrap
from finsim.generators.flow.flow import Flow
from finsim.generators.generator import Sequences
from finsim.generators.saved_models import load, save
from finsim.generators.settings_parsing import read_settings, write_settings
from finsim.records.storage import canonical_json, digest_text


@pytest.fixture
def folder(streams, tmp_path):
    save(fitted(Bootstrap, streams), tmp_path / "model", {"market": {"assets": ["A"]}})
    return tmp_path / "model"


def _resign(folder, change):
    card = json.loads((folder / "model.json").read_text())
    card.pop("card_sha256")
    change(card)
    card["card_sha256"] = digest_text(canonical_json(card))
    (folder / "model.json").write_text(json.dumps(card))


@pytest.mark.parametrize("file", ["weights.safetensors", "model.json", "cost.json"])
@pytest.mark.parametrize("damage", ["empty", "truncate", "flip", "missing"])
def test_any_damage_is_a_fit_error(folder, file, damage):
    path = folder / file
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        middle = len(content) // 2
        flipped = content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :]
        path.write_bytes({"empty": b"", "truncate": content[:-2], "flip": flipped}[damage])
    with pytest.raises(FitError):
        load(folder)


def test_a_folder_without_a_model(tmp_path):
    with pytest.raises(FitError, match="no model here"):
        load(tmp_path)


def test_a_generator_of_another_name(folder):
    _resign(folder, lambda card: card.update(generator="bootstarp"))
    with pytest.raises(FitError, match="did you mean 'bootstrap'"):
        load(folder)


def test_a_later_format(folder):
    _resign(folder, lambda card: card.update(format=99))
    with pytest.raises(FitError, match="format 99"):
        load(folder)


def test_facts_that_do_not_fit(folder):
    _resign(folder, lambda card: card["facts"].pop("block"))
    with pytest.raises(FitError, match="does not fit together"):
        load(folder)


def test_saving_replaces_a_model(folder, streams):
    other = fitted(Bootstrap, streams, Sequences(np.ones((1, 20, 2))))
    save(other, folder, {})
    assert load(folder)[0].sample(1, 3, streams).tolist() == np.ones((1, 3, 2)).tolist()
    assert [path.name for path in folder.parent.iterdir()] == ["model"]


def test_a_failed_save_leaves_the_old_model(folder, streams, monkeypatch):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def full(source, target):
        raise OSError("no space left on device")

    monkeypatch.setattr(models.os, "replace", full)
    with pytest.raises(OSError, match="no space"):
        save(fitted(Bootstrap, streams, Sequences(np.ones((1, 20, 2)))), folder, {})
    monkeypatch.setattr(models.os, "replace", os.replace)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir()] == ["model"]


def test_settings_from_plain_data():
    settings = read_settings(Flow, {"memory": [1, 5], "learning_rate": 1, "marginals": False})
    assert settings == Flow.Settings(memory=(1, 5), learning_rate=1, marginals=False)
    assert read_settings(Flow, json.loads(json.dumps(write_settings(settings)))) == settings
    assert read_settings(Bootstrap, {"block": None}) == Bootstrap.Settings()


def test_every_wrong_setting_is_named():
    wrong = {"contxt": 3, "block": 2.5, "memory": ["a"], "marginals": 1, "device": None}
    with pytest.raises(StudyError) as caught:
        read_settings(Flow, wrong, "study.yaml", StudyError)
    assert len(caught.value.problems) == 5
    assert "did you mean 'context'?" in str(caught.value)
    assert "study.yaml.block: found 2.5" in str(caught.value)
