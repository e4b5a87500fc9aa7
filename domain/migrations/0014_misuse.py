from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from domain.migrations._operation import ReviewedSql


class Migration(migrations.Migration):
    dependencies = [("liudai", "0013_custom_plans")]

    initial = False

    operations = [
        ReviewedSql(
            "0014_misuse",
            [
                ops.AddField(
                    model_name="Loan",
                    name="misuse",
                    field=fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads),
                ),
            ],
        )
    ]
