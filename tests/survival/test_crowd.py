"""64 clients on 8 loans through two API processes on MariaDB: keys sent over and over, lines that
are cut, connections that are killed, deadlocks, the day moving on. Each key has one effect, and no
cent is lost. Loans of different facilities never wait for each other.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from domain.encryption import encrypt
from domain.models.lending.borrower import BankAccount
from domain.models.lending.loan_history import LoanEvent
from domain.operations.changes.kinds.refund import REFUND, CreditRefund
from domain.operations.changes.kinds.waiver import WAIVER, WaivedClaim
from domain.operations.lending.register_bank_account import NUMBER
from domain.queries.business_date import business_date
from domain.rules.lending.allocation import Bucket
from domain.rules.lending.states import LoanState
from domain.settings import get_settings
from tests import servers
from tests.books import books_hold
from tests.changes import propose
from tests.lender import Lender
from tests.over_http import gid
from tests.processes import api_processes
from tests.survival.book import (
    REPAYMENT,
    Book,
    each_key_had_one_effect,
    no_cent_is_lost,
    open_book,
)
from tests.survival.crowd import Crowd, Told, Wish
from tests.survival.disturbing import (
    COUNT_RETRIES,
    Killer,
    Sampler,
    Tangler,
    connect,
    connections,
    meanwhile,
)

pytestmark = pytest.mark.skipif(not servers.MYSQL, reason="no MariaDB/MySQL server")

CLIENTS = 64
WISHES_EACH = 2
SEED = 20260115
LOOK_SECONDS, KILL_SECONDS = 0.15, 0.25


@pytest.fixture(scope="module", params=["mysql"])
def database_url(environment: pytest.MonkeyPatch) -> Iterator[str]:
    with servers.mysql_database() as url:
        environment.setenv("LIUDAI_DATABASE_URL", url)
        get_settings.cache_clear()
        yield url


@pytest.fixture(scope="module")
def retries_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the API processes note what the database asked them to try again."""
    file = tmp_path_factory.mktemp("retries") / "retries"
    file.touch()
    return file


@pytest.fixture(scope="module")
def retries(retries_file: Path) -> Callable[[], list[str]]:
    """The codes of the errors after which a transaction ran again."""
    return lambda: retries_file.read_text().split()


@pytest.fixture(scope="module")
def urls(lender: Lender, retries_file: Path) -> Iterator[list[str]]:
    with api_processes(2, before=COUNT_RETRIES.format(path=str(retries_file))) as found:
        yield found


async def crowd_of(book: Book, crowd: Crowd) -> list[Told]:
    """Every client does its wishes one after another, all clients at once, while days pass."""

    async def client() -> list[Told]:
        found = []
        for _ in range(WISHES_EACH):
            wish: Wish | None = book.wish()
            while wish is not None:
                found.append(await crowd.fulfil(wish))
                wish = book.following(found[-1])
        return found

    async def days() -> list[Told]:
        found = []
        today = await business_date()
        for days in (9, 20, 1):
            await asyncio.sleep(1)
            today += dt.timedelta(days=days)
            wish = Wish(
                name="advanceBusinessDate",
                selected="businessDate",
                actor=book.lender.operator,
                form={"to": today.isoformat()},
            )
            found.append(await crowd.fulfil(wish))
        return found

    passed, *told = await asyncio.gather(days(), *(client() for _ in range(CLIENTS)))
    assert all("DONE" in each.outcomes for each in passed)
    return [each for one in told for each in one]


