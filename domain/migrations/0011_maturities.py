from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from domain.migrations._operation import ReviewedSql


class Migration(migrations.Migration):
    dependencies = [("liudai", "0010_own_accounts")]

    initial = False

    operations = [
        ReviewedSql(
            "0011_maturities",
            [
                ops.AddField(
                    model_name="Loan",
                    name="matured",
                    field=fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads),
                ),
                ops.RemoveField(model_name="Loan", name="matured_on"),
            ],
        )
    ]
