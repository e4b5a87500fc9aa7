from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields
from domain.migrations._operation import ReviewedSql


class Migration(migrations.Migration):
    dependencies = [("liudai", "0014_misuse")]

    initial = False

    operations = [
        ReviewedSql(
            "0015_prepayment_notice",
            [
                ops.AddField(
                    model_name="Loan",
                    name="prepayment_notice_days",
                    field=fields.SmallIntField(default=0),
                ),
            ],
        )
    ]
