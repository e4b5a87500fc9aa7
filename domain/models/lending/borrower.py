"""Borrowers, their bank accounts and financial statements."""

from tortoise import fields, models


class Borrower(models.Model):
    """借款人. The resident ID is encrypted; its blind index keeps it unique."""

    id = fields.BigIntField(primary_key=True)
    profile = fields.CharField(max_length=20)
    kind = fields.CharField(max_length=20)
    name = fields.CharField(max_length=200)
    unified_social_credit_code = fields.CharField(max_length=18, null=True, unique=True)
    external_id = fields.CharField(max_length=60, null=True, unique=True)
    resident_id_cipher = fields.CharField(max_length=200, null=True)
    resident_id_index = fields.CharField(max_length=64, null=True, unique=True)
    resident_id_tail = fields.CharField(max_length=4, default="")
    industry_code = fields.CharField(max_length=10, default="")
    enterprise_size = fields.CharField(max_length=10, default="")
    region = fields.CharField(max_length=20, default="")
    registered_on = fields.DateField(null=True)
    branch_id = fields.BigIntField(db_index=True)
    officer_id = fields.BigIntField(null=True, db_index=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "borrower"


class BankAccount(models.Model):
    """A borrower's bank account; the number is encrypted, the tail is for the eye."""

    id = fields.BigIntField(primary_key=True)
    borrower_id = fields.BigIntField(db_index=True)
    bank_name = fields.CharField(max_length=100)
    account_name = fields.CharField(max_length=200)
    number_cipher = fields.CharField(max_length=200)
    number_index = fields.CharField(max_length=64)
    number_tail = fields.CharField(max_length=4)
    # Money may go to it once another person has approved it, from `usable_from` on.
    state = fields.CharField(max_length=10, default="PENDING")
    approved_on = fields.DateField(null=True)
    usable_from = fields.DateField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "bank_account"
        unique_together = (("borrower_id", "number_index"),)


class FinancialStatement(models.Model):
    """财务报表 of one year: flows of the year and opening and closing balances."""

    id = fields.BigIntField(primary_key=True)
    borrower_id = fields.BigIntField(db_index=True)
    version = fields.SmallIntField(default=1)
    period_start = fields.DateField()
    period_end = fields.DateField()
    currency = fields.CharField(max_length=3)
    revenue = fields.BigIntField()
    cost_of_sales = fields.BigIntField()
    profit = fields.BigIntField()
    inventory_opening = fields.BigIntField()
    inventory_closing = fields.BigIntField()
    receivables_opening = fields.BigIntField()
    receivables_closing = fields.BigIntField()
    prepayments_opening = fields.BigIntField()
    prepayments_closing = fields.BigIntField()
    payables_opening = fields.BigIntField()
    payables_closing = fields.BigIntField()
    advance_receipts_opening = fields.BigIntField()
    advance_receipts_closing = fields.BigIntField()
    current_assets = fields.BigIntField()
    total_assets = fields.BigIntField()
    current_liabilities = fields.BigIntField()
    total_liabilities = fields.BigIntField()
    equity = fields.BigIntField()
    recorded_by_kind = fields.CharField(max_length=20)
    recorded_by_id = fields.BigIntField()
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "financial_statement"
        unique_together = (("borrower_id", "period_end", "version"),)
