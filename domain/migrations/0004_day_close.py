from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from tortoise.indexes import Index
from domain.migrations._operation import ReviewedSql


class Migration(migrations.Migration):
    dependencies = [("liudai", "0003_change_requests")]

    initial = False

    operations = [
        ReviewedSql(
            "0004_day_close",
            [
                ops.CreateModel(
                    name="BusinessDay",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("day", fields.DateField(unique=True)),
                        ("state", fields.CharField(max_length=24)),
                        ("loans", fields.IntField(default=0)),
                        ("set_aside", fields.IntField(default=0)),
                        ("set_aside_limit", fields.IntField(default=0)),
                        ("faults", fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                        ("job_id", fields.BigIntField(null=True)),
                        (
                            "opened_at",
                            fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                        ),
                        (
                            "closing_started_at",
                            fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                        ),
                        (
                            "verified_at",
                            fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                        ),
                        (
                            "closed_at",
                            fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                        ),
                    ],
                    options={
                        "table": "business_day",
                        "app": "liudai",
                        "pk_attr": "id",
                        "table_description": "营业日: one business day from its opening to its close.",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="CloseAccrual",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("day", fields.DateField()),
                        ("loan_id", fields.BigIntField()),
                        ("number", fields.SmallIntField()),
                        ("interest", fields.BigIntField()),
                        ("penalty", fields.BigIntField()),
                        ("compound", fields.BigIntField()),
                        ("taxed", fields.BigIntField()),
                        ("vat", fields.BigIntField()),
                    ],
                    options={
                        "table": "close_accrual",
                        "app": "liudai",
                        "unique_together": (("day", "loan_id", "number"),),
                        "pk_attr": "id",
                        "table_description": "What a shard worked out for an instalment of a loan with a quiet day: the accruals, and in",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="CloseShard",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("day", fields.DateField()),
                        ("from_id", fields.BigIntField()),
                        ("to_id", fields.BigIntField()),
                        ("state", fields.CharField(max_length=8)),
                        ("expected", fields.IntField()),
                        ("loans", fields.IntField(default=0)),
                        ("singly", fields.IntField(default=0)),
                        ("attempts", fields.IntField(default=0)),
                        ("lease_owner", fields.CharField(default="", max_length=60)),
                        (
                            "heartbeat_at",
                            fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                        ),
                        ("error", fields.CharField(default="", max_length=500)),
                        (
                            "finished_at",
                            fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                        ),
                    ],
                    options={
                        "table": "close_shard",
                        "app": "liudai",
                        "unique_together": (("day", "from_id"),),
                        "pk_attr": "id",
                        "table_description": "A range of loans of a closing day: one transaction, by whoever holds the lease.",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="LoanSetAside",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("loan_id", fields.BigIntField()),
                        ("day", fields.DateField()),
                        ("reason", fields.CharField(max_length=500)),
                        ("reason_zh", fields.CharField(max_length=500)),
                        ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                        (
                            "resolved_at",
                            fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                        ),
                        ("resolved_by_id", fields.BigIntField(null=True)),
                    ],
                    options={
                        "table": "loan_set_aside",
                        "app": "liudai",
                        "unique_together": (("loan_id", "day"),),
                        "indexes": [Index(fields=["day", "resolved_at"])],
                        "pk_attr": "id",
                        "table_description": "A loan that a day close could not work out, and why; no money moves on it until",
                    },
                    bases=["Model"],
                ),
                ops.AlterField(
                    model_name="Installment",
                    name="loan_id",
                    field=fields.BigIntField(),
                ),
                ops.AddIndex(
                    model_name="Installment",
                    index=Index(fields=["loan_id", "settled_on", "start_date"]),
                ),
            ],
        )
    ]
