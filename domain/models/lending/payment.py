"""Money in and out as a bank meets it: files of payments and their lines, money that came in,
orders to pay and the files that carried them to the bank."""

from typing import Any

from tortoise import fields, models
from tortoise.migrations.constraints import CheckConstraint


class PaymentFile(models.Model):
    """收款文件. `sha256` is unique, so no file is taken twice (NULL once
    refused: the same bytes may come again whole); `totals` has count and sum of its
    lines by currency, `lines_stored` how many of them are kept already."""

    id = fields.BigIntField(primary_key=True)
    source = fields.CharField(max_length=60)
    name = fields.CharField(max_length=200)
    format = fields.CharField(max_length=10)
    encoding = fields.CharField(max_length=10)
    sha256 = fields.CharField(max_length=64, null=True, unique=True)
    size_bytes = fields.BigIntField()
    state = fields.CharField(max_length=12)
    line_count = fields.IntField()
    lines_stored = fields.IntField(default=0)
    totals = fields.JSONField[dict[str, Any]]()
    reasons = fields.JSONField[list[dict[str, Any]]](null=True)
    job_id = fields.BigIntField(null=True)
    received_on = fields.DateField()
    posted_on = fields.DateField(null=True)
    imported_by_id = fields.BigIntField()
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "payment_file"
        indexes = [("received_on",)]


class PaymentFileLine(models.Model):
    """A line of a payment file as it was read, and what became of it; `order_number` is that of
    the order which it says was paid or came back; `reasons` say why it was
    refused or lies in suspense. The payer's account is encrypted."""

    id = fields.BigIntField(primary_key=True)
    file_id = fields.BigIntField()
    number = fields.IntField()
    flow = fields.CharField(max_length=10)
    state = fields.CharField(max_length=16)
    external_reference = fields.CharField(max_length=100)
    currency = fields.CharField(max_length=3)
    amount = fields.BigIntField(null=True)
    value_date = fields.DateField(null=True)
    payer_name = fields.CharField(max_length=200, default="")
    payer_account_cipher = fields.CharField(max_length=200, null=True)
    payer_account_tail = fields.CharField(max_length=4, default="")
    loan_number = fields.CharField(max_length=40, default="")
    remittance = fields.CharField(max_length=500, default="")
    order_number = fields.CharField(max_length=40, default="")
    reasons = fields.JSONField[list[dict[str, Any]]](null=True)
    incoming_payment_id = fields.BigIntField(null=True)

    class Meta:
        table = "payment_file_line"
        unique_together = (("file_id", "number"),)
        indexes = [("file_id", "state", "id")]


class IncomingPayment(models.Model):
    """来款: money that came in, by file or by API, once only by (source, external_reference).

    `cash_journal` is the journal that took it into the books; `suspended_on` and `settled_on` are
    the business dates on which it went into suspense last, and left it or went to its loan.
    """

    id = fields.BigIntField(primary_key=True)
    source = fields.CharField(max_length=60)
    external_reference = fields.CharField(max_length=100)
    file_id = fields.BigIntField(null=True, db_index=True)
    state = fields.CharField(max_length=12)
    currency = fields.CharField(max_length=3)
    amount = fields.BigIntField()
    value_date = fields.DateField()
    received_on = fields.DateField()
    payer_name = fields.CharField(max_length=200, default="")
    payer_account_cipher = fields.CharField(max_length=200, null=True)
    payer_account_tail = fields.CharField(max_length=4, default="")
    loan_number = fields.CharField(max_length=40, default="")
    remittance = fields.CharField(max_length=500, default="")
    reasons = fields.JSONField[list[dict[str, Any]]](null=True)
    loan_id = fields.BigIntField(null=True, db_index=True)
    repayment_id = fields.BigIntField(null=True, unique=True)
    cash_journal = fields.CharField(max_length=40, default="")
    suspended_on = fields.DateField(null=True)
    settled_on = fields.DateField(null=True)
    received_by_kind = fields.CharField(max_length=20)
    received_by_id = fields.BigIntField()
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "incoming_payment"
        unique_together = (("source", "external_reference"),)
        indexes = [("state", "received_on"), ("received_on", "source")]
        constraints = [CheckConstraint(check="amount > 0", name="incoming_amount_positive")]


class PaymentOrder(models.Model):
    """付款指令: what the bank is to pay, for a disbursement or money sent back. `bank_reference`
    is the bank's own, from its confirmation or its return."""

    id = fields.BigIntField(primary_key=True)
    purpose = fields.CharField(max_length=20)
    state = fields.CharField(max_length=12)
    disbursement_id = fields.BigIntField(null=True, unique=True)
    loan_id = fields.BigIntField(null=True, db_index=True)
    incoming_payment_id = fields.BigIntField(null=True, db_index=True)
    branch_id = fields.BigIntField(null=True, db_index=True)
    borrower_id = fields.BigIntField(null=True)
    currency = fields.CharField(max_length=3)
    amount = fields.BigIntField()
    payee_name = fields.CharField(max_length=200)
    payee_account_cipher = fields.CharField(max_length=200, null=True)
    payee_account_tail = fields.CharField(max_length=4, default="")
    remittance = fields.CharField(max_length=140, default="")
    file_id = fields.BigIntField(null=True, db_index=True)
    bank_reference = fields.CharField(max_length=100, default="")
    bounce_reason = fields.CharField(max_length=200, default="")
    created_on = fields.DateField()
    exported_on = fields.DateField(null=True)
    confirmed_on = fields.DateField(null=True)
    bounced_on = fields.DateField(null=True)
    created_by_id = fields.BigIntField()
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "payment_order"
        indexes = [("state", "currency")]
        constraints = [CheckConstraint(check="amount > 0", name="order_amount_positive")]


class PaymentOrderFile(models.Model):
    """A file of exported orders. Its text names accounts, so it is kept encrypted."""

    id = fields.BigIntField(primary_key=True)
    format = fields.CharField(max_length=10)
    currency = fields.CharField(max_length=3)
    order_count = fields.IntField()
    total = fields.BigIntField()
    sha256 = fields.CharField(max_length=64)
    text_cipher = fields.TextField()
    exported_on = fields.DateField()
    exported_by_id = fields.BigIntField()
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "payment_order_file"
        indexes = [("exported_on",)]
