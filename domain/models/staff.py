"""Branches, employees and their roles, borrowers' users, and who held a case when."""

from tortoise import fields, models


class Branch(models.Model):
    """A branch of the lender; `path` is "/1/4/" so that a subtree is a prefix."""

    id = fields.BigIntField(primary_key=True)
    code = fields.CharField(max_length=20, unique=True)
    name = fields.CharField(max_length=100)
    parent_id = fields.BigIntField(null=True)
    path = fields.CharField(max_length=200, db_index=True)

    class Meta:
        table = "branch"


class Employee(models.Model):
    """A person who works for the lender; `subject` is the `sub` of the person's token."""

    id = fields.BigIntField(primary_key=True)
    subject = fields.CharField(max_length=190, unique=True)
    name = fields.CharField(max_length=100)
    branch_id = fields.BigIntField(db_index=True)
    approval_level = fields.SmallIntField(default=0)
    active = fields.BooleanField(default=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "employee"


class EmployeeRole(models.Model):
    """One role of one employee, from a date until it was taken away."""

    id = fields.BigIntField(primary_key=True)
    employee_id = fields.BigIntField(db_index=True)
    role = fields.CharField(max_length=30)
    granted_by = fields.BigIntField(null=True)
    granted_at = fields.DatetimeField(auto_now_add=True)
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "employee_role"


class BorrowerUser(models.Model):
    """A person who acts for a borrower through an app; `borrower_id` is null until registration."""

    id = fields.BigIntField(primary_key=True)
    subject = fields.CharField(max_length=190, unique=True)
    name = fields.CharField(max_length=100)
    borrower_id = fields.BigIntField(null=True, db_index=True)
    active = fields.BooleanField(default=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "borrower_user"


class CaseAssignment(models.Model):
    """Which officer of which branch held a borrower, application or loan, from when to when."""

    id = fields.BigIntField(primary_key=True)
    noun = fields.CharField(max_length=30)
    noun_id = fields.BigIntField()
    employee_id = fields.BigIntField(null=True)
    branch_id = fields.BigIntField()
    from_date = fields.DateField()
    to_date = fields.DateField(null=True)
    reason = fields.CharField(max_length=200, default="")
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "case_assignment"
        indexes = [("noun", "noun_id"), ("employee_id",)]
