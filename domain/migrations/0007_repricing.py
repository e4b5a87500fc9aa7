from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields
from domain.migrations._operation import ReviewedSql


class Migration(migrations.Migration):
    dependencies = [("liudai", "0006_books")]

    initial = False

    operations = [
        ReviewedSql(
            "0007_repricing",
            [
                ops.AddField(
                    model_name="Loan",
                    name="benchmark",
                    field=fields.CharField(default="", max_length=20),
                ),
                ops.AddField(
                    model_name="Loan",
                    name="benchmark_tenor",
                    field=fields.CharField(default="", max_length=10),
                ),
                ops.AddField(
                    model_name="Loan",
                    name="next_reset_date",
                    field=fields.DateField(null=True, db_index=True),
                ),
                ops.AddField(
                    model_name="Loan",
                    name="repricing",
                    field=fields.CharField(default="FIXED", max_length=20),
                ),
                ops.AddField(
                    model_name="Loan",
                    name="spread",
                    field=fields.DecimalField(default=0, max_digits=14, decimal_places=12),
                ),
                ops.AddField(
                    model_name="LoanProduct",
                    name="benchmark",
                    field=fields.CharField(default="", max_length=20),
                ),
                ops.AddField(
                    model_name="LoanProduct",
                    name="benchmark_tenor",
                    field=fields.CharField(default="", max_length=10),
                ),
                ops.AddField(
                    model_name="LoanProduct",
                    name="calendar",
                    field=fields.CharField(default="", max_length=20),
                ),
                ops.AddField(
                    model_name="LoanProduct",
                    name="repricing",
                    field=fields.CharField(default="FIXED", max_length=20),
                ),
                ops.AddField(
                    model_name="LoanProduct",
                    name="roll",
                    field=fields.CharField(default="NONE", max_length=20),
                ),
            ],
        )
    ]
