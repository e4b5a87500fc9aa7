"""The registry of trained models. The row is the truth; the artefact lies behind fsspec."""

from typing import Any

from tortoise import fields, models


class ModelVersion(models.Model):
    """One trained model: DRAFT → VALIDATED → CHAMPION → RETIRED. One row per training job."""

    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=60)
    version = fields.IntField()
    state = fields.CharField(max_length=20)
    job_id = fields.BigIntField(unique=True)
    algorithm = fields.CharField(max_length=30)
    recipe = fields.CharField(max_length=60)
    artefact_url = fields.CharField(max_length=300)
    sha256 = fields.CharField(max_length=64)
    metrics = fields.JSONField[dict[str, Any]]()
    cutoff = fields.FloatField()
    trained_by_id = fields.BigIntField()
    validated_by_id = fields.BigIntField(null=True)
    validated_at = fields.DatetimeField(null=True)
    promoted_by_id = fields.BigIntField(null=True)
    promoted_at = fields.DatetimeField(null=True)
    retired_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "model_version"
        unique_together = (("name", "version"),)
        indexes = [("state",)]
