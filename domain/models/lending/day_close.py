"""The day close: business days, their shards, what the shards accrued, and the loans set aside."""

from typing import Any

from tortoise import fields, models


class BusinessDay(models.Model):
    """营业日: one business day from its opening to its close.

    `loans` are the living ones when the close started; `set_aside_limit` is how many may be set
    aside before it aborts. `faults` are what a verification of the books found, as JSON.
    """

    id = fields.BigIntField(primary_key=True)
    day = fields.DateField(unique=True)
    state = fields.CharField(max_length=24)
    loans = fields.IntField(default=0)
    set_aside = fields.IntField(default=0)
    set_aside_limit = fields.IntField(default=0)
    faults = fields.JSONField[list[Any]](null=True)
    job_id = fields.BigIntField(null=True)
    opened_at = fields.DatetimeField(null=True)
    closing_started_at = fields.DatetimeField(null=True)
    verified_at = fields.DatetimeField(null=True)
    closed_at = fields.DatetimeField(null=True)

    class Meta:
        table = "business_day"


class CloseShard(models.Model):
    """A range of loans of a closing day: one transaction, by whoever holds the lease.

    `loans` went with the many, `singly` one by one.
    """

    id = fields.BigIntField(primary_key=True)
    day = fields.DateField()
    from_id = fields.BigIntField()
    to_id = fields.BigIntField()
    state = fields.CharField(max_length=8)
    expected = fields.IntField()
    loans = fields.IntField(default=0)
    singly = fields.IntField(default=0)
    attempts = fields.IntField(default=0)
    lease_owner = fields.CharField(max_length=60, default="")
    heartbeat_at = fields.DatetimeField(null=True)
    error = fields.CharField(max_length=500, default="")
    finished_at = fields.DatetimeField(null=True)

    class Meta:
        table = "close_shard"
        unique_together = (("day", "from_id"),)


class LoanSetAside(models.Model):
    """A loan that a day close could not work out, and why; no money moves on it until
    `resolved_at`. `day` is the day that failed."""

    id = fields.BigIntField(primary_key=True)
    loan_id = fields.BigIntField()
    day = fields.DateField()
    reason = fields.CharField(max_length=500)
    reason_zh = fields.CharField(max_length=500)
    created_at = fields.DatetimeField(auto_now_add=True)
    resolved_at = fields.DatetimeField(null=True)
    resolved_by_id = fields.BigIntField(null=True)

    class Meta:
        table = "loan_set_aside"
        unique_together = (("loan_id", "day"),)
        indexes = [("day", "resolved_at")]
