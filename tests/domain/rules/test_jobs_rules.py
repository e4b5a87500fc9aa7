from __future__ import annotations

import datetime as dt

import pytest

from domain.rules.jobs import (
    ATTEMPTS_MAX,
    JOB_MOVES,
    JobKind,
    JobState,
    after_loss,
    heartbeat_seconds,
    lease_expired_before,
    resend_before,
)

NOW = dt.datetime(2026, 1, 15, 12, 0, tzinfo=dt.UTC)


def test_every_state_is_in_the_table_and_an_end_is_an_end() -> None:
    assert set(JOB_MOVES) == set(JobState)
    assert not JOB_MOVES[JobState.SUCCEEDED]
    assert not JOB_MOVES[JobState.FAILED]


@pytest.mark.parametrize(
    ("attempts", "then"),
    [(0, JobState.QUEUED), (ATTEMPTS_MAX - 1, JobState.QUEUED), (ATTEMPTS_MAX, JobState.FAILED)],
)
def test_a_lost_job_is_tried_so_many_times(attempts: int, then: JobState) -> None:
    assert after_loss(attempts, JobKind.TRAIN_MODEL) is then
    assert after_loss(attempts, JobKind.CLOSE_DAY) is JobState.QUEUED


def test_a_worker_speaks_several_times_before_it_counts_as_lost() -> None:
    assert heartbeat_seconds(30) == 7.5
    assert lease_expired_before(NOW, 30) == dt.datetime(2026, 1, 15, 11, 59, 30, tzinfo=dt.UTC)
    assert resend_before(NOW, 30) == dt.datetime(2026, 1, 15, 11, 58, tzinfo=dt.UTC)
