"""A model as files: `model.onnx`, `model.json` and `holdout.csv` in one folder behind fsspec.

`model.json` names the sha256 of the other two, and the sha256 of `model.json` names the model: the
database row keeps it, and a load checks all three. Serving module.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import fsspec

from ml.encoding import Layout
from ml.features import FeatureValue
from ml.spec import ModelKind

FORMAT = 1
_ONNX, _CARD, _HOLDOUT = "model.onnx", "model.json", "holdout.csv"

Row = Mapping[str, FeatureValue]


class ArtefactCorrupt(Exception):
    """The files are absent, changed, unreadable, or do not answer as they did when saved."""


@dataclass(frozen=True, slots=True)
class GoldenRow:
    """Features and the PD the graph gave for them when it was saved."""

    features: Row
    pd: float


@dataclass(frozen=True, slots=True)
class HoldoutRow:
    """A held-out row: its id, outcome, and scikit-learn's PD at full precision."""

    row_id: str
    bad: bool
    pd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """What a model is. `report` holds what people read: metrics, screen, cleaning, versions.

    `typical` is each feature's median or most frequent level in training; `background` are the
    training rows against which reasons are explained. MONEY features are in major units of
    `currency`.
    """

    kind: ModelKind
    profile: str
    currency: str
    cutoff: float
    recipe: str
    recipe_sha256: str
    data_sha256: str
    seed: int
    layout: Layout
    typical: Row
    background: tuple[Row, ...]
    golden: tuple[GoldenRow, ...]
    report: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "kind": self.kind.value,
            "profile": self.profile,
            "currency": self.currency,
            "cutoff": self.cutoff,
            "recipe": self.recipe,
            "recipeSha256": self.recipe_sha256,
            "dataSha256": self.data_sha256,
            "seed": self.seed,
            "layout": self.layout.to_json(),
            "typical": dict(self.typical),
            "background": [dict(row) for row in self.background],
            "golden": [{"features": dict(g.features), "pd": g.pd} for g in self.golden],
            "report": dict(self.report),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what :meth:`to_json` wrote."""
        return cls(
            kind=ModelKind(data["kind"]),
            profile=data["profile"],
            currency=data["currency"],
            cutoff=data["cutoff"],
            recipe=data["recipe"],
            recipe_sha256=data["recipeSha256"],
            data_sha256=data["dataSha256"],
            seed=data["seed"],
            layout=Layout.from_json(data["layout"]),
            typical=data["typical"],
            background=tuple(data["background"]),
            golden=tuple(GoldenRow(g["features"], g["pd"]) for g in data["golden"]),
            report=data["report"],
        )


@dataclass(frozen=True, slots=True)
class Artefact:
    """A model ready to serve: its graph and its card."""

    onnx: bytes
    card: ModelCard


def save(url: str, *, onnx: bytes, card: ModelCard, holdout: Sequence[HoldoutRow]) -> str:
    """Write a model into the folder `url` (any fsspec URL) and return its sha256.

    Each file is written under a temporary name and renamed; `model.json` comes last, so a folder
    without it is an unfinished save. The same model saved twice gives the same bytes.
    """
    rows = _holdout_bytes(holdout)
    files = {_ONNX: _sha256(onnx), _HOLDOUT: _sha256(rows)}
    text = json.dumps(
        {"format": FORMAT, "files": files, **card.to_json()},
        ensure_ascii=False,
        allow_nan=False,
        indent=1,
    ).encode()
    fs, folder = fsspec.core.url_to_fs(url)
    fs.makedirs(folder, exist_ok=True)
    for name, content in ((_ONNX, onnx), (_HOLDOUT, rows), (_CARD, text)):
        temporary = f"{folder}/.{name}.{uuid.uuid4().hex}"
        fs.pipe_file(temporary, content)
        fs.mv(temporary, f"{folder}/{name}")
    return _sha256(text)


def load(url: str, sha256: str) -> Artefact:
    """Read a model back, checking every hash. The golden rows are checked by `Scorer.load`.

    Raises:
        ArtefactCorrupt: a file is absent or its hash is another, or the format is not known.
    """
    text = _read(url, _CARD, sha256)
    data = json.loads(text)
    if data.get("format") != FORMAT:
        raise ArtefactCorrupt(
            f"{url} has format {data.get('format')}; this version of Liudai reads {FORMAT}"
        )
    onnx = _read(url, _ONNX, data["files"][_ONNX])
    return Artefact(onnx, ModelCard.from_json(data))


def load_holdout(url: str, sha256: str) -> tuple[HoldoutRow, ...]:
    """Read the held-out rows of a model with scikit-learn's own PDs.

    Raises:
        ArtefactCorrupt: as :func:`load`.
    """
    files = json.loads(_read(url, _CARD, sha256))["files"]
    text = _read(url, _HOLDOUT, files[_HOLDOUT]).decode()
    return tuple(
        HoldoutRow(row["row_id"], row["bad"] == "1", float(row["pd"]))
        for row in csv.DictReader(io.StringIO(text, newline=""))
    )


def _holdout_bytes(rows: Sequence[HoldoutRow]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("row_id", "bad", "pd"))
    writer.writerows((row.row_id, int(row.bad), repr(row.pd)) for row in rows)
    return out.getvalue().encode()


def _read(url: str, name: str, sha256: str) -> bytes:
    try:
        fs, folder = fsspec.core.url_to_fs(url)
        content: bytes = fs.cat_file(f"{folder}/{name}")
    except (OSError, ValueError, ImportError) as error:
        raise ArtefactCorrupt(f"{url}/{name} cannot be read: {error}") from error
    if _sha256(content) != sha256:
        raise ArtefactCorrupt(f"{url}/{name} is not the file that was saved: its hash differs")
    return content


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
