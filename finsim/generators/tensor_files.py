"""Files of tensors: what the system refuses to write is the OSError that it is for other files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NUMBER = re.compile(r"\(os error (\d+)\)")


@contextmanager
def as_system_errors(path: Path) -> Iterator[None]:
    """Turn a SafetensorError that holds a number of the system (a full disk, say) into that OSError.

    ``path`` is the file that is written, for the message. Others, and errors without a number, pass.
    """
    from safetensors import SafetensorError  # models alone need it

    try:
        yield
    except SafetensorError as error:
        number = _NUMBER.search(str(error))
        if number is None:
            raise
        code = int(number[1])
        raise OSError(code, os.strerror(code), str(path)) from None
