"""docs/settings.md holds the table that the settings themselves print."""

from __future__ import annotations

from pathlib import Path

from domain.settings import Settings
from domain.settings_table import settings_table

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"


def test_the_page_holds_exactly_the_printed_table():
    page = PAGE.read_text(encoding="utf-8")
    assert settings_table() in page, "run python -m domain.settings_table, paste it into the page"


def test_every_setting_says_what_it_is():
    bare = [name for name, field in Settings.model_fields.items() if not field.description]
    assert bare == []


def test_no_secret_is_shown():
    for line in settings_table().splitlines():
        if "secret text" in line:
            assert "| empty |" in line
