"""Keras, imported without the greetings that TensorFlow's C++ code writes to standard error.

They come before any log level is read, so only a closed descriptor keeps them out of the terminal
and of everybody's logs. Errors are raised as always; `TF_CPP_MIN_LOG_LEVEL=0` brings the rest back.
"""

import contextlib
import os
import sys
from pathlib import Path

# Level 2 lets errors through; without a driver, that there is no GPU is one of them.
HAS_GPU_DRIVER = Path("/proc/driver/nvidia").exists()
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2" if HAS_GPU_DRIVER else "3")


@contextlib.contextmanager
def _without_standard_error():
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


if os.environ["TF_CPP_MIN_LOG_LEVEL"] == "0":
    import keras
else:
    with _without_standard_error():
        import keras  # noqa: F401
