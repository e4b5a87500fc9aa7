import subprocess
import sys

SERVING = [
    "artefact",
    "catalogue",
    "encoding",
    "evaluation",
    "explain",
    "features",
    "graph",
    "reasons",
    "scorer",
    "spec",
]
TRAINING_LIBRARIES = {"sklearn", "skl2onnx", "onnx", "pandas", "scipy", "joblib"}


def test_serving_modules_load_no_training_library() -> None:
    names = ", ".join(f"ml.{name}" for name in SERVING)
    script = f"import sys, {names}; print(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not TRAINING_LIBRARIES & set(done.stdout.split())


def test_a_replay_can_read_and_split_without_training_libraries() -> None:
    script = (
        "import sys, ml.dataset, ml.recipe, ml.split, ml.synthetic; print(' '.join(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not TRAINING_LIBRARIES & set(done.stdout.split())
