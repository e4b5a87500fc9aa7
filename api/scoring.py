"""The model this process serves, as the operations take it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import lru_cache

from domain.rules.risk.score import FeatureValue, Score
from domain.settings import get_settings
from ml.catalogue import CATALOGUE
from ml.features import parse_features
from ml.registry import ServedModel


@lru_cache(maxsize=1)
def served_model() -> ServedModel:
    """Return the one served model of this process."""
    return ServedModel(get_settings())


@asynccontextmanager
async def model() -> AsyncIterator[None]:
    """Keep the champion loaded while the process serves."""
    served_model.cache_clear()
    async with served_model().serving():
        yield


def model_version() -> str | None:
    """Name the version in service, for /health."""
    return served_model().version


def score(features: Mapping[str, FeatureValue]) -> Score | None:
    """Score one case, or None when no model is in service."""
    return served_model().score(features)


def read_features(raw: Mapping[str, object]) -> Mapping[str, FeatureValue]:
    """Read a caller's typed features by the catalogue; raises Refused with every mistake."""
    return parse_features(raw, catalogue=CATALOGUE)
