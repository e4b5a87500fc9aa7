"""Jobs: the states of work that a worker does, and when a silent worker has lost its job.

A worker that takes a job holds a lease on it and says every few seconds that it lives. One that
falls silent has lost it: the job is LOST, visibly, then QUEUED again for another worker, until it
has been tried often enough.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from domain.rules.states import Moves

ATTEMPTS_MAX = 3
# What a close has done stays done, so each attempt goes on where the last one died.
CLOSE_ATTEMPTS_MAX = 1_000
HEARTBEATS_IN_LEASE = 4
RESEND_LEASES = 4
NOUN = ("job", "任务")


class JobKind(StrEnum):
    """What the job is to do."""

    TRAIN_MODEL = "TRAIN_MODEL"
    POST_PAYMENT_FILE = "POST_PAYMENT_FILE"
    CLOSE_DAY = "CLOSE_DAY"


class JobState(StrEnum):
    """Where the job stands."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    LOST = "LOST"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


_J = JobState

JOB_MOVES: Moves = {
    _J.QUEUED: frozenset({_J.RUNNING}),
    # QUEUED again straight from RUNNING: a worker told to stop gives its job back.
    _J.RUNNING: frozenset({_J.SUCCEEDED, _J.FAILED, _J.LOST, _J.QUEUED}),
    _J.LOST: frozenset({_J.QUEUED, _J.FAILED}),
    _J.SUCCEEDED: frozenset(),
    _J.FAILED: frozenset(),
}


def heartbeat_seconds(lease_seconds: int) -> float:
    """Return how often a worker says that it lives: several times in a lease."""
    return lease_seconds / HEARTBEATS_IN_LEASE


def lease_expired_before(now: dt.datetime, lease_seconds: int) -> dt.datetime:
    """Return the moment before which a last heartbeat means that the worker is lost."""
    return now - dt.timedelta(seconds=lease_seconds)


def resend_before(now: dt.datetime, lease_seconds: int) -> dt.datetime:
    """Return the moment before which a message that nobody took counts as lost on its way."""
    return now - dt.timedelta(seconds=RESEND_LEASES * lease_seconds)


def attempts_max(kind: JobKind) -> int:
    """Return how often a job is tried before it is given up."""
    return CLOSE_ATTEMPTS_MAX if kind is JobKind.CLOSE_DAY else ATTEMPTS_MAX


def after_loss(attempts: int, kind: JobKind) -> JobState:
    """Return what becomes of a LOST job that was tried `attempts` times."""
    return JobState.QUEUED if attempts < attempts_max(kind) else JobState.FAILED
