from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint
from domain.migrations._operation import ReviewedSql


class Migration(migrations.Migration):
    dependencies = [("liudai", "0004_day_close")]

    initial = False

    operations = [
        ReviewedSql(
            "0005_payment_files",
            [
                ops.CreateModel(
                    name="IncomingPayment",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("source", fields.CharField(max_length=60)),
                        ("external_reference", fields.CharField(max_length=100)),
                        ("file_id", fields.BigIntField(null=True, db_index=True)),
                        ("state", fields.CharField(max_length=12)),
                        ("currency", fields.CharField(max_length=3)),
                        ("amount", fields.BigIntField()),
                        ("value_date", fields.DateField()),
                        ("received_on", fields.DateField()),
                        ("payer_name", fields.CharField(default="", max_length=200)),
                        ("payer_account_cipher", fields.CharField(null=True, max_length=200)),
                        ("payer_account_tail", fields.CharField(default="", max_length=4)),
                        ("loan_number", fields.CharField(default="", max_length=40)),
                        ("remittance", fields.CharField(default="", max_length=500)),
                        ("reasons", fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                        ("loan_id", fields.BigIntField(null=True, db_index=True)),
                        ("repayment_id", fields.BigIntField(null=True, unique=True)),
                        ("cash_journal", fields.CharField(default="", max_length=40)),
                        ("suspended_on", fields.DateField(null=True)),
                        ("settled_on", fields.DateField(null=True)),
                        ("received_by_kind", fields.CharField(max_length=20)),
                        ("received_by_id", fields.BigIntField()),
                        ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ],
                    options={
                        "table": "incoming_payment",
                        "app": "liudai",
                        "unique_together": (("source", "external_reference"),),
                        "constraints": [
                            CheckConstraint(check="amount > 0", name="incoming_amount_positive")
                        ],
                        "indexes": [
                            Index(fields=["state", "received_on"]),
                            Index(fields=["received_on", "source"]),
                        ],
                        "pk_attr": "id",
                        "table_description": "来款: money that came in, by file or by API, once only by (source, external_reference).",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="PaymentFile",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("source", fields.CharField(max_length=60)),
                        ("name", fields.CharField(max_length=200)),
                        ("format", fields.CharField(max_length=10)),
                        ("encoding", fields.CharField(max_length=10)),
                        ("sha256", fields.CharField(null=True, unique=True, max_length=64)),
                        ("size_bytes", fields.BigIntField()),
                        ("state", fields.CharField(max_length=12)),
                        ("line_count", fields.IntField()),
                        ("lines_stored", fields.IntField(default=0)),
                        ("totals", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                        ("reasons", fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                        ("job_id", fields.BigIntField(null=True)),
                        ("received_on", fields.DateField()),
                        ("posted_on", fields.DateField(null=True)),
                        ("imported_by_id", fields.BigIntField()),
                        ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ],
                    options={
                        "table": "payment_file",
                        "app": "liudai",
                        "indexes": [Index(fields=["received_on"])],
                        "pk_attr": "id",
                        "table_description": "收款文件. `sha256` is unique, so no file is taken twice (NULL once",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="PaymentFileLine",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("file_id", fields.BigIntField()),
                        ("number", fields.IntField()),
                        ("flow", fields.CharField(max_length=10)),
                        ("state", fields.CharField(max_length=16)),
                        ("external_reference", fields.CharField(max_length=100)),
                        ("currency", fields.CharField(max_length=3)),
                        ("amount", fields.BigIntField(null=True)),
                        ("value_date", fields.DateField(null=True)),
                        ("payer_name", fields.CharField(default="", max_length=200)),
                        ("payer_account_cipher", fields.CharField(null=True, max_length=200)),
                        ("payer_account_tail", fields.CharField(default="", max_length=4)),
                        ("loan_number", fields.CharField(default="", max_length=40)),
                        ("remittance", fields.CharField(default="", max_length=500)),
                        ("order_number", fields.CharField(default="", max_length=40)),
                        ("reasons", fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                        ("incoming_payment_id", fields.BigIntField(null=True)),
                    ],
                    options={
                        "table": "payment_file_line",
                        "app": "liudai",
                        "unique_together": (("file_id", "number"),),
                        "indexes": [Index(fields=["file_id", "state", "id"])],
                        "pk_attr": "id",
                        "table_description": "A line of a payment file as it was read, and what became of it; `order_number` is that of",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="PaymentOrder",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("purpose", fields.CharField(max_length=20)),
                        ("state", fields.CharField(max_length=12)),
                        ("disbursement_id", fields.BigIntField(null=True, unique=True)),
                        ("loan_id", fields.BigIntField(null=True, db_index=True)),
                        ("incoming_payment_id", fields.BigIntField(null=True, db_index=True)),
                        ("branch_id", fields.BigIntField(null=True, db_index=True)),
                        ("borrower_id", fields.BigIntField(null=True)),
                        ("currency", fields.CharField(max_length=3)),
                        ("amount", fields.BigIntField()),
                        ("payee_name", fields.CharField(max_length=200)),
                        ("payee_account_cipher", fields.CharField(null=True, max_length=200)),
                        ("payee_account_tail", fields.CharField(default="", max_length=4)),
                        ("remittance", fields.CharField(default="", max_length=140)),
                        ("file_id", fields.BigIntField(null=True, db_index=True)),
                        ("bank_reference", fields.CharField(default="", max_length=100)),
                        ("bounce_reason", fields.CharField(default="", max_length=200)),
                        ("created_on", fields.DateField()),
                        ("exported_on", fields.DateField(null=True)),
                        ("confirmed_on", fields.DateField(null=True)),
                        ("bounced_on", fields.DateField(null=True)),
                        ("created_by_id", fields.BigIntField()),
                        ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ],
                    options={
                        "table": "payment_order",
                        "app": "liudai",
                        "constraints": [
                            CheckConstraint(check="amount > 0", name="order_amount_positive")
                        ],
                        "indexes": [Index(fields=["state", "currency"])],
                        "pk_attr": "id",
                        "table_description": "付款指令: what the bank is to pay, for a disbursement or money sent back. `bank_reference`",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="PaymentOrderFile",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("format", fields.CharField(max_length=10)),
                        ("currency", fields.CharField(max_length=3)),
                        ("order_count", fields.IntField()),
                        ("total", fields.BigIntField()),
                        ("sha256", fields.CharField(max_length=64)),
                        ("text_cipher", fields.TextField(unique=False)),
                        ("exported_on", fields.DateField()),
                        ("exported_by_id", fields.BigIntField()),
                        ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ],
                    options={
                        "table": "payment_order_file",
                        "app": "liudai",
                        "indexes": [Index(fields=["exported_on"])],
                        "pk_attr": "id",
                        "table_description": "A file of exported orders. Its text names accounts, so it is kept encrypted.",
                    },
                    bases=["Model"],
                ),
            ],
        )
    ]
