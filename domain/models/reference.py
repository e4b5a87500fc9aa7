"""Dated reference data that only change requests write: rates, days, and where entries go."""

from tortoise import fields, models


class BenchmarkRate(models.Model):
    """基准利率: one fixing of one tenor, such as LPR 1Y. Append-only."""

    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=20)
    tenor = fields.CharField(max_length=10)
    published_on = fields.DateField()
    rate = fields.DecimalField(max_digits=14, decimal_places=12)
    citation = fields.CharField(max_length=300)
    confirmed = fields.BooleanField()
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "benchmark_rate"
        unique_together = (("name", "tenor", "published_on"),)


class CalendarDay(models.Model):
    """A day on which a calendar differs from its weekends: a holiday, or a weekend worked."""

    id = fields.BigIntField(primary_key=True)
    calendar = fields.CharField(max_length=20)
    date = fields.DateField()
    kind = fields.CharField(max_length=10)
    name = fields.CharField(max_length=60)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "calendar_day"
        unique_together = (("calendar", "date"),)


class ExchangeRate(models.Model):
    """How many units of `quote` one unit of `base` is worth on a day. Append-only."""

    id = fields.BigIntField(primary_key=True)
    base = fields.CharField(max_length=3)
    quote = fields.CharField(max_length=3)
    quoted_on = fields.DateField()
    rate = fields.DecimalField(max_digits=22, decimal_places=12)
    citation = fields.CharField(max_length=300)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "exchange_rate"
        unique_together = (("base", "quote", "quoted_on"),)


class PostingProfile(models.Model):
    """What an account of our chart, by its name (`role`), is in the lender's own chart from a day
    on. Append-only."""

    id = fields.BigIntField(primary_key=True)
    role = fields.CharField(max_length=40)
    account_code = fields.CharField(max_length=20)
    name_zh = fields.CharField(max_length=100)
    name_en = fields.CharField(max_length=100)
    effective_from = fields.DateField()
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "posting_profile"
        unique_together = (("role", "effective_from"),)
