"""Change requests: proposed by one person, applied once by the approval of another."""

from tortoise import fields, models


class ChangeRequest(models.Model):
    """变更申请. The content never changes and a decided row never moves: triggers see to both.

    `payload` is canonical JSON, `made` a JSON list of the nouns it made or changed. `borrower_id`
    and `branch_id` say whose case it is about, if it is about one.
    """

    id = fields.BigIntField(primary_key=True)
    kind = fields.CharField(max_length=40)
    state = fields.CharField(max_length=20)
    subject_noun = fields.CharField(max_length=30, default="")
    subject_id = fields.BigIntField(default=0)
    payload = fields.TextField()
    summary_en = fields.CharField(max_length=1000)
    summary_zh = fields.CharField(max_length=1000)
    content_sha256 = fields.CharField(max_length=64)
    reason = fields.CharField(max_length=500)
    borrower_id = fields.BigIntField(null=True)
    branch_id = fields.BigIntField(null=True)
    proposed_by_kind = fields.CharField(max_length=20)
    proposed_by_id = fields.BigIntField()
    proposed_by_name = fields.CharField(max_length=100)
    proposed_on = fields.DateField()
    proposed_at = fields.DatetimeField()
    expires_on = fields.DateField()
    decided_by_id = fields.BigIntField(null=True)
    decided_by_name = fields.CharField(max_length=100, default="")
    decided_at = fields.DatetimeField(null=True)
    comment = fields.CharField(max_length=500, default="")
    made = fields.TextField()

    class Meta:
        table = "change_request"
        indexes = [("state", "expires_on"), ("subject_noun", "subject_id"), ("kind", "state")]
