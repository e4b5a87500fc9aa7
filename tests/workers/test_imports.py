"""What the API imports of workers and ml loads no training library and no actor."""

from __future__ import annotations

import subprocess
import sys


def test_the_api_side_loads_no_training_library_and_no_actor() -> None:
    code = (
        "import sys, workers.queue, ml.registry, ml.training_request\n"
        "heavy = {'sklearn', 'skl2onnx', 'onnx', 'pandas', 'scipy', 'workers.actors', 'ml.train'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert found.stdout.strip() == "[]", found.stderr
