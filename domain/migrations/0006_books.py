from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields
from tortoise.indexes import Index
from domain.migrations._operation import ReviewedSql


class Migration(migrations.Migration):
    dependencies = [("liudai", "0005_payment_files")]

    initial = False

    operations = [
        ReviewedSql(
            "0006_books",
            [
                ops.CreateModel(
                    name="AccountingPeriod",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("month", fields.DateField(unique=True)),
                        ("closed_on", fields.DateField()),
                        ("closed_by_id", fields.BigIntField()),
                        ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ],
                    options={
                        "table": "accounting_period",
                        "app": "liudai",
                        "pk_attr": "id",
                        "table_description": "会计期间: a month whose books were closed; a month without a row is open. Append-only, so a",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="LedgerCarried",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("shard", fields.BigIntField()),
                        ("account_code", fields.CharField(max_length=20)),
                        ("currency", fields.CharField(max_length=3)),
                        ("through", fields.DateField()),
                        ("amount", fields.CharField(max_length=65)),
                        ("by_place", fields.CharField(max_length=65)),
                        ("by_square", fields.CharField(max_length=65)),
                    ],
                    options={
                        "table": "ledger_carried",
                        "app": "liudai",
                        "unique_together": (("shard", "account_code", "currency"),),
                        "pk_attr": "id",
                        "table_description": "The entries of a range of loans up to a day, summed: what the daily proof of the books need",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="ManualJournal",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("currency", fields.CharField(max_length=3)),
                        ("value_date", fields.DateField()),
                        ("posting_date", fields.DateField()),
                        ("reason", fields.CharField(max_length=500)),
                        ("posted_by_kind", fields.CharField(max_length=20)),
                        ("posted_by_id", fields.BigIntField()),
                    ],
                    options={
                        "table": "manual_journal",
                        "app": "liudai",
                        "pk_attr": "id",
                        "table_description": "手工凭证: why a journal was posted by hand, and by whom; its entries are those of the journal",
                    },
                    bases=["Model"],
                ),
                ops.AddIndex(
                    model_name="LedgerEntry",
                    index=Index(fields=["posting_date", "loan_id"]),
                ),
                ops.AddIndex(
                    model_name="Repayment",
                    index=Index(fields=["posting_date", "loan_id"]),
                ),
            ],
        )
    ]