async def test_each_key_has_one_effect_while_the_database_asks_to_try_again(
    lender: Lender, urls: list[str], database_url: str, retries: Callable[[], list[str]]
) -> None:
    book = await open_book(lender, seed=SEED)
    crowd = Crowd(urls, seed=SEED)
    sampler = Sampler(database_url)
    tangler = Tangler(seed=SEED, loans=[(loan.id, loan.facility_id) for loan in book.loans[:6]])
    with connect(database_url) as own, own.cursor() as cursor:
        cursor.execute("CREATE TABLE weight (a INT)")
    with (
        meanwhile(database_url, sampler.look, LOOK_SECONDS),
        meanwhile(database_url, tangler.tangle, 0.1),
    ):
        told = await crowd_of(book, crowd)
    assert crowd.unfinished == {}, "nothing was killed, so nothing may fail"
    effects = await each_key_had_one_effect(told)
    came_in = await no_cent_is_lost(book, told)
    asked_again = Counter(retries())
    assert asked_again["1213"] > 0, "no deadlock: the test proves less than it says"
    assert sum(each.cuts for each in told) > 0
    print(
        f"{crowd.requests} requests for {len(told)} keys, {sum(each.cuts for each in told)} cut; "
        f"effects {dict(effects)}; {came_in} in; asked to try again {dict(asked_again)}; "
        f"lock waits seen {dict(sampler.waits)}"
    )


async def test_each_key_has_one_effect_while_connections_are_killed(
    lender: Lender, database_url: str
) -> None:
    book = await open_book(lender, seed=SEED + 1)
    killer = Killer(seed=SEED, spared=connections(database_url))
    with api_processes(2) as urls:
        crowd = Crowd(urls, seed=SEED + 1)
        with meanwhile(database_url, killer.kill_one, KILL_SECONDS):
            told = await crowd_of(book, crowd)
    assert killer.killed > 0
    assert set(crowd.unfinished) <= {"INTERNAL"}
    assert crowd.unfinished["INTERNAL"] <= killer.killed
    effects = await each_key_had_one_effect(told)
    came_in = await no_cent_is_lost(book, told)
    print(
        f"{crowd.requests} requests for {len(told)} keys; {killer.killed} connections killed, "
        f"{dict(crowd.unfinished)}; effects {dict(effects)}; {came_in} in"
    )


async def test_each_key_has_one_effect_while_requests_run_out_of_time(
    lender: Lender, environment: pytest.MonkeyPatch, database_url: str
) -> None:
    """A request that is ended amid its transaction, for somebody holds a loan it needs, is rolled
    back, and its connection is not lost to the pool: else the last wishes would wait for ever."""
    book = await open_book(lender, seed=SEED + 3)
    with environment.context() as hasty:
        hasty.setenv("LIUDAI_REQUEST_TIMEOUT_SECONDS", "0.4")
        hasty.setenv("LIUDAI_DATABASE_POOL_SIZE", "5")
        with api_processes(2) as urls:
            crowd = Crowd(urls, seed=SEED + 3, cut_share=0)
            wishes = [book.wish() for _ in range(CLIENTS)]
            with connect(database_url) as own, own.cursor() as cursor:
                cursor.execute("BEGIN")
                cursor.execute("SELECT id FROM loan WHERE id = %s FOR UPDATE", [book.loans[0].id])
                first = await asyncio.gather(*map(crowd.send, wishes))
                own.rollback()
            told = [await crowd.fulfil(wish) for wish in wishes]
    for each, (code, payload) in zip(told, first, strict=True):
        each.answers += [payload] if payload else []
        each.unfinished += [code] if code else []
    ended = Counter(code for code, _ in first)
    assert set(ended) <= {"", "TIMEOUT"}
    assert ended["TIMEOUT"] > 0
    effects = await each_key_had_one_effect(told)
    came_in = await no_cent_is_lost(book, told)
    print(f"{dict(ended)}, {crowd.unfinished}; effects {dict(effects)}; {came_in} in")


