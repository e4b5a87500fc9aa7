from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from domain.migrations._operation import ReviewedSql


class Migration(migrations.Migration):
    dependencies = [("liudai", "0015_prepayment_notice")]

    initial = False

    operations = [
        ReviewedSql(
            "0016_fees",
            [
                ops.AddField(
                    model_name="Loan",
                    name="fees",
                    field=fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads),
                ),
                ops.AddField(
                    model_name="LoanProduct",
                    name="fees",
                    field=fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads),
                ),
            ],
        )
    ]
