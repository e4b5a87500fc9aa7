"""Risk decisions: what the machine saw and said. Immutable."""

from typing import Any

from tortoise import fields, models


class RiskDecision(models.Model):
    """风险决策: the recommendation for one submission, with all it was based on."""

    id = fields.BigIntField(primary_key=True)
    application_id = fields.BigIntField(db_index=True)
    round = fields.SmallIntField()
    recommendation = fields.CharField(max_length=10)
    probability_of_default = fields.FloatField(null=True)
    grade = fields.CharField(max_length=4, default="")
    model_version_id = fields.BigIntField(null=True)
    model_sha256 = fields.CharField(max_length=64, default="")
    missing_share = fields.FloatField(null=True)
    features = fields.JSONField[dict[str, Any]]()
    reasons = fields.JSONField[list[dict[str, Any]]]()
    fired_rules = fields.JSONField[list[dict[str, Any]]]()
    working_capital_need = fields.JSONField[dict[str, Any]](null=True)
    limits = fields.JSONField[dict[str, Any]]()
    terms = fields.JSONField[dict[str, Any]]()
    content_sha256 = fields.CharField(max_length=64)
    business_date = fields.DateField()
    elapsed_us = fields.IntField()
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "risk_decision"
        unique_together = (("application_id", "round"),)


class PolicyRule(models.Model):
    """准入规则: a dated, cited rule; its condition is named, its threshold is data."""

    id = fields.BigIntField(primary_key=True)
    profile = fields.CharField(max_length=20)
    code = fields.CharField(max_length=40)
    condition = fields.CharField(max_length=40)
    threshold = fields.CharField(max_length=200)
    outcome = fields.CharField(max_length=10)
    effective_from = fields.DateField()
    effective_to = fields.DateField(null=True)
    citation = fields.CharField(max_length=300)
    confirmed = fields.BooleanField()
    text_zh = fields.CharField(max_length=300)
    text_en = fields.CharField(max_length=300)

    class Meta:
        table = "policy_rule"
        unique_together = (("profile", "code", "effective_from"),)


class ApprovalAuthority(models.Model):
    """审批权限: applications up to `amount_to` in a grade band need `levels` approvers."""

    id = fields.BigIntField(primary_key=True)
    profile = fields.CharField(max_length=20)
    currency = fields.CharField(max_length=3)
    amount_to = fields.BigIntField(null=True)
    grade_from = fields.CharField(max_length=4)
    grade_to = fields.CharField(max_length=4)
    levels = fields.CharField(max_length=20)
    effective_from = fields.DateField()
    citation = fields.CharField(max_length=300)
    confirmed = fields.BooleanField()

    class Meta:
        table = "approval_authority"
