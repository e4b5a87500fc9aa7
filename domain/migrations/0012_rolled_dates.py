from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from domain.migrations._operation import ReviewedSql


class Migration(migrations.Migration):
    dependencies = [("liudai", "0011_maturities")]

    initial = False

    operations = [
        ReviewedSql(
            "0012_rolled_dates",
            [
                ops.AddField(
                    model_name="Loan",
                    name="calendar",
                    field=fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads),
                ),
                ops.AddField(
                    model_name="Loan",
                    name="counted_from",
                    field=fields.DateField(null=True),
                ),
                ops.AddField(
                    model_name="Loan",
                    name="roll",
                    field=fields.CharField(default="NONE", max_length=20),
                ),
            ],
        )
    ]
