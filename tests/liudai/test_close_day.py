"""`liudai close-day`: closes days in order, says how they ended, and refuses in one line."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from test_cli import liudai

TODAY = dt.datetime.now(dt.UTC).date()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A migrated embedded database whose business date is today."""
    assert liudai("migrate", home=tmp_path).returncode == 0
    return tmp_path


def test_days_close_in_order_and_once(home: Path) -> None:
    through = TODAY + dt.timedelta(days=2)
    arguments = ("close-day", "--inline", "--ahead", "--through", through.isoformat())
    answer = liudai(*arguments, home=home)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith(f"{through} CLOSED: 0 loans, 0 set aside in ")
    again = liudai(*arguments, home=home)
    assert again.returncode == 0
    assert again.stdout == f"{through} is closed already: nothing was changed\n"
    late = liudai("close-day", "--inline", "--through", "2020-01-01", home=home)
    assert late.returncode == 2
    assert "before the first day that was closed here" in late.stderr


def test_days_ahead_and_strangers_are_refused(home: Path) -> None:
    ahead = TODAY + dt.timedelta(days=9)
    answer = liudai("close-day", "--inline", "--through", ahead.isoformat(), home=home)
    assert answer.returncode == 2
    assert "has not come yet" in answer.stderr
    assert len(answer.stderr.splitlines()) == 1
    stranger = liudai("close-day", "--inline", "--operator", "nobody", home=home)
    assert stranger.returncode == 2
    assert "nobody with the role OPERATOR" in stranger.stderr
