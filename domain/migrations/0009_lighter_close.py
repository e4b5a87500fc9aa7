from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.indexes import Index
from domain.migrations._operation import ReviewedSql


class Migration(migrations.Migration):
    dependencies = [("liudai", "0008_renewal")]

    initial = False

    operations = [
        ReviewedSql(
            "0009_lighter_close",
            [
                ops.RemoveIndex(
                    model_name="LedgerEntry",
                    name=None,
                    fields=["posting_date", "loan_id"],
                ),
                ops.AddIndex(
                    model_name="LedgerEntry",
                    index=Index(
                        fields=[
                            "posting_date",
                            "loan_id",
                            "journal",
                            "currency",
                            "account_code",
                            "amount",
                        ]
                    ),
                ),
                ops.DeleteModel(name="CloseAccrual"),
            ],
        )
    ]
