"""Where the system writes no more, a model and a checkpoint say it as every other file does."""

import errno
import resource

import pytest
from safetensors import SafetensorError
from small_generators import fitted
from torch import nn

from finsim.generators.bootstrap import Bootstrap
from finsim.generators.saved_models import save
from finsim.generators.tensor_files import as_system_errors
from finsim.generators.training.training_checkpoint import Course, store


@pytest.fixture
def little_room():
    """Let no file grow beyond a few bytes, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_model_that_does_not_fit_is_refused_by_the_system(streams, tmp_path, request):
    model = fitted(Bootstrap, streams)
    request.getfixturevalue("little_room")
    with pytest.raises(OSError, match="too large") as caught:
        save(model, tmp_path / "model", {})
    assert caught.value.errno == errno.EFBIG
    assert caught.value.filename == str(tmp_path / "model" / "weights.safetensors")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("little_room")
def test_a_checkpoint_that_does_not_fit_is_refused_by_the_system(tmp_path):
    with pytest.raises(OSError, match="too large") as caught:
        store(Course(nn.Linear(9, 9), {}), tmp_path, "line")
    assert caught.value.errno == errno.EFBIG
    assert caught.value.filename.endswith(".safetensors")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [SafetensorError("no header"), ValueError("(os error 28)"), KeyError("x")])
def test_what_is_not_of_the_system_stays_what_it_is(error, tmp_path):
    with pytest.raises(type(error)), as_system_errors(tmp_path):
        raise error
