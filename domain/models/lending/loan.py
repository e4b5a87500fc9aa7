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
    profile = fields.CharField(max_length=20)
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
    benchmark = fields.CharField(max_length=20, default="")
    benchmark_tenor = fields.CharField(max_length=10, default="")
    spread = fields.DecimalField(max_digits=14, decimal_places=12, default=0)
    repricing = fields.CharField(max_length=20, default="FIXED")
    next_reset_date = fields.DateField(null=True, db_index=True)
    non_accrual_beyond_days = fields.SmallIntField()
    cure_days = fields.SmallIntField()
    prepayment_fee_rate = fields.DecimalField(max_digits=8, decimal_places=6)
    prepayment_notice_days = fields.SmallIntField(default=0)
    rate_changes = fields.JSONField[list[Any]](null=True)
    current_method = fields.CharField(max_length=20)
    roll = fields.CharField(max_length=20, default="NONE")
    calendar = fields.JSONField[dict[str, Any]](null=True)
    plan = fields.JSONField[list[Any]](null=True)
    fees = fields.JSONField[list[Any]](null=True)
    start_date = fields.DateField()
    counted_from = fields.DateField(null=True)
    maturity_date = fields.DateField()
    matured = fields.JSONField[list[Any]](null=True)
    misuse = fields.JSONField[list[Any]](null=True)
    accrued_through = fields.DateField()
    book_status = fields.CharField(max_length=12, default="ACCRUING")
    arrears_cleared_on = fields.DateField(null=True)
    principal_outstanding = fields.BigIntField()
    interest_receivable = fields.BigIntField(default=0)
    penalty_receivable = fields.BigIntField(default=0)
    compound_receivable = fields.BigIntField(default=0)
    fee_receivable = fields.BigIntField(default=0)
    interest_paid = fields.BigIntField(default=0)
    penalty_paid = fields.BigIntField(default=0)
    compound_paid = fields.BigIntField(default=0)
    fee_paid = fields.BigIntField(default=0)
    written_off = fields.BigIntField(default=0)
    taxed_income = fields.BigIntField(default=0)
    vat = fields.BigIntField(default=0)
    credit_balance = fields.BigIntField(default=0)
    limit_used = fields.BigIntField()
    event_count = fields.IntField(default=0)
    next_due_date = fields.DateField(null=True)
    closed_on = fields.DateField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "loan"
        indexes = [("state", "next_due_date")]
        constraints = [
            CheckConstraint(
                check="principal_outstanding >= 0 AND credit_balance >= 0",
                name="loan_balances_not_negative",
            )
        ]


class Installment(models.Model):
    """分期: one row of the repayment schedule and what has been paid and accrued of it."""

    id = fields.BigIntField(primary_key=True)
    loan_id = fields.BigIntField()
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
    principal_paid = fields.BigIntField(default=0)
    principal_moved = fields.BigIntField(default=0)
    interest_paid = fields.BigIntField(default=0)
    penalty_accrued = fields.BigIntField(default=0)
    penalty_paid = fields.BigIntField(default=0)
    compound_accrued = fields.BigIntField(default=0)
    compound_paid = fields.BigIntField(default=0)
    interest_accrued = fields.BigIntField(default=0)
    interest_waived = fields.BigIntField(default=0)
    penalty_waived = fields.BigIntField(default=0)
    compound_waived = fields.BigIntField(default=0)
    settled_on = fields.DateField(null=True)

    class Meta:
        table = "installment"
        unique_together = (("loan_id", "number"),)
        indexes = [("due_date", "settled_on"), ("loan_id", "settled_on", "start_date")]


class Repayment(models.Model):
    """还款: money that came in for a loan."""

    id = fields.BigIntField(primary_key=True)
    loan_id = fields.BigIntField(db_index=True)
    kind = fields.CharField(max_length=20)
    currency = fields.CharField(max_length=3)
    amount = fields.BigIntField()
    to_credit = fields.BigIntField()
    value_date = fields.DateField()
    posting_date = fields.DateField()
    sequence = fields.IntField()
    keep = fields.CharField(max_length=12, default="")
    reversed_by = fields.IntField(null=True)
    payer_role = fields.CharField(max_length=20, default="BORROWER")
    payer_name = fields.CharField(max_length=200, default="")
    external_reference = fields.CharField(max_length=100, default="")
    received_by_kind = fields.CharField(max_length=20)
    received_by_id = fields.BigIntField()
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "repayment"
        indexes = [("loan_id", "value_date"), ("posting_date", "loan_id")]


class RepaymentAllocation(models.Model):
    """冲账: how much of a repayment went to which bucket of which instalment (for COSTS: of which
    charge). A replay that allocates anew leaves the old rows, superseded by its event's sequence.
    """

    id = fields.BigIntField(primary_key=True)
    repayment_id = fields.BigIntField(null=True, db_index=True)
    event_sequence = fields.IntField()
    loan_id = fields.BigIntField()
    installment_number = fields.SmallIntField()
    bucket = fields.CharField(max_length=12)
    currency = fields.CharField(max_length=3)
    amount = fields.BigIntField()
    value_date = fields.DateField()
    superseded_by = fields.IntField(null=True)

    class Meta:
        table = "repayment_allocation"
        indexes = [("loan_id", "installment_number")]