async def test_loans_of_other_facilities_do_not_wait(
    lender: Lender, urls: list[str], database_url: str
) -> None:
    """While one loan's row is locked, its own payment waits, and so does one for a loan that
    shares its revolving facility; twenty for loans of other facilities are answered."""
    book = await open_book(lender, seed=SEED + 2)
    held, sibling, *_ = book.loans
    others = book.loans[3:]
    crowd = Crowd(urls, seed=SEED + 2, cut_share=0)

    def pay(loan_id: int) -> Wish:
        form = {"loanId": gid("Loan", loan_id), "amount": "1.00"}
        return Wish(name="repayLoan", selected=REPAYMENT, actor=lender.cashier, form=form)

    with connect(database_url) as own, own.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT id FROM loan WHERE id = %s FOR UPDATE", [held.id])
        waiting = [asyncio.create_task(crowd.send(pay(held.id)))]
        await asyncio.sleep(0.5)  # the payment has the facility by now, and waits for the loan
        waiting.append(asyncio.create_task(crowd.send(pay(sibling.id))))
        await asyncio.sleep(0.2)
        sampler = Sampler(database_url)
        with meanwhile(database_url, sampler.look, LOOK_SECONDS):
            answers = await asyncio.wait_for(
                asyncio.gather(*(crowd.send(pay(loan.id)) for loan in others for _ in range(4))),
                timeout=30,
            )
            await asyncio.sleep(3 * LOOK_SECONDS)  # the answers may be quicker than one look
        assert [code for code, _ in answers] == [""] * 20
        assert not any(task.done() for task in waiting)
        assert sum(sampler.waits.values()) > 0, "the sampler must see the two that wait"
        own.rollback()
    assert [code for code, _ in await asyncio.gather(*waiting)] == ["", ""]
    for loan in book.loans:
        await loan.refresh_from_db()
    assert {loan.state for loan in book.loans} == {LoanState.ACTIVE}


async def test_of_four_refunds_and_four_waivers_at_once_one_each_is_made(
    lender: Lender, urls: list[str]
) -> None:
    """Each asks for all there is: the second one finds nothing left, whoever approves it."""
    loan = await lender.loan()
    today = await business_date()
    account = await BankAccount.create(
        borrower_id=loan.borrower_id,
        bank_name="A bank",
        account_name="A name",
        number_cipher=encrypt("6222000011112222", column=NUMBER),
        number_index=f"{loan.id}",
        number_tail="1234",
        state="APPROVED",
        usable_from=today,
    )
    crowd = Crowd(urls, seed=SEED, cut_share=0)
    money = {"loanId": gid("Loan", loan.id), "amount": "70.00"}
    paid = Wish(name="repayLoan", selected=REPAYMENT, actor=lender.cashier, form=money)
    later = (today + dt.timedelta(days=30)).isoformat()
    owed = {**money, "code": "NOTARY", "reason": "A notary's bill.", "dueDate": later}
    charged = Wish(name="chargeLoan", selected="event { id }", actor=lender.accountant, form=owed)
    for wish in (paid, charged):
        assert (await crowd.fulfil(wish)).done
    refund = CreditRefund(
        loan_id=loan.id,
        amount=Decimal("70.00"),
        currency="USD",
        bank_account_id=account.id,
        reason="It was paid twice.",
    )
    waiver = WaivedClaim(
        loan_id=loan.id,
        bucket=Bucket.COSTS,
        amount=Decimal("70.00"),
        currency="USD",
        reason="Goodwill.",
    )
    changes = [await propose(lender.cashier, REFUND, refund) for _ in range(4)]
    changes += [await propose(lender.relationship_manager, WAIVER, waiver) for _ in range(4)]
    told = await asyncio.gather(
        *(
            crowd.fulfil(
                Wish(
                    name="approveChange",
                    selected="change { id state }",
                    actor=lender.accountant if change.kind == REFUND.name else lender.approver,
                    form={
                        "id": gid("ChangeRequest", change.id),
                        "contentSha256": change.content_sha256,
                    },
                )
            )
            for change in changes
        )
    )
    for each in (told[:4], told[4:]):
        said = Counter(outcome for one in each for outcome in one.outcomes)
        assert said == {"DONE": 1, "OUT_OF_RANGE": 3}
    assert await LoanEvent.filter(loan_id=loan.id, kind="REFUND").count() == 1
    assert await LoanEvent.filter(loan_id=loan.id, kind="WAIVER").count() == 1
    await books_hold(loan.id)
