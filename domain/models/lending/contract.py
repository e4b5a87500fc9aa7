"""Contracts, drawdowns and disbursements."""

from typing import Any

from tortoise import fields, models


class LoanContract(models.Model):
    """借款合同, with the hash of the document and how far its signing has come."""

    id = fields.BigIntField(primary_key=True)
    application_id = fields.BigIntField(unique=True)
    borrower_id = fields.BigIntField(db_index=True)
    facility_id = fields.BigIntField(db_index=True)
    product_id = fields.BigIntField(db_index=True)
    branch_id = fields.BigIntField(db_index=True)
    officer_id = fields.BigIntField(null=True)
    state = fields.CharField(max_length=20)
    currency = fields.CharField(max_length=3)
    amount = fields.BigIntField()
    drawn = fields.BigIntField(default=0)
    annual_rate = fields.DecimalField(max_digits=14, decimal_places=12)
    method = fields.CharField(max_length=20)
    installments = fields.SmallIntField()
    starts_on = fields.DateField()
    ends_on = fields.DateField()
    document_sha256 = fields.CharField(max_length=64)
    signature_state = fields.CharField(max_length=20)
    prepared_by_id = fields.BigIntField()
    signed_by = fields.CharField(max_length=200, default="")
    signed_on = fields.DateField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "loan_contract"


class Drawdown(models.Model):
    """提款: reserves the facility under lock until it is disbursed or cancelled."""

    id = fields.BigIntField(primary_key=True)
    contract_id = fields.BigIntField(db_index=True)
    facility_id = fields.BigIntField(db_index=True)
    borrower_id = fields.BigIntField(db_index=True)
    branch_id = fields.BigIntField(db_index=True)
    state = fields.CharField(max_length=20)
    currency = fields.CharField(max_length=3)
    amount = fields.BigIntField()
    installments = fields.SmallIntField()
    plan = fields.JSONField[list[Any]](null=True)
    payment_method = fields.CharField(max_length=20)
    payee_name = fields.CharField(max_length=200, default="")
    payee_account_cipher = fields.CharField(max_length=200, null=True)
    payee_account_tail = fields.CharField(max_length=4, default="")
    evidence_number = fields.CharField(max_length=100, default="")
    requested_by_kind = fields.CharField(max_length=20)
    requested_by_id = fields.BigIntField()
    requested_on = fields.DateField()
    renews_loan_id = fields.BigIntField(null=True, db_index=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "drawdown"

    @property
    def reserves(self) -> int:
        """What it reserves of its facility while REQUESTED: nothing where it renews a loan, whose
        use it takes over."""
        return self.amount if self.renews_loan_id is None else 0


class Disbursement(models.Model):
    """放款: the money that went out for a drawdown, once.

    `repayment_id` is what it paid instead of anybody: the payoff of the loan that it renews.
    """

    id = fields.BigIntField(primary_key=True)
    drawdown_id = fields.BigIntField(unique=True)
    loan_id = fields.BigIntField(unique=True)
    currency = fields.CharField(max_length=3)
    amount = fields.BigIntField()
    value_date = fields.DateField()
    disbursed_by_id = fields.BigIntField()
    repayment_id = fields.BigIntField(null=True, unique=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "disbursement"
