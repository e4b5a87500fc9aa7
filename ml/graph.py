"""Running a model's ONNX graph on its two blocks. Serving module."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime

from ml.encoding import Floats, Strings

NUMBERS, CATEGORIES, PROBABILITIES = "numbers", "categories", "probabilities"


def open_graph(onnx: bytes) -> Any:
    """Return an inference session of one thread: rows are few and requests many."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])


def run_graph(session: Any, floats: Floats, strings: Strings) -> Floats:
    """Return the PD of each row as float32."""
    feeds: dict[str, Any] = {}
    if floats.shape[1]:
        feeds[NUMBERS] = floats
    if strings.shape[1]:
        feeds[CATEGORIES] = strings
    pd: Floats = session.run([PROBABILITIES], feeds)[0][:, 1]
    return np.ascontiguousarray(pd)
