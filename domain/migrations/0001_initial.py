from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint
from domain.migrations._operation import ReviewedSql


class Migration(migrations.Migration):
    initial = True

    operations = [
        ReviewedSql(
            "0001_initial",
            [
                ops.CreateModel(
                    name="ApprovalAuthority",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("profile", fields.CharField(max_length=20)),
                        ("currency", fields.CharField(max_length=3)),
                        ("amount_to", fields.BigIntField(null=True)),
                        ("grade_from", fields.CharField(max_length=4)),
                        ("grade_to", fields.CharField(max_length=4)),
                        ("levels", fields.CharField(max_length=20)),
                        ("effective_from", fields.DateField()),
                        ("citation", fields.CharField(max_length=300)),
                        ("confirmed", fields.BooleanField()),
                    ],
                    options={
                        "table": "approval_authority",
                        "app": "liudai",
                        "pk_attr": "id",
                        "table_description": "审批权限: applications up to `amount_to` in a grade band need `levels` approvers.",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="ApprovalTask",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("application_id", fields.BigIntField(db_index=True)),
                        ("round", fields.SmallIntField()),
                        ("level", fields.SmallIntField()),
                        ("state", fields.CharField(max_length=20)),
                        ("decided_by_id", fields.BigIntField(null=True)),
                        (
                            "decided_at",
                            fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                        ),
                        ("content_sha256", fields.CharField(default="", max_length=64)),
                        ("override_reason", fields.CharField(default="", max_length=60)),
                        ("comment", fields.CharField(default="", max_length=500)),
                        ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ],
                    options={
                        "table": "approval_task",
                        "app": "liudai",
                        "unique_together": (("application_id", "round", "level"),),
                        "indexes": [Index(fields=["state"])],
                        "pk_attr": "id",
                        "table_description": "审批任务: one level of one round. `content_sha256` is what the approver signed.",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="AuditBlock",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("previous_hash", fields.CharField(unique=True, max_length=64)),
                        ("entries_sha256", fields.CharField(max_length=64)),
                        ("entry_count", fields.IntField()),
                        ("hash", fields.CharField(unique=True, max_length=64)),
                        ("sealed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                    ],
                    options={
                        "table": "audit_block",
                        "app": "liudai",
                        "pk_attr": "id",
                        "table_description": "A sealed set of audit entries; `hash` covers them and the block before. Append-only.",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="AuditEntry",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                        ("actor_kind", fields.CharField(max_length=20)),
                        ("actor_id", fields.BigIntField()),
                        ("actor_name", fields.CharField(max_length=100)),
                        ("action", fields.CharField(max_length=60)),
                        ("outcome", fields.CharField(max_length=10)),
                        ("noun", fields.CharField(default="", max_length=30)),
                        ("noun_id", fields.BigIntField(default=0)),
                        ("before", fields.TextField(unique=False)),
                        ("after", fields.TextField(unique=False)),
                        ("request_id", fields.CharField(default="", max_length=40)),
                    ],
                    options={
                        "table": "audit_entry",
                        "app": "liudai",
                        "indexes": [
                            Index(fields=["noun", "noun_id"]),
                            Index(fields=["actor_kind", "actor_id"]),
                        ],
                        "pk_attr": "id",
                        "table_description": "Who did (or was refused) what, when, with the state before and after. Append-only.",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="AuditSeal",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("entry_id", fields.BigIntField(unique=True)),
                        ("block_id", fields.BigIntField(db_index=True)),
                    ],
                    options={
                        "table": "audit_seal",
                        "app": "liudai",
                        "pk_attr": "id",
                        "table_description": "Which block sealed which entry (a late commit may carry a lower id). Append-only.",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="BankAccount",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("borrower_id", fields.BigIntField(db_index=True)),
                        ("bank_name", fields.CharField(max_length=100)),
                        ("account_name", fields.CharField(max_length=200)),
                        ("number_cipher", fields.CharField(max_length=200)),
                        ("number_index", fields.CharField(max_length=64)),
                        ("number_tail", fields.CharField(max_length=4)),
                        ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ],
                    options={
                        "table": "bank_account",
                        "app": "liudai",
                        "unique_together": (("borrower_id", "number_index"),),
                        "pk_attr": "id",
                        "table_description": "A borrower's bank account; the number is encrypted, the tail is for the eye.",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="Borrower",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("profile", fields.CharField(max_length=20)),
                        ("kind", fields.CharField(max_length=20)),
                        ("name", fields.CharField(max_length=200)),
                        (
                            "unified_social_credit_code",
                            fields.CharField(null=True, unique=True, max_length=18),
                        ),
                        ("external_id", fields.CharField(null=True, unique=True, max_length=60)),
                        ("resident_id_cipher", fields.CharField(null=True, max_length=200)),
                        (
                            "resident_id_index",
                            fields.CharField(null=True, unique=True, max_length=64),
                        ),
                        ("resident_id_tail", fields.CharField(default="", max_length=4)),
                        ("industry_code", fields.CharField(default="", max_length=10)),
                        ("enterprise_size", fields.CharField(default="", max_length=10)),
                        ("region", fields.CharField(default="", max_length=20)),
                        ("registered_on", fields.DateField(null=True)),
                        ("branch_id", fields.BigIntField(db_index=True)),
                        ("officer_id", fields.BigIntField(null=True, db_index=True)),
                        ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ],
                    options={
                        "table": "borrower",
                        "app": "liudai",
                        "pk_attr": "id",
                        "table_description": "借款人. The resident ID is encrypted; its blind index keeps it unique.",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="BorrowerUser",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("subject", fields.CharField(unique=True, max_length=190)),
                        ("name", fields.CharField(max_length=100)),
                        ("borrower_id", fields.BigIntField(null=True, db_index=True)),
                        ("active", fields.BooleanField(default=True)),
                        ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ],
                    options={
                        "table": "borrower_user",
                        "app": "liudai",
                        "pk_attr": "id",
                        "table_description": "A person who acts for a borrower through an app; `borrower_id` is null until registration.",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="Branch",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("code", fields.CharField(unique=True, max_length=20)),
                        ("name", fields.CharField(max_length=100)),
                        ("parent_id", fields.BigIntField(null=True)),
                        ("path", fields.CharField(db_index=True, max_length=200)),
                    ],
                    options={
                        "table": "branch",
                        "app": "liudai",
                        "pk_attr": "id",
                        "table_description": 'A branch of the lender; `path` is "/1/4/" so that a subtree is a prefix.',
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="BusinessDate",
                    fields=[
                        (
                            "id",
                            fields.SmallIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("current", fields.DateField()),
                        ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
                    ],
                    options={
                        "table": "business_date",
                        "app": "liudai",
                        "pk_attr": "id",
                        "table_description": "The lender's business date: one row, id 1, apart from the clock.",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="CaseAssignment",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("noun", fields.CharField(max_length=30)),
                        ("noun_id", fields.BigIntField()),
                        ("employee_id", fields.BigIntField(null=True)),
                        ("branch_id", fields.BigIntField()),
                        ("from_date", fields.DateField()),
                        ("to_date", fields.DateField(null=True)),
                        ("reason", fields.CharField(default="", max_length=200)),
                        ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ],
                    options={
                        "table": "case_assignment",
                        "app": "liudai",
                        "indexes": [
                            Index(fields=["noun", "noun_id"]),
                            Index(fields=["employee_id"]),
                        ],
                        "pk_attr": "id",
                        "table_description": "Which officer of which branch held a borrower, application or loan, from when to when.",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="CreditFacility",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("borrower_id", fields.BigIntField(db_index=True)),
                        ("branch_id", fields.BigIntField(db_index=True)),
                        ("currency", fields.CharField(max_length=3)),
                        ("limit_amount", fields.BigIntField()),
                        ("reserved", fields.BigIntField(default=0)),
                        ("used", fields.BigIntField(default=0)),
                        ("excess", fields.BigIntField(default=0)),
                        ("revolving", fields.BooleanField()),
                        ("state", fields.CharField(max_length=20)),
                        ("expires_on", fields.DateField()),
                        ("proposed_by_id", fields.BigIntField()),
                        ("activated_by_id", fields.BigIntField(null=True)),
                        ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ],
                    options={
                        "table": "credit_facility",
                        "app": "liudai",
                        "constraints": [
                            CheckConstraint(
                                check="reserved >= 0 AND used >= 0 AND excess >= 0 AND reserved + used <= limit_amount + excess",
                                name="facility_within_limit",
                            )
                        ],
                        "pk_attr": "id",
                        "table_description": "授信额度. `excess` is the part by which a lowered limit is exceeded (then available = 0).",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="Disbursement",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("drawdown_id", fields.BigIntField(unique=True)),
                        ("loan_id", fields.BigIntField(unique=True)),
                        ("currency", fields.CharField(max_length=3)),
                        ("amount", fields.BigIntField()),
                        ("value_date", fields.DateField()),
                        ("disbursed_by_id", fields.BigIntField()),
                        ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ],
                    options={
                        "table": "disbursement",
                        "app": "liudai",
                        "pk_attr": "id",
                        "table_description": "放款: the money that went out for a drawdown, once.",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="Drawdown",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("contract_id", fields.BigIntField(db_index=True)),
                        ("facility_id", fields.BigIntField(db_index=True)),
                        ("borrower_id", fields.BigIntField(db_index=True)),
                        ("branch_id", fields.BigIntField(db_index=True)),
                        ("state", fields.CharField(max_length=20)),
                        ("currency", fields.CharField(max_length=3)),
                        ("amount", fields.BigIntField()),
                        ("installments", fields.SmallIntField()),
                        ("payment_method", fields.CharField(max_length=20)),
                        ("payee_name", fields.CharField(default="", max_length=200)),
                        ("payee_account_cipher", fields.CharField(null=True, max_length=200)),
                        ("payee_account_tail", fields.CharField(default="", max_length=4)),
                        ("evidence_number", fields.CharField(default="", max_length=100)),
                        ("requested_by_kind", fields.CharField(max_length=20)),
                        ("requested_by_id", fields.BigIntField()),
                        ("requested_on", fields.DateField()),
                        ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ],
                    options={
                        "table": "drawdown",
                        "app": "liudai",
                        "pk_attr": "id",
                        "table_description": "提款: reserves the facility under lock until it is disbursed or cancelled.",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="Employee",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("subject", fields.CharField(unique=True, max_length=190)),
                        ("name", fields.CharField(max_length=100)),
                        ("branch_id", fields.BigIntField(db_index=True)),
                        ("approval_level", fields.SmallIntField(default=0)),
                        ("active", fields.BooleanField(default=True)),
                        ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ],
                    options={
                        "table": "employee",
                        "app": "liudai",
                        "pk_attr": "id",
                        "table_description": "A person who works for the lender; `subject` is the `sub` of the person's token.",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="EmployeeRole",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("employee_id", fields.BigIntField(db_index=True)),
                        ("role", fields.CharField(max_length=30)),
                        ("granted_by", fields.BigIntField(null=True)),
                        ("granted_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                        (
                            "revoked_at",
                            fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                        ),
                    ],
                    options={
                        "table": "employee_role",
                        "app": "liudai",
                        "pk_attr": "id",
                        "table_description": "One role of one employee, from a date until it was taken away.",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="FinancialStatement",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("borrower_id", fields.BigIntField(db_index=True)),
                        ("version", fields.SmallIntField(default=1)),
                        ("period_start", fields.DateField()),
                        ("period_end", fields.DateField()),
                        ("currency", fields.CharField(max_length=3)),
                        ("revenue", fields.BigIntField()),
                        ("cost_of_sales", fields.BigIntField()),
                        ("profit", fields.BigIntField()),
                        ("inventory_opening", fields.BigIntField()),
                        ("inventory_closing", fields.BigIntField()),
                        ("receivables_opening", fields.BigIntField()),
                        ("receivables_closing", fields.BigIntField()),
                        ("prepayments_opening", fields.BigIntField()),
                        ("prepayments_closing", fields.BigIntField()),
                        ("payables_opening", fields.BigIntField()),
                        ("payables_closing", fields.BigIntField()),
                        ("advance_receipts_opening", fields.BigIntField()),
                        ("advance_receipts_closing", fields.BigIntField()),
                        ("current_assets", fields.BigIntField()),
                        ("total_assets", fields.BigIntField()),
                        ("current_liabilities", fields.BigIntField()),
                        ("total_liabilities", fields.BigIntField()),
                        ("equity", fields.BigIntField()),
                        ("recorded_by_kind", fields.CharField(max_length=20)),
                        ("recorded_by_id", fields.BigIntField()),
                        ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ],
                    options={
                        "table": "financial_statement",
                        "app": "liudai",
                        "unique_together": (("borrower_id", "period_end", "version"),),
                        "pk_attr": "id",
                        "table_description": "财务报表 of one year: flows of the year and opening and closing balances.",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="IdempotencyRecord",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("caller", fields.CharField(max_length=60)),
                        ("action", fields.CharField(max_length=60)),
                        ("key", fields.CharField(max_length=100)),
                        ("arguments_sha256", fields.CharField(max_length=64)),
                        ("result", fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                        ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ],
                    options={
                        "table": "idempotency_record",
                        "app": "liudai",
                        "unique_together": (("caller", "action", "key"),),
                        "pk_attr": "id",
                        "table_description": "One effect of one mutation, by caller and key; `result` names the nouns it changed.",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="Installment",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("loan_id", fields.BigIntField(db_index=True)),
                        ("number", fields.SmallIntField()),
                        ("currency", fields.CharField(max_length=3)),
                        ("start_date", fields.DateField()),
                        ("end_date", fields.DateField()),
                        ("due_date", fields.DateField()),
                        ("days", fields.IntField()),
                        ("opening", fields.BigIntField()),
                        ("principal", fields.BigIntField()),
                        ("interest", fields.BigIntField()),
                        ("principal_paid", fields.BigIntField(default=0)),
                        ("interest_paid", fields.BigIntField(default=0)),
                        ("penalty_accrued", fields.BigIntField(default=0)),
                        ("penalty_paid", fields.BigIntField(default=0)),
                        ("compound_accrued", fields.BigIntField(default=0)),
                        ("compound_paid", fields.BigIntField(default=0)),
                        ("interest_accrued", fields.BigIntField(default=0)),
                        ("settled_on", fields.DateField(null=True)),
                    ],
                    options={
                        "table": "installment",
                        "app": "liudai",
                        "unique_together": (("loan_id", "number"),),
                        "indexes": [Index(fields=["due_date", "settled_on"])],
                        "pk_attr": "id",
                        "table_description": "分期: one row of the repayment schedule and what has been paid and accrued of it.",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="Job",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("kind", fields.CharField(max_length=30)),
                        ("state", fields.CharField(max_length=20)),
                        ("input", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                        ("started_by_id", fields.BigIntField()),
                        ("step", fields.CharField(default="", max_length=60)),
                        ("progress", fields.FloatField(default=0.0)),
                        ("attempts", fields.SmallIntField(default=0)),
                        ("lease_owner", fields.CharField(default="", max_length=60)),
                        (
                            "heartbeat_at",
                            fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                        ),
                        (
                            "sent_at",
                            fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                        ),
                        ("error", fields.CharField(default="", max_length=500)),
                        ("result", fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                        ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                        (
                            "started_at",
                            fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                        ),
                        (
                            "finished_at",
                            fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                        ),
                    ],
                    options={
                        "table": "job",
                        "app": "liudai",
                        "indexes": [Index(fields=["state", "heartbeat_at"])],
                        "pk_attr": "id",
                        "table_description": "Work for a worker: the row is the truth, the message only makes it prompt.",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="LedgerAccount",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("code", fields.CharField(unique=True, max_length=20)),
                        ("name_zh", fields.CharField(max_length=100)),
                        ("name_en", fields.CharField(max_length=100)),
                        ("side", fields.CharField(max_length=6)),
                    ],
                    options={
                        "table": "ledger_account",
                        "app": "liudai",
                        "pk_attr": "id",
                        "table_description": "科目 of the chart of accounts; `side` is DEBIT or CREDIT, the side on which it grows.",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="LedgerEntry",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("journal", fields.CharField(max_length=40)),
                        ("event", fields.CharField(max_length=30)),
                        ("account_code", fields.CharField(max_length=20)),
                        ("currency", fields.CharField(max_length=3)),
                        ("amount", fields.BigIntField()),
                        ("loan_id", fields.BigIntField(db_index=True)),
                        ("borrower_id", fields.BigIntField()),
                        ("branch_id", fields.BigIntField()),
                        ("value_date", fields.DateField()),
                        ("posting_date", fields.DateField()),
                        ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ],
                    options={
                        "table": "ledger_entry",
                        "app": "liudai",
                        "unique_together": (("journal", "account_code"),),
                        "indexes": [Index(fields=["account_code", "posting_date"])],
                        "pk_attr": "id",
                        "table_description": "One side of one money event. Entries of a `journal` sum to zero in its currency.",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="Loan",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("contract_id", fields.BigIntField(db_index=True)),
                        ("drawdown_id", fields.BigIntField(unique=True)),
                        ("facility_id", fields.BigIntField(db_index=True)),
                        ("borrower_id", fields.BigIntField(db_index=True)),
                        ("product_id", fields.BigIntField()),
                        ("branch_id", fields.BigIntField(db_index=True)),
                        ("officer_id", fields.BigIntField(null=True)),
                        ("state", fields.CharField(max_length=20)),
                        ("currency", fields.CharField(max_length=3)),
                        ("principal", fields.BigIntField()),
                        ("annual_rate", fields.DecimalField(max_digits=14, decimal_places=12)),
                        ("penalty_rate", fields.DecimalField(max_digits=14, decimal_places=12)),
                        ("penalty_grace_days", fields.SmallIntField()),
                        ("compound_basis", fields.CharField(max_length=30)),
                        ("method", fields.CharField(max_length=20)),
                        ("day_count", fields.CharField(max_length=12)),
                        ("rounding", fields.CharField(max_length=12)),
                        ("period_unit", fields.CharField(max_length=8)),
                        ("every", fields.SmallIntField()),
                        ("settlement_day", fields.SmallIntField(null=True)),
                        ("installment_count", fields.SmallIntField()),
                        ("allocation", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                        ("start_date", fields.DateField()),
                        ("maturity_date", fields.DateField()),
                        ("accrued_through", fields.DateField()),
                        ("principal_outstanding", fields.BigIntField()),
                        ("interest_receivable", fields.BigIntField(default=0)),
                        ("penalty_receivable", fields.BigIntField(default=0)),
                        ("compound_receivable", fields.BigIntField(default=0)),
                        ("credit_balance", fields.BigIntField(default=0)),
                        ("next_due_date", fields.DateField(null=True)),
                        ("closed_on", fields.DateField(null=True)),
                        ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ],
                    options={
                        "table": "loan",
                        "app": "liudai",
                        "constraints": [
                            CheckConstraint(
                                check="principal_outstanding >= 0 AND credit_balance >= 0",
                                name="loan_balances_not_negative",
                            )
                        ],
                        "indexes": [
                            Index(fields=["state", "accrued_through"]),
                            Index(fields=["state", "next_due_date"]),
                        ],
                        "pk_attr": "id",
                        "table_description": "借据. Its balances always equal the sum of its postings; terms are copied, never joined.",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="LoanApplication",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("borrower_id", fields.BigIntField(db_index=True)),
                        ("facility_id", fields.BigIntField(null=True, db_index=True)),
                        ("product_id", fields.BigIntField(null=True, db_index=True)),
                        ("branch_id", fields.BigIntField(db_index=True)),
                        ("officer_id", fields.BigIntField(null=True, db_index=True)),
                        ("state", fields.CharField(db_index=True, max_length=20)),
                        ("version", fields.IntField(default=1)),
                        ("currency", fields.CharField(max_length=3)),
                        ("amount", fields.BigIntField(null=True)),
                        (
                            "annual_rate",
                            fields.DecimalField(null=True, max_digits=14, decimal_places=12),
                        ),
                        ("installments", fields.SmallIntField(null=True)),
                        ("method", fields.CharField(default="", max_length=20)),
                        ("purpose", fields.CharField(default="", max_length=30)),
                        ("purpose_note", fields.CharField(default="", max_length=500)),
                        ("own_funds", fields.BigIntField(null=True)),
                        ("other_funding", fields.BigIntField(null=True)),
                        (
                            "expected_growth",
                            fields.DecimalField(null=True, max_digits=12, decimal_places=8),
                        ),
                        ("features", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                        ("content_sha256", fields.CharField(default="", max_length=64)),
                        ("created_by_kind", fields.CharField(max_length=20)),
                        ("created_by_id", fields.BigIntField()),
                        ("submitted_by_kind", fields.CharField(default="", max_length=20)),
                        ("submitted_by_id", fields.BigIntField(default=0)),
                        ("submitted_on", fields.DateField(null=True)),
                        ("decided_on", fields.DateField(null=True)),
                        ("expires_on", fields.DateField(null=True)),
                        ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ],
                    options={
                        "table": "loan_application",
                        "app": "liudai",
                        "indexes": [Index(fields=["submitted_on"])],
                        "pk_attr": "id",
                        "table_description": "贷款申请. `version` rises with every change; approvers sign `content_sha256`.",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="LoanContract",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("application_id", fields.BigIntField(unique=True)),
                        ("borrower_id", fields.BigIntField(db_index=True)),
                        ("facility_id", fields.BigIntField(db_index=True)),
                        ("product_id", fields.BigIntField(db_index=True)),
                        ("branch_id", fields.BigIntField(db_index=True)),
                        ("officer_id", fields.BigIntField(null=True)),
                        ("state", fields.CharField(max_length=20)),
                        ("currency", fields.CharField(max_length=3)),
                        ("amount", fields.BigIntField()),
                        ("drawn", fields.BigIntField(default=0)),
                        ("annual_rate", fields.DecimalField(max_digits=14, decimal_places=12)),
                        ("method", fields.CharField(max_length=20)),
                        ("installments", fields.SmallIntField()),
                        ("starts_on", fields.DateField()),
                        ("ends_on", fields.DateField()),
                        ("document_sha256", fields.CharField(max_length=64)),
                        ("signature_state", fields.CharField(max_length=20)),
                        ("prepared_by_id", fields.BigIntField()),
                        ("signed_by", fields.CharField(default="", max_length=200)),
                        ("signed_on", fields.DateField(null=True)),
                        ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ],
                    options={
                        "table": "loan_contract",
                        "app": "liudai",
                        "pk_attr": "id",
                        "table_description": "借款合同, with the hash of the document and how far its signing has come.",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="LoanProduct",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("code", fields.CharField(max_length=30)),
                        ("version", fields.SmallIntField(default=1)),
                        ("profile", fields.CharField(max_length=20)),
                        ("name_zh", fields.CharField(max_length=100)),
                        ("name_en", fields.CharField(max_length=100)),
                        ("currency", fields.CharField(max_length=3)),
                        ("method", fields.CharField(max_length=20)),
                        ("day_count", fields.CharField(max_length=12)),
                        ("rounding", fields.CharField(max_length=12)),
                        ("period_unit", fields.CharField(max_length=8)),
                        ("every", fields.SmallIntField()),
                        ("settlement_day", fields.SmallIntField(null=True)),
                        ("principal_min", fields.BigIntField()),
                        ("principal_max", fields.BigIntField()),
                        ("installments_max", fields.SmallIntField()),
                        ("rate_min", fields.DecimalField(max_digits=14, decimal_places=12)),
                        ("rate_max", fields.DecimalField(max_digits=14, decimal_places=12)),
                        ("penalty_markup", fields.DecimalField(max_digits=6, decimal_places=4)),
                        ("penalty_grace_days", fields.SmallIntField(default=0)),
                        ("compound_basis", fields.CharField(max_length=30)),
                        ("allocation", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                        ("active", fields.BooleanField(default=True)),
                        ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ],
                    options={
                        "table": "loan_product",
                        "app": "liudai",
                        "unique_together": (("code", "version"),),
                        "pk_attr": "id",
                        "table_description": "贷款产品, versioned: a version that was used never changes.",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="ModelVersion",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("name", fields.CharField(max_length=60)),
                        ("version", fields.IntField()),
                        ("state", fields.CharField(max_length=20)),
                        ("job_id", fields.BigIntField(unique=True)),
                        ("algorithm", fields.CharField(max_length=30)),
                        ("recipe", fields.CharField(max_length=60)),
                        ("artefact_url", fields.CharField(max_length=300)),
                        ("sha256", fields.CharField(max_length=64)),
                        ("metrics", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                        ("cutoff", fields.FloatField()),
                        ("trained_by_id", fields.BigIntField()),
                        ("validated_by_id", fields.BigIntField(null=True)),
                        (
                            "validated_at",
                            fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                        ),
                        ("promoted_by_id", fields.BigIntField(null=True)),
                        (
                            "promoted_at",
                            fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                        ),
                        (
                            "retired_at",
                            fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                        ),
                        ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ],
                    options={
                        "table": "model_version",
                        "app": "liudai",
                        "unique_together": (("name", "version"),),
                        "indexes": [Index(fields=["state"])],
                        "pk_attr": "id",
                        "table_description": "One trained model: DRAFT → VALIDATED → CHAMPION → RETIRED. One row per training job.",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="OutboxEvent",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("kind", fields.CharField(max_length=60)),
                        ("noun", fields.CharField(max_length=30)),
                        ("noun_id", fields.BigIntField()),
                        ("payload", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                        ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                        (
                            "published_at",
                            fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                        ),
                    ],
                    options={
                        "table": "outbox_event",
                        "app": "liudai",
                        "indexes": [
                            Index(fields=["published_at", "id"]),
                            Index(fields=["noun", "noun_id"]),
                        ],
                        "pk_attr": "id",
                        "table_description": "A state change to be told to others (subscriptions, notifications, webhooks) after commit.",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="PolicyRule",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("profile", fields.CharField(max_length=20)),
                        ("code", fields.CharField(max_length=40)),
                        ("condition", fields.CharField(max_length=40)),
                        ("threshold", fields.CharField(max_length=200)),
                        ("outcome", fields.CharField(max_length=10)),
                        ("effective_from", fields.DateField()),
                        ("effective_to", fields.DateField(null=True)),
                        ("citation", fields.CharField(max_length=300)),
                        ("confirmed", fields.BooleanField()),
                        ("text_zh", fields.CharField(max_length=300)),
                        ("text_en", fields.CharField(max_length=300)),
                    ],
                    options={
                        "table": "policy_rule",
                        "app": "liudai",
                        "unique_together": (("profile", "code", "effective_from"),),
                        "pk_attr": "id",
                        "table_description": "准入规则: a dated, cited rule; its condition is named, its threshold is data.",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="PolicyValue",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("profile", fields.CharField(max_length=20)),
                        ("name", fields.CharField(max_length=60)),
                        ("value", fields.CharField(max_length=200)),
                        ("effective_from", fields.DateField()),
                        ("citation", fields.CharField(max_length=300)),
                        ("confirmed", fields.BooleanField()),
                    ],
                    options={
                        "table": "policy_value",
                        "app": "liudai",
                        "unique_together": (("profile", "name", "effective_from"),),
                        "pk_attr": "id",
                        "table_description": "One dated number or switch that a law or the lender sets, with its citation.",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="Repayment",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("loan_id", fields.BigIntField(db_index=True)),
                        ("kind", fields.CharField(max_length=20)),
                        ("currency", fields.CharField(max_length=3)),
                        ("amount", fields.BigIntField()),
                        ("to_credit", fields.BigIntField()),
                        ("value_date", fields.DateField()),
                        ("payer_name", fields.CharField(default="", max_length=200)),
                        ("external_reference", fields.CharField(default="", max_length=100)),
                        ("received_by_kind", fields.CharField(max_length=20)),
                        ("received_by_id", fields.BigIntField()),
                        ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ],
                    options={
                        "table": "repayment",
                        "app": "liudai",
                        "indexes": [Index(fields=["loan_id", "value_date"])],
                        "pk_attr": "id",
                        "table_description": "还款: money that came in for a loan.",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="RepaymentAllocation",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("repayment_id", fields.BigIntField(db_index=True)),
                        ("loan_id", fields.BigIntField()),
                        ("installment_number", fields.SmallIntField()),
                        ("bucket", fields.CharField(max_length=12)),
                        ("currency", fields.CharField(max_length=3)),
                        ("amount", fields.BigIntField()),
                        ("value_date", fields.DateField()),
                    ],
                    options={
                        "table": "repayment_allocation",
                        "app": "liudai",
                        "indexes": [Index(fields=["loan_id", "installment_number"])],
                        "pk_attr": "id",
                        "table_description": "冲账: how much of a repayment went to which bucket of which instalment.",
                    },
                    bases=["Model"],
                ),
                ops.CreateModel(
                    name="RiskDecision",
                    fields=[
                        (
                            "id",
                            fields.BigIntField(
                                generated=True, primary_key=True, unique=True, db_index=True
                            ),
                        ),
                        ("application_id", fields.BigIntField(db_index=True)),
                        ("round", fields.SmallIntField()),
                        ("recommendation", fields.CharField(max_length=10)),
                        ("probability_of_default", fields.FloatField(null=True)),
                        ("grade", fields.CharField(default="", max_length=4)),
                        ("model_version_id", fields.BigIntField(null=True)),
                        ("model_sha256", fields.CharField(default="", max_length=64)),
                        ("missing_share", fields.FloatField(null=True)),
                        ("features", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                        ("reasons", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                        ("fired_rules", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                        (
                            "working_capital_need",
                            fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads),
                        ),
                        ("limits", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                        ("terms", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                        ("content_sha256", fields.CharField(max_length=64)),
                        ("business_date", fields.DateField()),
                        ("elapsed_us", fields.IntField()),
                        ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ],
                    options={
                        "table": "risk_decision",
                        "app": "liudai",
                        "unique_together": (("application_id", "round"),),
                        "pk_attr": "id",
                        "table_description": "风险决策: the recommendation for one submission, with all it was based on.",
                    },
                    bases=["Model"],
                ),
            ],
        )
    ]
