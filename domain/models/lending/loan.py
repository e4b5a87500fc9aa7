"""Loans (借据), their instalments and repayments."""

from typing import Any

from tortoise import fields, models
from tortoise.migrations.constraints import CheckConstraint


class Loan(models.Model):
    """借据. Its balances always equal the sum of its postings; terms are copied, never joined."""

    id = fields.BigIntField(primary_key=True)
    contract_id = fields.BigIntField(db_index=True)
    drawdown_id = fields.BigIntField(unique=True)
    facility_id = fields.BigIntField(db_index=True)
    borrower_id = fields.BigIntField(db_index=True)
    product_id = fields.BigIntField()
    branch_id = fields.BigIntField(db_index=True)
    officer_id = fields.BigIntField(null=True)
    state = fields.CharField(max_length=20)
    currency = fields.CharField(max_length=3)
    principal = fields.BigIntField()
    annual_rate = fields.DecimalField(max_digits=14, decimal_places=12)
    penalty_rate = fields.DecimalField(max_digits=14, decimal_places=12)
    penalty_grace_days = fields.SmallIntField()
    compound_basis = fields.CharField(max_length=30)
    method = fields.CharField(max_length=20)
    day_count = fields.CharField(max_length=12)
    rounding = fields.CharField(max_length=12)
    period_unit = fields.CharField(max_length=8)
    every = fields.SmallIntField()
    settlement_day = fields.SmallIntField(null=True)
    installment_count = fields.SmallIntField()
    allocation = fields.JSONField[dict[str, Any]]()
    start_date = fields.DateField()
    maturity_date = fields.DateField()
    accrued_through = fields.DateField()
    principal_outstanding = fields.BigIntField()
    interest_receivable = fields.BigIntField(default=0)
    penalty_receivable = fields.BigIntField(default=0)
    compound_receivable = fields.BigIntField(default=0)
    credit_balance = fields.BigIntField(default=0)
    next_due_date = fields.DateField(null=True)
    closed_on = fields.DateField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "loan"
        indexes = [("state", "accrued_through"), ("state", "next_due_date")]
        constraints = [
            CheckConstraint(
                check="principal_outstanding >= 0 AND credit_balance >= 0",
                name="loan_balances_not_negative",
            )
        ]


class Installment(models.Model):
    """分期: one row of the repayment schedule and what has been paid and accrued of it."""

    id = fields.BigIntField(primary_key=True)
    loan_id = fields.BigIntField(db_index=True)
    number = fields.SmallIntField()
    currency = fields.CharField(max_length=3)
    start_date = fields.DateField()
    end_date = fields.DateField()
    due_date = fields.DateField()
    days = fields.IntField()
    opening = fields.BigIntField()
    principal = fields.BigIntField()
    interest = fields.BigIntField()
    principal_paid = fields.BigIntField(default=0)
    interest_paid = fields.BigIntField(default=0)
    penalty_accrued = fields.BigIntField(default=0)
    penalty_paid = fields.BigIntField(default=0)
    compound_accrued = fields.BigIntField(default=0)
    compound_paid = fields.BigIntField(default=0)
    interest_accrued = fields.BigIntField(default=0)
    settled_on = fields.DateField(null=True)

    class Meta:
        table = "installment"
        unique_together = (("loan_id", "number"),)
        indexes = [("due_date", "settled_on")]


class Repayment(models.Model):
    """还款: money that came in for a loan."""

    id = fields.BigIntField(primary_key=True)
    loan_id = fields.BigIntField(db_index=True)
    kind = fields.CharField(max_length=20)
    currency = fields.CharField(max_length=3)
    amount = fields.BigIntField()
    to_credit = fields.BigIntField()
    value_date = fields.DateField()
    payer_name = fields.CharField(max_length=200, default="")
    external_reference = fields.CharField(max_length=100, default="")
    received_by_kind = fields.CharField(max_length=20)
    received_by_id = fields.BigIntField()
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "repayment"
        indexes = [("loan_id", "value_date")]


class RepaymentAllocation(models.Model):
    """冲账: how much of a repayment went to which bucket of which instalment."""

    id = fields.BigIntField(primary_key=True)
    repayment_id = fields.BigIntField(db_index=True)
    loan_id = fields.BigIntField()
    installment_number = fields.SmallIntField()
    bucket = fields.CharField(max_length=12)
    currency = fields.CharField(max_length=3)
    amount = fields.BigIntField()
    value_date = fields.DateField()

    class Meta:
        table = "repayment_allocation"
        indexes = [("loan_id", "installment_number")]
