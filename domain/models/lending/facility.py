"""Credit facilities: the limit, and what of it is reserved and used."""

from tortoise import fields, models
from tortoise.migrations.constraints import CheckConstraint


class CreditFacility(models.Model):
    """授信额度. `excess` is the part by which a lowered limit is exceeded (then available = 0)."""

    id = fields.BigIntField(primary_key=True)
    borrower_id = fields.BigIntField(db_index=True)
    branch_id = fields.BigIntField(db_index=True)
    currency = fields.CharField(max_length=3)
    limit_amount = fields.BigIntField()
    reserved = fields.BigIntField(default=0)
    used = fields.BigIntField(default=0)
    excess = fields.BigIntField(default=0)
    revolving = fields.BooleanField()
    state = fields.CharField(max_length=20)
    expires_on = fields.DateField()
    proposed_by_id = fields.BigIntField()
    activated_by_id = fields.BigIntField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "credit_facility"
        constraints = [
            CheckConstraint(
                check="reserved >= 0 AND used >= 0 AND excess >= 0 "
                "AND reserved + used <= limit_amount + excess",
                name="facility_within_limit",
            )
        ]
