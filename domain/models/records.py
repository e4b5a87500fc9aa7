"""What every step leaves behind: its idempotency key, its audit entry, its outbox event."""

from typing import Any

from tortoise import fields, models


class IdempotencyRecord(models.Model):
    """One effect of one mutation, by caller and key; `result` names the nouns it changed."""

    id = fields.BigIntField(primary_key=True)
    caller = fields.CharField(max_length=60)
    action = fields.CharField(max_length=60)
    key = fields.CharField(max_length=100)
    arguments_sha256 = fields.CharField(max_length=64)
    result = fields.JSONField[dict[str, Any]](null=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "idempotency_record"
        unique_together = (("caller", "action", "key"),)


class AuditEntry(models.Model):
    """Who did (or was refused) what, when, with the state before and after. Append-only."""

    id = fields.BigIntField(primary_key=True)
    at = fields.DatetimeField()
    actor_kind = fields.CharField(max_length=20)
    actor_id = fields.BigIntField()
    actor_name = fields.CharField(max_length=100)
    action = fields.CharField(max_length=60)
    outcome = fields.CharField(max_length=10)
    noun = fields.CharField(max_length=30, default="")
    noun_id = fields.BigIntField(default=0)
    before = fields.TextField()
    after = fields.TextField()
    request_id = fields.CharField(max_length=40, default="")

    class Meta:
        table = "audit_entry"
        indexes = [("noun", "noun_id"), ("actor_kind", "actor_id")]


class AuditBlock(models.Model):
    """A sealed set of audit entries; `hash` covers them and the block before. Append-only."""

    id = fields.BigIntField(primary_key=True)
    previous_hash = fields.CharField(max_length=64, unique=True)
    entries_sha256 = fields.CharField(max_length=64)
    entry_count = fields.IntField()
    hash = fields.CharField(max_length=64, unique=True)
    sealed_at = fields.DatetimeField()

    class Meta:
        table = "audit_block"


class AuditSeal(models.Model):
    """Which block sealed which entry (a late commit may carry a lower id). Append-only."""

    id = fields.BigIntField(primary_key=True)
    entry_id = fields.BigIntField(unique=True)
    block_id = fields.BigIntField(db_index=True)

    class Meta:
        table = "audit_seal"


class OutboxEvent(models.Model):
    """A state change to be told to others (subscriptions, notifications, webhooks) after commit."""

    id = fields.BigIntField(primary_key=True)
    kind = fields.CharField(max_length=60)
    noun = fields.CharField(max_length=30)
    noun_id = fields.BigIntField()
    payload = fields.JSONField[dict[str, Any]]()
    created_at = fields.DatetimeField(auto_now_add=True)
    published_at = fields.DatetimeField(null=True)

    class Meta:
        table = "outbox_event"
        indexes = [("published_at", "id"), ("noun", "noun_id")]


class BusinessDate(models.Model):
    """The lender's business date: one row, id 1, apart from the clock."""

    id = fields.SmallIntField(primary_key=True)
    current = fields.DateField()
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta:
        table = "business_date"


class PolicyValue(models.Model):
    """One dated number or switch that a law or the lender sets, with its citation."""

    id = fields.BigIntField(primary_key=True)
    profile = fields.CharField(max_length=20)
    name = fields.CharField(max_length=60)
    value = fields.CharField(max_length=200)
    effective_from = fields.DateField()
    citation = fields.CharField(max_length=300)
    confirmed = fields.BooleanField()

    class Meta:
        table = "policy_value"
        unique_together = (("profile", "name", "effective_from"),)


class Job(models.Model):
    """Work for a worker: the row is the truth, the message only makes it prompt."""

    id = fields.BigIntField(primary_key=True)
    kind = fields.CharField(max_length=30)
    state = fields.CharField(max_length=20)
    input = fields.JSONField[dict[str, Any]]()
    started_by_id = fields.BigIntField()
    step = fields.CharField(max_length=60, default="")
    progress = fields.FloatField(default=0.0)
    attempts = fields.SmallIntField(default=0)
    lease_owner = fields.CharField(max_length=60, default="")
    heartbeat_at = fields.DatetimeField(null=True)
    sent_at = fields.DatetimeField(null=True)
    error = fields.CharField(max_length=500, default="")
    result = fields.JSONField[dict[str, Any]](null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    started_at = fields.DatetimeField(null=True)
    finished_at = fields.DatetimeField(null=True)

    class Meta:
        table = "job"
        indexes = [("state", "heartbeat_at")]
