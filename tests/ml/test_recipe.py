import datetime as dt

import pytest

from domain.rules.refusal import Refused
from ml.recipe import DateFormat, decimal_year, load_recipe, read_date, read_recipe, shipped_recipes

GOOD = """
name = "own"
title = "Own history"
profile = "CN"
currency = "CNY"
missing = [""]
[target]
column = "bad"
bad = ["1"]
good = ["0"]
[features]
employees = { column = "staff" }
"""


def paths(text: str) -> set[str]:
    with pytest.raises(Refused) as refused:
        read_recipe(text)
    for found in refused.value.problems:
        assert found.path[0] == "recipe"
        assert found.zh.endswith("。")
    return {".".join(found.path[1:]) for found in refused.value.problems}


@pytest.mark.parametrize("name", shipped_recipes())
def test_shipped_recipes_read(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.name == name
    assert len(recipe.sha256) == 64
    assert all(recipe.dropped.values())  # every dropped column has its reason
    assert not recipe.columns() & (set(recipe.dropped) - {recipe.date, recipe.group})


def test_both_recipes_are_shipped() -> None:
    assert shipped_recipes() == ("sba", "synthetic")


@pytest.mark.parametrize("name", ["nope", "../sba", "sba.toml", ""])
def test_an_unknown_recipe_is_refused(name: str) -> None:
    with pytest.raises(Refused):
        load_recipe(name)


def test_the_sba_recipe_reads_no_leak() -> None:
    recipe = load_recipe("sba")
    leaks = {
        *("Term", "RealEstate", "daysterm", "ChgOffDate", "ChgOffPrinGr", "MIS_Status"),
        *("BalanceGross", "xx", "DisbursementDate", "DisbursementGross", "Recession", "Selected"),
        *("Bank", "BankState"),
    }
    assert leaks <= set(recipe.dropped)
    read = {source.column for source in recipe.sources} | {source.per for source in recipe.sources}
    assert not read & (leaks | {"LoanNr_ChkDgt", "Name", "Default"})


def test_a_recipe_of_ones_own() -> None:
    recipe = read_recipe(GOOD)
    assert recipe.cutoff == 0.5
    assert recipe.columns() == {"bad", "staff"}


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ('"own"', '"Own!"', "name"),
        ('title = "Own history"', "", "title"),
        ('profile = "CN"', "profile = 3", "profile"),
        ('missing = [""]', "cutoff = 1.5", "cutoff"),
        ('missing = [""]', 'missing = "x"', "missing"),
        ('missing = [""]', 'mising = ["x"]', "mising"),
        ('bad = ["1"]', "bad = []", "target.bad"),
        ('bad = ["1"]', 'bad = ["0"]', "target"),
        ("employees =", "emploies =", "features.emploies"),
        ('"staff" }', '"bad" }', "features.employees"),
        ('{ column = "staff" }', "{ }", "features.employees.column"),
        ('{ column = "staff" }', '"staff"', "features.employees"),
        ('"staff" }', '"staff", prefix = 2 }', "features.employees"),
        ('"staff" }', '"staff", prefix = -2 }', "features.employees.prefix"),
        ('"staff" }', '"staff", scale = 0 }', "features.employees.scale"),
        ('"staff" }', '"staff", colour = 1 }', "features.employees.colour"),
        (
            "employees = {",
            'region = { year = true, column = "r" }\nemployees = {',
            "features.region",
        ),
        ("[features]", '[drop]\nstaff = "why"\n[features]', "features.employees"),
        ("[features]", '[rows]\ndate_format = "US"\n[features]', "rows.date_format"),
        ('employees = { column = "staff" }', "", "features"),
    ],
)
def test_each_mistake_is_named(old: str, new: str, path: str) -> None:
    assert old in GOOD
    assert path in paths(GOOD.replace(old, new))


def test_what_is_not_toml_is_refused() -> None:
    assert paths("a = = b") == {""}


def test_all_mistakes_are_told_together() -> None:
    assert len(paths('[features]\nnope = { column = "x" }\n')) >= 6


@pytest.mark.parametrize(
    ("text", "form", "date"),
    [
        ("15074", DateFormat.SAS, dt.date(2001, 4, 9)),
        ("0", DateFormat.SAS, dt.date(1960, 1, 1)),
        ("2026-02-28", DateFormat.ISO, dt.date(2026, 2, 28)),
    ],
)
def test_dates(text: str, form: DateFormat, date: dt.date) -> None:
    assert read_date(text, form) == date


def test_a_year_with_its_fraction() -> None:
    assert decimal_year(dt.date(2006, 1, 1)) == 2006.0
    assert decimal_year(dt.date(2008, 12, 31)) == pytest.approx(2008 + 365 / 366)
