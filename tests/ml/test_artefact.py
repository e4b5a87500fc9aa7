import json
from pathlib import Path

import fsspec
import pytest

from ml.artefact import ArtefactCorrupt, load, load_holdout, save
from ml.scorer import Scorer
from tests.ml.conftest import Made


def saved_again(made: Made, folder: Path) -> tuple[Path, str]:
    onnx = load(made.saved.url, made.saved.sha256).onnx
    holdout = load_holdout(made.saved.url, made.saved.sha256)
    return folder, save(folder.as_uri(), onnx=onnx, card=made.saved.card, holdout=holdout)


def test_what_is_loaded_is_what_was_saved(regression: Made) -> None:
    loaded = load(regression.saved.url, regression.saved.sha256)
    assert loaded.card == regression.saved.card
    assert loaded.card.to_json() == regression.saved.card.to_json()


def test_saving_twice_gives_the_same_hash_and_leaves_no_other_files(regression, tmp_path) -> None:
    folder, first = saved_again(regression, tmp_path)
    _, second = saved_again(regression, tmp_path)
    assert first == second == regression.saved.sha256
    assert sorted(p.name for p in folder.iterdir()) == ["holdout.csv", "model.json", "model.onnx"]


def test_a_folder_elsewhere_than_on_disk(regression: Made) -> None:
    url = "memory://models/one"
    loaded = load(regression.saved.url, regression.saved.sha256)
    sha256 = save(url, onnx=loaded.onnx, card=loaded.card, holdout=())
    assert load(url, sha256).card == loaded.card
    assert load_holdout(url, sha256) == ()
    fsspec.filesystem("memory").rm("/models", recursive=True)


@pytest.mark.parametrize("name", ["model.onnx", "model.json", "holdout.csv"])
def test_a_changed_file_is_refused(regression: Made, tmp_path, name) -> None:
    folder, sha256 = saved_again(regression, tmp_path)
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(bytes(content))
    read = load_holdout if name == "holdout.csv" else load
    with pytest.raises(ArtefactCorrupt, match="hash differs"):
        read(folder.as_uri(), sha256)


def test_another_model_s_hash_is_refused(regression: Made) -> None:
    with pytest.raises(ArtefactCorrupt):
        Scorer.load(regression.saved.url, "0" * 64)


@pytest.mark.parametrize("url", ["file:///nowhere/at/all", "nosuchscheme://x"])
def test_an_absent_model_is_refused(url: str) -> None:
    with pytest.raises(ArtefactCorrupt, match="cannot be read"):
        Scorer.load(url, "0" * 64)


def test_an_unfinished_save_is_refused(regression: Made, tmp_path) -> None:
    folder, sha256 = saved_again(regression, tmp_path)
    (folder / "model.json").unlink()
    with pytest.raises(ArtefactCorrupt):
        load(folder.as_uri(), sha256)


def rewritten(folder: Path, change) -> str:
    import hashlib

    data = json.loads((folder / "model.json").read_text("utf-8"))
    change(data)
    text = json.dumps(data).encode()
    (folder / "model.json").write_bytes(text)
    return hashlib.sha256(text).hexdigest()


def test_a_format_of_the_future_is_refused(regression: Made, tmp_path) -> None:
    folder, _ = saved_again(regression, tmp_path)
    sha256 = rewritten(folder, lambda data: data.update(format=2))
    with pytest.raises(ArtefactCorrupt, match="format 2"):
        load(folder.as_uri(), sha256)


@pytest.mark.parametrize("row", [0, -1, -2])
def test_a_model_that_forgot_its_golden_rows_is_refused(regression, tmp_path, row) -> None:
    folder, _ = saved_again(regression, tmp_path)

    def spoil(data):
        data["golden"][row]["pd"] += 0.001

    sha256 = rewritten(folder, spoil)
    with pytest.raises(ArtefactCorrupt, match="golden"):
        Scorer.load(folder.as_uri(), sha256)
