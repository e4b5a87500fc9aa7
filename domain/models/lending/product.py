"""Loan products."""

from typing import Any

from tortoise import fields, models


class LoanProduct(models.Model):
    """贷款产品, versioned: a version that was used never changes."""

    id = fields.BigIntField(primary_key=True)
    code = fields.CharField(max_length=30)
    version = fields.SmallIntField(default=1)
    profile = fields.CharField(max_length=20)
    name_zh = fields.CharField(max_length=100)
    name_en = fields.CharField(max_length=100)
    currency = fields.CharField(max_length=3)
    method = fields.CharField(max_length=20)
    day_count = fields.CharField(max_length=12)
    rounding = fields.CharField(max_length=12)
    period_unit = fields.CharField(max_length=8)
    every = fields.SmallIntField()
    settlement_day = fields.SmallIntField(null=True)
    principal_min = fields.BigIntField()
    principal_max = fields.BigIntField()
    installments_max = fields.SmallIntField()
    rate_min = fields.DecimalField(max_digits=14, decimal_places=12)
    rate_max = fields.DecimalField(max_digits=14, decimal_places=12)
    penalty_markup = fields.DecimalField(max_digits=6, decimal_places=4)
    penalty_grace_days = fields.SmallIntField(default=0)
    compound_basis = fields.CharField(max_length=30)
    allocation = fields.JSONField[dict[str, Any]]()
    fees = fields.JSONField[list[Any]](null=True)
    benchmark = fields.CharField(max_length=20, default="")
    benchmark_tenor = fields.CharField(max_length=10, default="")
    repricing = fields.CharField(max_length=20, default="FIXED")
    calendar = fields.CharField(max_length=20, default="")
    roll = fields.CharField(max_length=20, default="NONE")
    active = fields.BooleanField(default=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "loan_product"
        unique_together = (("code", "version"),)
