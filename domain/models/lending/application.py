"""Loan applications and their approvals."""

from typing import Any

from tortoise import fields, models


class LoanApplication(models.Model):
    """贷款申请. `version` rises with every change; approvers sign `content_sha256`."""

    id = fields.BigIntField(primary_key=True)
    borrower_id = fields.BigIntField(db_index=True)
    facility_id = fields.BigIntField(null=True, db_index=True)
    product_id = fields.BigIntField(null=True, db_index=True)
    branch_id = fields.BigIntField(db_index=True)
    officer_id = fields.BigIntField(null=True, db_index=True)
    state = fields.CharField(max_length=20, db_index=True)
    version = fields.IntField(default=1)
    currency = fields.CharField(max_length=3)
    amount = fields.BigIntField(null=True)
    annual_rate = fields.DecimalField(max_digits=14, decimal_places=12, null=True)
    installments = fields.SmallIntField(null=True)
    method = fields.CharField(max_length=20, default="")
    purpose = fields.CharField(max_length=30, default="")
    purpose_note = fields.CharField(max_length=500, default="")
    own_funds = fields.BigIntField(null=True)
    other_funding = fields.BigIntField(null=True)
    expected_growth = fields.DecimalField(max_digits=12, decimal_places=8, null=True)
    features = fields.JSONField[dict[str, Any]]()
    renews_loan_id = fields.BigIntField(null=True)
    content_sha256 = fields.CharField(max_length=64, default="")
    created_by_kind = fields.CharField(max_length=20)
    created_by_id = fields.BigIntField()
    submitted_by_kind = fields.CharField(max_length=20, default="")
    submitted_by_id = fields.BigIntField(default=0)
    submitted_on = fields.DateField(null=True)
    decided_on = fields.DateField(null=True)
    expires_on = fields.DateField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "loan_application"
        indexes = [("submitted_on",)]


class ApprovalTask(models.Model):
    """审批任务: one level of one round. `content_sha256` is what the approver signed."""

    id = fields.BigIntField(primary_key=True)
    application_id = fields.BigIntField(db_index=True)
    round = fields.SmallIntField()
    level = fields.SmallIntField()
    state = fields.CharField(max_length=20)
    decided_by_id = fields.BigIntField(null=True)
    decided_at = fields.DatetimeField(null=True)
    content_sha256 = fields.CharField(max_length=64, default="")
    override_reason = fields.CharField(max_length=60, default="")
    comment = fields.CharField(max_length=500, default="")
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "approval_task"
        unique_together = (("application_id", "round", "level"),)
        indexes = [("state",)]
