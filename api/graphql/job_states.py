"""The states of jobs, described once for all nouns that a worker works for."""

from __future__ import annotations

from api.graphql.payloads import described_enum
from domain.rules.jobs import JobKind, JobState

described_enum(
    JobKind,
    "What a job is to do.",
    {
        JobKind.TRAIN_MODEL: "Train a model.",
        JobKind.POST_PAYMENT_FILE: "Post the lines of a payment file.",
        JobKind.CLOSE_DAY: "Close business days.",
    },
)

described_enum(
    JobState,
    "Where a job stands.",
    {
        JobState.QUEUED: "Waits for a worker.",
        JobState.RUNNING: "A worker has it.",
        JobState.LOST: "Its worker died; it will be queued again.",
        JobState.SUCCEEDED: "Done.",
        JobState.FAILED: "Ended without a result; `error` says why.",
    },
)
