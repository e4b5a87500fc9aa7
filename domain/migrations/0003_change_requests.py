from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields
from tortoise.indexes import Index
from domain.migrations._operation import ReviewedSql


class Migration(migrations.Migration):
    dependencies = [("liudai", "0002_servicing")]

    initial = False

    operations = [
        ReviewedSql(
            "0003_change_requests",
            [
                ops.CreateModel(
                    name="BenchmarkRate",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("name", fields.CharField(max_length=20)),
                        ("tenor", fields.CharField(max_length=10)),
                        ("published_on", fields.DateField()),
                        ("rate", fields.DecimalField(max_digits=14, decimal_places=12)),
                        ("citation", fields.CharField(max_length=300)),
                        ("confirmed", fields.BooleanField()),
                        ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ],
                    options={
                        "table": "benchmark_rate",
                        "app": "liudai",
                        "unique_together": (("name", "tenor", "published_on"),),
                        "pk_attr": "id",
                        "table_description": "基准利率: one fixing of one tenor, such as LPR 1Y. Append-only.",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="CalendarDay",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("calendar", fields.CharField(max_length=20)),
                        ("date", fields.DateField()),
                        ("kind", fields.CharField(max_length=10)),
                        ("name", fields.CharField(max_length=60)),
                        ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ],
                    options={
                        "table": "calendar_day",
                        "app": "liudai",
                        "unique_together": (("calendar", "date"),),
                        "pk_attr": "id",
                        "table_description": "A day on which a calendar differs from its weekends: a holiday, or a weekend worked.",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="ChangeRequest",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("kind", fields.CharField(max_length=40)),
                        ("state", fields.CharField(max_length=20)),
                        ("subject_noun", fields.CharField(default="", max_length=30)),
                        ("subject_id", fields.BigIntField(default=0)),
                        ("payload", fields.TextField(unique=False)),
                        ("summary_en", fields.CharField(max_length=1000)),
                        ("summary_zh", fields.CharField(max_length=1000)),
                        ("content_sha256", fields.CharField(max_length=64)),
                        ("reason", fields.CharField(max_length=500)),
                        ("borrower_id", fields.BigIntField(null=True)),
                        ("branch_id", fields.BigIntField(null=True)),
                        ("proposed_by_kind", fields.CharField(max_length=20)),
                        ("proposed_by_id", fields.BigIntField()),
                        ("proposed_by_name", fields.CharField(max_length=100)),
                        ("proposed_on", fields.DateField()),
                        ("proposed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                        ("expires_on", fields.DateField()),
                        ("decided_by_id", fields.BigIntField(null=True)),
                        ("decided_by_name", fields.CharField(default="", max_length=100)),
                        (
                            "decided_at",
                            fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                        ),
                        ("comment", fields.CharField(default="", max_length=500)),
                        ("made", fields.TextField(unique=False)),
                    ],
                    options={
                        "table": "change_request",
                        "app": "liudai",
                        "indexes": [
                            Index(fields=["state", "expires_on"]),
                            Index(fields=["subject_noun", "subject_id"]),
                            Index(fields=["kind", "state"]),
                        ],
                        "pk_attr": "id",
                        "table_description": "变更申请. The content never changes and a decided row never moves: triggers see to both.",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="ExchangeRate",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("base", fields.CharField(max_length=3)),
                        ("quote", fields.CharField(max_length=3)),
                        ("quoted_on", fields.DateField()),
                        ("rate", fields.DecimalField(max_digits=22, decimal_places=12)),
                        ("citation", fields.CharField(max_length=300)),
                        ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ],
                    options={
                        "table": "exchange_rate",
                        "app": "liudai",
                        "unique_together": (("base", "quote", "quoted_on"),),
                        "pk_attr": "id",
                        "table_description": "How many units of `quote` one unit of `base` is worth on a day. Append-only.",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="PostingProfile",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("event", fields.CharField(max_length=30)),
                        ("role", fields.CharField(max_length=40)),
                        ("account_code", fields.CharField(max_length=20)),
                        ("effective_from", fields.DateField()),
                        ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ],
                    options={
                        "table": "posting_profile",
                        "app": "liudai",
                        "unique_together": (("event", "role", "effective_from"),),
                        "pk_attr": "id",
                        "table_description": "Which account of the chart a role of an event posts to, from a day on. Append-only.",
                    },
                    bases=["Model"],
                ),
                ops.AddField(
                    model_name="BankAccount",
                    name="approved_on",
                    field=fields.DateField(null=True),
                ),
                ops.AddField(
                    model_name="BankAccount",
                    name="state",
                    field=fields.CharField(default="PENDING", max_length=10),
                ),
                ops.AddField(
                    model_name="BankAccount",
                    name="usable_from",
                    field=fields.DateField(null=True),
                ),
            ],
        )
    ]
