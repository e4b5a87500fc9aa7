"""The books: accounts, journals and their entries. Journals and entries are append-only."""

from tortoise import fields, models


class LedgerAccount(models.Model):
    """科目 of the chart of accounts; `side` is DEBIT or CREDIT, the side on which it grows."""

    id = fields.BigIntField(primary_key=True)
    code = fields.CharField(max_length=20, unique=True)
    name_zh = fields.CharField(max_length=100)
    name_en = fields.CharField(max_length=100)
    side = fields.CharField(max_length=6)

    class Meta:
        table = "ledger_account"


class LedgerEntry(models.Model):
    """One side of one money event. Entries of a `journal` sum to zero in its currency.

    `amount` is signed: debit positive, credit negative, in minor units. Entries of no loan (money
    nobody could match, a manual journal) name none.
    """

    id = fields.BigIntField(primary_key=True)
    journal = fields.CharField(max_length=40)
    event = fields.CharField(max_length=30)
    account_code = fields.CharField(max_length=20)
    currency = fields.CharField(max_length=3)
    amount = fields.BigIntField()
    loan_id = fields.BigIntField(null=True, db_index=True)
    borrower_id = fields.BigIntField(null=True)
    branch_id = fields.BigIntField(null=True)
    value_date = fields.DateField()
    posting_date = fields.DateField()
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "ledger_entry"
        unique_together = (("journal", "account_code"),)
        indexes = [("account_code", "posting_date")]
