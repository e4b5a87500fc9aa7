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
        indexes = [
            ("account_code", "posting_date"),
            # All that the daily proof asks, so that it reads no row of the table.
            ("posting_date", "loan_id", "journal", "currency", "account_code", "amount"),
        ]


class LedgerCarried(models.Model):
    """The entries of a range of loans up to a day, summed: what the daily proof of the books need
    not add up again. One row for each account and currency of a range; only the last day is kept.

    `by_place` and `by_square` weigh each loan's entries with its place in the range and the square
    of it; they are whole numbers too large for a column of numbers.
    """

    id = fields.BigIntField(primary_key=True)
    shard = fields.BigIntField()
    account_code = fields.CharField(max_length=20)
    currency = fields.CharField(max_length=3)
    through = fields.DateField()
    amount = fields.CharField(max_length=65)
    by_place = fields.CharField(max_length=65)
    by_square = fields.CharField(max_length=65)

    class Meta:
        table = "ledger_carried"
        unique_together = (("shard", "account_code", "currency"),)


class AccountingPeriod(models.Model):
    """会计期间: a month whose books were closed; a month without a row is open. Append-only, so a
    closed period does not open again."""

    id = fields.BigIntField(primary_key=True)
    month = fields.DateField(unique=True)
    closed_on = fields.DateField()
    closed_by_id = fields.BigIntField()
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "accounting_period"


class ManualJournal(models.Model):
    """手工凭证: why a journal was posted by hand, and by whom; its entries are those of the journal
    `manual:<id>`. Append-only."""

    id = fields.BigIntField(primary_key=True)
    currency = fields.CharField(max_length=3)
    value_date = fields.DateField()
    posting_date = fields.DateField()
    reason = fields.CharField(max_length=500)
    posted_by_kind = fields.CharField(max_length=20)
    posted_by_id = fields.BigIntField()

    class Meta:
        table = "manual_journal"
