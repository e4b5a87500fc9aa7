from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields
from tortoise.migrations.constraints import UniqueConstraint
from domain.migrations._operation import ReviewedSql


class Migration(migrations.Migration):
    dependencies = [("liudai", "0009_lighter_close")]

    initial = False

    operations = [
        ReviewedSql(
            "0010_own_accounts",
            [
                ops.RemoveConstraint(
                    model_name="PostingProfile",
                    name=None,
                    fields=["event", "role", "effective_from"],
                ),
                ops.AlterModelOptions(
                    name="PostingProfile",
                    options={
                        "table": "posting_profile",
                        "app": "liudai",
                        "unique_together": (("role", "effective_from"),),
                        "pk_attr": "id",
                        "table_description": "What an account of our chart, by its name (`role`), is in the lender's own chart from a day",
                    },
                ),
                ops.AddField(
                    model_name="PostingProfile",
                    name="name_en",
                    field=fields.CharField(max_length=100),
                ),
                ops.AddField(
                    model_name="PostingProfile",
                    name="name_zh",
                    field=fields.CharField(max_length=100),
                ),
                ops.RemoveField(model_name="PostingProfile", name="event"),
                ops.AddConstraint(
                    model_name="PostingProfile",
                    constraint=UniqueConstraint(fields=("role", "effective_from"), name=None),
                ),
            ],
        )
    ]
