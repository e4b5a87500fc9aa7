"""The names of the Redis channels on which state changes are told to other processes.

A message is JSON: `kind` (such as "loan.activated"), `noun`, `nounId`, `payload`, and `id` of the
outbox event where it comes from one.
"""

from __future__ import annotations

from domain.settings import Settings


def events_channel(settings: Settings) -> str:
    """Return the channel that has every event."""
    return f"{settings.redis_prefix}:events"


def job_channel(settings: Settings, job_id: int) -> str:
    """Return the channel of one job: its events, and `job.progress` while it runs."""
    return f"{settings.redis_prefix}:job:{job_id}"


def model_channel(settings: Settings) -> str:
    """Return the channel of the models' events: the nudge to look for a new champion."""
    return f"{settings.redis_prefix}:model"
