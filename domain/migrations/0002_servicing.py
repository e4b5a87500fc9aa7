from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from tortoise.indexes import Index
from domain.migrations._operation import ReviewedSql


class Migration(migrations.Migration):
    dependencies = [("liudai", "0001_initial")]

    initial = False

    operations = [
        ReviewedSql(
            "0002_servicing",
            [
                ops.CreateModel(
                    name="LoanCharge",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("loan_id", fields.BigIntField()),
                        ("number", fields.SmallIntField()),
                        ("code", fields.CharField(max_length=20)),
                        ("currency", fields.CharField(max_length=3)),
                        ("due_date", fields.DateField()),
                        ("amount", fields.BigIntField()),
                        ("paid", fields.BigIntField(default=0)),
                        ("waived", fields.BigIntField(default=0)),
                        ("settled_on", fields.DateField(null=True)),
                    ],
                    options={
                        "table": "loan_charge",
                        "app": "liudai",
                        "unique_together": (("loan_id", "number"),),
                        "pk_attr": "id",
                        "table_description": "费用: a fee or cost that the borrower owes besides interest.",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="LoanEvent",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("loan_id", fields.BigIntField()),
                        ("sequence", fields.IntField()),
                        ("kind", fields.CharField(max_length=20)),
                        ("value_date", fields.DateField()),
                        ("posting_date", fields.DateField()),
                        ("currency", fields.CharField(max_length=3)),
                        ("amount", fields.BigIntField(default=0)),
                        ("data", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                        ("reason", fields.CharField(default="", max_length=500)),
                        ("reversed_by", fields.IntField(null=True)),
                        ("recorded_by_kind", fields.CharField(max_length=20)),
                        ("recorded_by_id", fields.BigIntField()),
                        ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ],
                    options={
                        "table": "loan_event",
                        "app": "liudai",
                        "unique_together": (("loan_id", "sequence"),),
                        "indexes": [Index(fields=["kind", "value_date"])],
                        "pk_attr": "id",
                        "table_description": "借据事件: one change of a loan that is no payment. With the repayments it is the loan's whole",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="SupersededInstallment",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("loan_id", fields.BigIntField()),
                        ("event_sequence", fields.IntField()),
                        ("number", fields.SmallIntField()),
                        ("currency", fields.CharField(max_length=3)),
                        ("start_date", fields.DateField()),
                        ("end_date", fields.DateField()),
                        ("due_date", fields.DateField()),
                        ("days", fields.IntField()),
                        ("opening", fields.BigIntField()),
                        ("principal", fields.BigIntField()),
                        ("interest", fields.BigIntField()),
                        (
                            "balance_changes",
                            fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads),
                        ),
                    ],
                    options={
                        "table": "superseded_installment",
                        "app": "liudai",
                        "unique_together": (("loan_id", "event_sequence", "number"),),
                        "pk_attr": "id",
                        "table_description": "分期 of a schedule as it stood before the event that replaced it; the first event's rows are",
                    },
                    bases=["Model"],
                ),
                ops.AddField(
                    model_name="Installment",
                    name="balance_changes",
                    field=fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads),
                ),
                ops.AddField(
                    model_name="Installment",
                    name="compound_waived",
                    field=fields.BigIntField(default=0),
                ),
                ops.AddField(
                    model_name="Installment",
                    name="principal_moved",
                    field=fields.BigIntField(default=0),
                ),
                ops.AddField(
                    model_name="Installment",
                    name="interest_waived",
                    field=fields.BigIntField(default=0),
                ),
                ops.AddField(
                    model_name="Installment",
                    name="penalty_waived",
                    field=fields.BigIntField(default=0),
                ),
                ops.AlterField(
                    model_name="LedgerEntry",
                    name="borrower_id",
                    field=fields.BigIntField(null=True),
                ),
                ops.AlterField(
                    model_name="LedgerEntry",
                    name="branch_id",
                    field=fields.BigIntField(null=True),
                ),
                ops.AlterField(
                    model_name="LedgerEntry",
                    name="loan_id",
                    field=fields.BigIntField(null=True, db_index=True),
                ),
                ops.RemoveIndex(
                    model_name="Loan",
                    name=None,
                    fields=["state", "accrued_through"],
                ),
                ops.AddField(
                    model_name="Loan",
                    name="arrears_cleared_on",
                    field=fields.DateField(null=True),
                ),
                ops.AddField(
                    model_name="Loan",
                    name="matured_on",
                    field=fields.DateField(null=True),
                ),
                ops.AddField(
                    model_name="Loan",
                    name="book_status",
                    field=fields.CharField(default="ACCRUING", max_length=12),
                ),
                ops.AddField(
                    model_name="Loan",
                    name="compound_paid",
                    field=fields.BigIntField(default=0),
                ),
                ops.AddField(
                    model_name="Loan",
                    name="cure_days",
                    field=fields.SmallIntField(),
                ),
                ops.AddField(
                    model_name="Loan",
                    name="current_method",
                    field=fields.CharField(max_length=20),
                ),
                ops.AddField(
                    model_name="Loan",
                    name="event_count",
                    field=fields.IntField(default=0),
                ),
                ops.AddField(
                    model_name="Loan",
                    name="fee_paid",
                    field=fields.BigIntField(default=0),
                ),
                ops.AddField(
                    model_name="Loan",
                    name="fee_receivable",
                    field=fields.BigIntField(default=0),
                ),
                ops.AddField(
                    model_name="Loan",
                    name="interest_paid",
                    field=fields.BigIntField(default=0),
                ),
                ops.AddField(
                    model_name="Loan",
                    name="limit_used",
                    field=fields.BigIntField(),
                ),
                ops.AddField(
                    model_name="Loan",
                    name="non_accrual_beyond_days",
                    field=fields.SmallIntField(),
                ),
                ops.AddField(
                    model_name="Loan",
                    name="penalty_paid",
                    field=fields.BigIntField(default=0),
                ),
                ops.AddField(
                    model_name="Loan",
                    name="prepayment_fee_rate",
                    field=fields.DecimalField(max_digits=8, decimal_places=6),
                ),
                ops.AddField(
                    model_name="Loan",
                    name="profile",
                    field=fields.CharField(max_length=20),
                ),
                ops.AddField(
                    model_name="Loan",
                    name="rate_changes",
                    field=fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads),
                ),
                ops.AddField(
                    model_name="Loan",
                    name="taxed_income",
                    field=fields.BigIntField(default=0),
                ),
                ops.AddField(
                    model_name="Loan",
                    name="vat",
                    field=fields.BigIntField(default=0),
                ),
                ops.AddField(
                    model_name="Loan",
                    name="written_off",
                    field=fields.BigIntField(default=0),
                ),
                ops.AddField(
                    model_name="Repayment",
                    name="keep",
                    field=fields.CharField(default="", max_length=12),
                ),
                ops.AddField(
                    model_name="Repayment",
                    name="payer_role",
                    field=fields.CharField(default="BORROWER", max_length=20),
                ),
                ops.AddField(
                    model_name="Repayment",
                    name="posting_date",
                    field=fields.DateField(),
                ),
                ops.AddField(
                    model_name="Repayment",
                    name="reversed_by",
                    field=fields.IntField(null=True),
                ),
                ops.AddField(
                    model_name="Repayment",
                    name="sequence",
                    field=fields.IntField(),
                ),
                ops.AlterModelOptions(
                    name="RepaymentAllocation",
                    options={
                        "table": "repayment_allocation",
                        "app": "liudai",
                        "indexes": [Index(fields=["loan_id", "installment_number"])],
                        "pk_attr": "id",
                        "table_description": "冲账: how much of a repayment went to which bucket of which instalment (for COSTS: of which",
                    },
                ),
                ops.AlterField(
                    model_name="RepaymentAllocation",
                    name="repayment_id",
                    field=fields.BigIntField(null=True, db_index=True),
                ),
                ops.AddField(
                    model_name="RepaymentAllocation",
                    name="event_sequence",
                    field=fields.IntField(),
                ),
                ops.AddField(
                    model_name="RepaymentAllocation",
                    name="superseded_by",
                    field=fields.IntField(null=True),
                ),
            ],
        )
    ]
