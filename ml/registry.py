"""Serving the champion: which model is in service by the database, and that model in memory.

The row is the truth. A process polls it, and a nudge over Redis makes it look at once; it loads off
the loop, checks hashes and golden rows, and then replaces one immutable reference, so that no
request waits or sees half a model. Serving module: no training library is imported.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import structlog
from redis import RedisError
from redis.asyncio import Redis

from domain.channels import model_channel
from domain.queries.risk.models import Champion, find_champion
from domain.rules.risk.score import FeatureValue, Score, ScoreReason
from domain.settings import EMBEDDED, Settings
from ml.artefact import ArtefactCorrupt
from ml.explain import explain
from ml.features import NO, YES, normalise_category
from ml.features import FeatureValue as KnownValue
from ml.scorer import Scorer

_START_SECONDS = 1.5  # a process is ready within this, with the model or, for now, without
_SILENT_SECONDS = 30.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _InService:
    champion: Champion
    scorer: Scorer


class ServedModel:
    """The model that this process scores with; :meth:`score` is the domain's score callable."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._in_service: _InService | None = None
        self._nudged = asyncio.Event()
        self._looked = asyncio.Event()
        self._failing = ""

    @property
    def version(self) -> str | None:
        """The model in service as `<model version id>:<first digits of its sha256>`, if any."""
        found = self._in_service
        return f"{found.champion.id}:{found.champion.sha256[:12]}" if found else None

    @property
    def scorer(self) -> Scorer | None:
        """The scorer in service, if any."""
        return self._in_service.scorer if self._in_service else None

    def score(self, features: Mapping[str, FeatureValue]) -> Score | None:
        """Score one case with its reasons; None when no model is in service.

        Takes about half a millisecond; the whole case is scored by one model, whatever is promoted
        meanwhile.
        """
        found = self._in_service
        if found is None:
            return None
        known = _known(features)
        scored = found.scorer.score(known)
        return Score(
            probability_of_default=scored.pd,
            missing_share=scored.missing_share,
            unknown_categories=tuple(scored.unknown_categories),
            reasons=tuple(
                ScoreReason(reason.feature, reason.contribution, reason.zh, reason.en)
                for reason in explain(found.scorer, known)
            ),
            model_version_id=found.champion.id,
            model_sha256=found.champion.sha256,
            currency=found.scorer.card.currency,
        )

    def nudge(self) -> None:
        """Look for a new champion now."""
        self._nudged.set()

    async def refresh(self) -> None:
        """Serve what the database says is champion.

        A champion that cannot be loaded is not replaced by an older one, which may have been
        retired for cause: nothing is served, and cases go to people, until it can be. When the
        database does not answer, the model in service stays.
        """
        champion = await find_champion()
        current = self._in_service
        if champion is None:
            self._in_service = None
        elif current is None or current.champion != champion:
            self._in_service = await self._load(champion)
        if self._in_service is not current:
            log.info("model_in_service", model=self.version)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Keep the model up to date while the block runs, in a process with an open database."""
        tasks = [asyncio.create_task(self._poll()), asyncio.create_task(self._listen())]
        with suppress(TimeoutError):
            await asyncio.wait_for(self._looked.wait(), timeout=_START_SECONDS)
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _load(self, champion: Champion) -> _InService | None:
        try:
            scorer = await asyncio.to_thread(Scorer.load, champion.artefact_url, champion.sha256)
        except ArtefactCorrupt as error:
            self._say(f"model {champion.id} cannot be served: {error}")
            return None
        self._failing = ""
        return _InService(champion, scorer)

    async def _poll(self) -> None:
        while True:
            self._nudged.clear()
            try:
                await self.refresh()
            except Exception as error:
                self._say(f"the champion cannot be looked up: {type(error).__name__}: {error}")
            self._looked.set()
            with suppress(TimeoutError):
                await asyncio.wait_for(
                    self._nudged.wait(), timeout=self._settings.model_poll_seconds
                )

    async def _listen(self) -> None:
        """Turn messages into nudges; without Redis the poll alone does."""
        if self._settings.redis_url == EMBEDDED:
            return
        while True:
            client = Redis.from_url(self._settings.redis_url, socket_connect_timeout=1.0)
            try:
                async with client, client.pubsub() as pubsub:
                    await pubsub.subscribe(model_channel(self._settings))
                    while True:
                        if await pubsub.get_message(
                            ignore_subscribe_messages=True, timeout=_SILENT_SECONDS
                        ):
                            self.nudge()
            except (RedisError, OSError):
                await asyncio.sleep(self._settings.model_poll_seconds)

    def _say(self, what: str) -> None:
        if what != self._failing:
            log.error("model_not_served", reason=what)
        self._failing = what


def _known(features: Mapping[str, FeatureValue]) -> dict[str, KnownValue]:
    """Return the features that have a value, spelled as in training."""
    known: dict[str, KnownValue] = {}
    for name, value in features.items():
        if isinstance(value, bool):
            known[name] = YES if value else NO
        elif isinstance(value, str):
            if text := normalise_category(value):
                known[name] = text
        elif value is not None:
            known[name] = float(value)
    return known
