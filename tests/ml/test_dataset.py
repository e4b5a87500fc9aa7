import math

import numpy as np
import pytest

from domain.rules.refusal import Refused
from ml.dataset import load_csv, read_csv
from ml.recipe import read_recipe

RECIPE = """
name = "own"
title = "Own history"
profile = "CN"
currency = "CNY"
missing = ["", "NA"]
[target]
column = "bad"
bad = ["1"]
good = ["0"]
[rows]
id = "id"
group = "who"
date = "day"
[features]
annual_revenue = { column = "revenue", scale = 10000 }
amount_to_revenue = { column = "asked", per = "revenue" }
employees = { column = "staff", missing = ["-1"] }
application_year = { column = "day", year = true }
industry_code = { column = "industry", prefix = 1 }
guarantor_present = { column = "backed", levels = { Y = "YES" }, other = "NO" }
franchise = { column = "chain", levels = { J = "YES", N = "NO" } }
"""
HEADER = "id,who,day,bad,revenue,asked,staff,industry,backed,chain"
ROW = "{i},b{i},2024-07-01,{bad},100,50,7,c13,Y,N"


def file(rows: int = 240, first: str = "", header: str = HEADER, row: str = ROW) -> bytes:
    lines = [row.format(i=i, bad=int(i % 4 == 0)) for i in range(rows)]
    if first:
        lines[0] = first
    return ("\ufeff" + "\n".join([header, *lines]) + "\n").encode()


def read(content: bytes):
    return read_csv(content, read_recipe(RECIPE))


def sentences(content: bytes) -> str:
    with pytest.raises(Refused) as refused:
        read(content)
    assert all(found.path == ("csv",) for found in refused.value.problems)
    return " ".join(found.en for found in refused.value.problems)


def test_a_row_is_read_by_the_recipe() -> None:
    data = read(file())
    assert len(data) == 240
    assert data.bad.sum() == 60
    assert data.row_ids[:2] == ("0", "1")
    row = data.features_of(0)
    assert row.pop("application_year") == pytest.approx(2024 + 182 / 366, abs=1e-3)
    assert row == {
        "annual_revenue": 1_000_000.0,
        "amount_to_revenue": 0.5,
        "employees": 7.0,
        "industry_code": "C",
        "guarantor_present": "YES",
        "franchise": "NO",
    }
    assert data.dates is not None
    assert data.dates[0] == np.datetime64("2024-07-01")


@pytest.mark.parametrize(
    ("first", "feature", "reason"),
    [
        ("0,b,2024-07-01,1,NA,50,7,c13,Y,N", "annual_revenue", "missing"),
        ("0,b,2024-07-01,1,NA,50,7,c13,Y,N", "amount_to_revenue", "missing"),
        ("0,b,2024-07-01,1,0,50,7,c13,Y,N", "amount_to_revenue", "out_of_range"),
        ("0,b,2024-07-01,1,-5,50,7,c13,Y,N", "annual_revenue", "out_of_range"),
        ("0,b,2024-07-01,1,100,50,-1,c13,Y,N", "employees", "missing"),
        ("0,b,2024-07-01,1,100,50,seven,c13,Y,N", "employees", "unreadable"),
        ("0,b,2024-07-01,1,100,50,nan,c13,Y,N", "employees", "unreadable"),
        ("0,b,2024-07-01,1,100,50,1_0,c13,Y,N", "employees", "unreadable"),
        ("0,b,2024-07-01,1,100,50,1e999,c13,Y,N", "employees", "out_of_range"),
        ("0,b,2024-07-01,1,100,50,7,,Y,N", "industry_code", "missing"),
        ("0,b,2024-07-01,1,100,50,7,c13,Y,?", "franchise", "unreadable"),
    ],
)
def test_what_cannot_be_used_becomes_missing_and_is_counted(first, feature, reason) -> None:
    data = read(file(first=first))
    counts = {c.feature: c for c in data.cleaned}
    assert getattr(counts[feature], reason) == 1
    assert feature not in data.features_of(0)


def test_other_categories_take_the_name_the_recipe_gives() -> None:
    data = read(file(first="0,b,2024-07-01,1,100,50,7,c13,Q,N"))
    assert data.features_of(0)["guarantor_present"] == "NO"


def test_grouped_digits_are_read() -> None:
    data = read(file(first='0,b,2024-07-01,1,"1,234.5",50,7,c13,Y,N'))
    assert data.features_of(0)["annual_revenue"] == 12_345_000.0


def test_rows_of_one_borrower_share_a_group() -> None:
    data = read(file(first="0, B1 ,2024-07-01,1,100,50,7,c13,Y,N"))
    assert data.groups is not None
    assert data.groups[0] == data.groups[1] != data.groups[2]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (file(rows=150), "150 rows"),
        (file(row=ROW.replace("{bad}", "0")), "0 bad and 240 good"),
        (file(row=ROW.replace("{bad}", "x")), "neither good nor bad"),
        (file(row=ROW.replace("2024-07-01", "1/7/24")), "240 dates"),
        (file(row=ROW.replace(",7,", ",many,")), "240 values of employees"),
        (file(header=HEADER.replace("staff", "people")), "column staff"),
        (file(header=HEADER.replace("staff", "asked")), "asked appears 2 times"),
        (file(first="0,b"), "1 rows have more or fewer fields"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b'a,b\n"open', "cannot be read"),
        (b"", "column"),
    ],
)
def test_a_bad_file_is_refused(content: bytes, words: str) -> None:
    assert words in sentences(content)


def test_all_absent_columns_are_named_at_once() -> None:
    found = sentences(b"id,who\n1,2\n")
    assert "column bad" in found
    assert "column staff" in found


@pytest.mark.parametrize("url", ["/nowhere/none.csv", "nosuchscheme://x/y.csv"])
def test_a_file_that_is_not_there(url: str) -> None:
    with pytest.raises(Refused):
        load_csv(url, read_recipe(RECIPE))


def test_taking_rows_keeps_them_together() -> None:
    data = read(file())
    part = data.take(np.array([5, 4], np.intp))
    assert part.row_ids == ("5", "4")
    assert part.bad.tolist() == [0, 1]
    assert not math.isnan(part.x_numbers[0, 0])
