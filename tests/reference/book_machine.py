"""A book of loans in a database beside the reference model, driven by Hypothesis through the real
operations: after every step all loans agree to the cent and the books verify."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from domain import db
from domain.settings import get_settings
from tests import servers
from tests.lender import Lender
from tests.reference.book import Book
from tests.reference.choices import Drawn
from tests.reference.database import Template, install_here, use

Place = Callable[[], AbstractAsyncContextManager[Lender]]


class BookBesideReference(RuleBasedStateMachine):
    """Three loans of any kind; `place` opens the database for them."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place
        self.runner = asyncio.Runner()
        self.opened = AsyncExitStack()
        self.book: Book | None = None

    @initialize(data=st.data())
    def lend(self, data: st.DataObject) -> None:
        lender = self.runner.run(self.opened.enter_async_context(self.place()))
        self.book = Book(lender, Drawn(data))
        self.runner.run(self.book.open())

    def _on(self, data: st.DataObject) -> Book:
        assert self.book is not None
        self.book.choose = Drawn(data)
        return self.book

    @rule(data=st.data())
    def days_pass(self, data: st.DataObject) -> None:
        self.runner.run(self._on(data).pass_days())

    @rule(data=st.data())
    def something_is_tried(self, data: st.DataObject) -> None:
        self.runner.run(self._on(data).act())

    @rule(data=st.data())
    def a_payment_is_dated_back(self, data: st.DataObject) -> None:
        self.runner.run(self._on(data).back_date())

    @rule(data=st.data())
    def a_payment_is_reversed(self, data: st.DataObject) -> None:
        self.runner.run(self._on(data).reverse())

    def teardown(self) -> None:
        if self.book is not None:
            self.runner.run(self.book.leave())
        self.runner.run(self.opened.aclose())
        self.runner.close()


def drive(place: Place, *, examples: int) -> None:
    """Run the machine a few times."""
    short = settings(
        max_examples=examples,
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    run_state_machine_as_test(lambda: BookBesideReference(place), settings=short)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory for databases; afterwards the settings are what they were."""
    for name in ("LIUDAI_HOME", "LIUDAI_DATABASE_URL"):
        monkeypatch.setenv(name, "")
    yield tmp_path
    monkeypatch.undo()
    get_settings.cache_clear()


def test_a_book_on_sqlite(home: Path) -> None:
    drive(Template(home).copy, examples=14)


def test_a_book_on_mariadb(home: Path) -> None:
    if not servers.MYSQL:
        pytest.skip("no MariaDB/MySQL server can be reached")
    lenders: list[Lender] = []

    @asynccontextmanager
    async def the_one_database() -> AsyncIterator[Lender]:
        await db.open_database()
        try:
            if not lenders:
                lenders.append(await install_here())
            yield lenders[0]
        finally:
            await db.close_database()

    with servers.mysql_database() as url:
        use(url, home=home)
        drive(the_one_database, examples=4)
