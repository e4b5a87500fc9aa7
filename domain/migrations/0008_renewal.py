from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields
from domain.migrations._operation import ReviewedSql


class Migration(migrations.Migration):
    dependencies = [("liudai", "0007_repricing")]

    initial = False

    operations = [
        ReviewedSql(
            "0008_renewal",
            [
                ops.AddField(
                    model_name="Disbursement",
                    name="repayment_id",
                    field=fields.BigIntField(null=True, unique=True),
                ),
                ops.AddField(
                    model_name="Drawdown",
                    name="renews_loan_id",
                    field=fields.BigIntField(null=True, db_index=True),
                ),
                ops.AddField(
                    model_name="LoanApplication",
                    name="renews_loan_id",
                    field=fields.BigIntField(null=True),
                ),
            ],
        )
    ]
