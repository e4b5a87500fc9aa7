"""What happened to a loan besides payments, and the schedules that it had before."""

from typing import Any

from tortoise import fields, models


class LoanEvent(models.Model):
    """借据事件: one change of a loan that is no payment. With the repayments it is the loan's whole
    history: both carry `sequence`, and a replay of them by value date gives the loan as it is."""

    id = fields.BigIntField(primary_key=True)
    loan_id = fields.BigIntField()
    sequence = fields.IntField()
    kind = fields.CharField(max_length=20)
    value_date = fields.DateField()
    posting_date = fields.DateField()
    currency = fields.CharField(max_length=3)
    amount = fields.BigIntField(default=0)
    data = fields.JSONField[dict[str, Any]]()
    reason = fields.CharField(max_length=500, default="")
    reversed_by = fields.IntField(null=True)
    recorded_by_kind = fields.CharField(max_length=20)
    recorded_by_id = fields.BigIntField()
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "loan_event"
        unique_together = (("loan_id", "sequence"),)
        indexes = [("kind", "value_date")]


class LoanCharge(models.Model):
    """费用: a fee or cost that the borrower owes besides interest."""

    id = fields.BigIntField(primary_key=True)
    loan_id = fields.BigIntField()
    number = fields.SmallIntField()
    code = fields.CharField(max_length=20)
    currency = fields.CharField(max_length=3)
    due_date = fields.DateField()
    amount = fields.BigIntField()
    paid = fields.BigIntField(default=0)
    waived = fields.BigIntField(default=0)
    settled_on = fields.DateField(null=True)

    class Meta:
        table = "loan_charge"
        unique_together = (("loan_id", "number"),)


class SupersededInstallment(models.Model):
    """分期 of a schedule as it stood before the event that replaced it; the first event's rows are
    the schedule of the disbursement. Append-only."""

    id = fields.BigIntField(primary_key=True)
    loan_id = fields.BigIntField()
    event_sequence = fields.IntField()
    number = fields.SmallIntField()
    currency = fields.CharField(max_length=3)
    start_date = fields.DateField()
    end_date = fields.DateField()
    due_date = fields.DateField()
    days = fields.IntField()
    opening = fields.BigIntField()
    principal = fields.BigIntField()
    interest = fields.BigIntField()
    balance_changes = fields.JSONField[list[Any]](null=True)

    class Meta:
        table = "superseded_installment"
        unique_together = (("loan_id", "event_sequence", "number"),)
