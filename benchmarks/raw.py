"""The baseline: endpoints written by hand with Starlette, SQL and orjson, for one answer each.

Driver, pool, isolation, sign-in (the same Authenticator, which decodes the token and remembers the
person for as long), role check and row visibility are the API's. All else is what one would write
with nothing else in mind: no GraphQL, no ORM, no selection, rows read by position.
"""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.auth import Authenticator
from api.graphql.connections import Order, write_cursor
from api.graphql.ids import global_id
from benchmarks.raw_application import apply, save, submit
from benchmarks.raw_disbursement import book, disburse
from benchmarks.raw_repayment import repay
from domain.actor import Actor
from domain.db import close_database, open_database, tortoise_config
from domain.queries.actors import load_actor
from domain.queries.visibility import visible
from domain.rules.money import format_minor
from domain.rules.numbers import NumberKind, human_number
from domain.rules.roles import Role
from domain.settings import get_settings

try:  # as Tortoise chooses
    import asyncmy as driver
except ImportError:
    import aiomysql as driver

_READERS = frozenset(Role) - {Role.ADMIN, Role.OPERATOR}
_ORDER = Order("Loan:DESC", (int,))


def create_app() -> Starlette:
    """Return the application; `app.state.pool` is its pool."""
    authenticator = Authenticator(get_settings(), load_actor)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await open_database()  # for load_actor alone
        credentials = dict(tortoise_config(get_settings())["connections"]["default"]["credentials"])
        credentials["db"] = credentials.pop("database")
        app.state.pool = await driver.create_pool(
            autocommit=True, sql_mode="STRICT_TRANS_TABLES", **credentials
        )
        gc.collect()
        gc.freeze()
        yield
        app.state.pool.close()
        await app.state.pool.wait_closed()
        await close_database()

    async def signed_in(request: Request, roles: frozenset[Role]) -> Actor:
        identity = await authenticator.identify(request.headers["authorization"].encode())
        if identity.actor.roles.isdisjoint(roles):
            raise PermissionError(identity.actor.subject)
        return identity.actor

    async def health(_: Request) -> Response:
        return Response(b"{}")

    async def detail(request: Request) -> Response:
        actor = await signed_in(request, _READERS)
        found = await _loan(request.app.state.pool, actor, request.path_params["id"])
        return _json({"data": {"loan": found}})

    async def page(request: Request) -> Response:
        actor = await signed_in(request, _READERS)
        first = int(request.query_params["first"])
        found = await _loans(request.app.state.pool, actor, first)
        return _json({"data": {"loans": found}})

    def by_hand(
        work: Callable[[Any, Actor, dict[str, Any]], Awaitable[dict[str, Any]]], role: Role
    ) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            actor = await signed_in(request, frozenset({role}))
            form = orjson.loads(await request.body())
            return _json(await work(request.app.state.pool, actor, form))

        return endpoint

    manager, cashier = Role.RELATIONSHIP_MANAGER, Role.CASHIER
    return Starlette(
        routes=[
            Route("/health", health),
            Route("/loans/{id:int}", detail),
            Route("/loans", page),
            Route("/repayments", by_hand(repay, cashier), methods=["POST"]),
            Route("/decided-applications", by_hand(apply, manager), methods=["POST"]),
            Route("/applications", by_hand(save, manager), methods=["POST"]),
            Route("/submissions", by_hand(submit, manager), methods=["POST"]),
            Route("/drawdowns", by_hand(book, manager), methods=["POST"]),
            Route("/disbursements", by_hand(disburse, cashier), methods=["POST"]),
        ],
        lifespan=lifespan,
    )


def _json(content: Any) -> Response:
    return Response(orjson.dumps(content), media_type="application/json")


async def _loan(pool: Any, actor: Actor, loan_id: int) -> dict[str, Any] | None:
    seen, values = visible(actor, table="loan")
    async with pool.acquire() as connection, connection.cursor() as cursor:
        await cursor.execute(
            "SELECT loan.id, loan.state, loan.currency, loan.principal, loan.annual_rate, "
            "loan.method, loan.day_count, loan.start_date, loan.maturity_date, "
            "loan.principal_outstanding, loan.interest_receivable, loan.penalty_receivable, "
            "loan.credit_balance, loan.next_due_date, loan.accrued_through, loan.created_at, "
            "b.id, b.name, b.kind, b.industry_code FROM loan "
            f"JOIN borrower b ON b.id = loan.borrower_id WHERE loan.id = %s AND ({seen})",
            [loan_id, *values],
        )
        row = await cursor.fetchone()
        if row is None:
            return None
        await cursor.execute(
            "SELECT id, number, start_date, due_date, days, principal, interest, principal_paid, "
            "interest_paid, penalty_accrued - penalty_paid, compound_accrued - compound_paid, "
            "settled_on FROM installment WHERE loan_id = %s ORDER BY number",
            [loan_id],
        )
        installments = await cursor.fetchall()
    currency = row[2]
    return {
        "id": global_id("Loan", row[0]),
        "number": human_number(NumberKind.LOAN, row[0]),
        "state": row[1],
        "currency": currency,
        "principal": format_minor(row[3], currency),
        "annualRate": _rate(row[4]),
        "method": row[5],
        "dayCount": row[6],
        "startDate": row[7],
        "maturityDate": row[8],
        "principalOutstanding": format_minor(row[9], currency),
        "interestReceivable": format_minor(row[10], currency),
        "penaltyReceivable": format_minor(row[11], currency),
        "creditBalance": format_minor(row[12], currency),
        "nextDueDate": row[13],
        "daysPastDue": _days_past_due(row[1], row[13], row[14]),
        "createdAt": row[15].isoformat() + "Z",
        "borrower": {
            "id": global_id("Borrower", row[16]),
            "number": human_number(NumberKind.BORROWER, row[16]),
            "name": row[17],
            "kind": row[18],
            "industryCode": row[19],
        },
        "installments": [
            {
                "id": global_id("Installment", i[0]),
                "number": i[1],
                "startDate": i[2],
                "dueDate": i[3],
                "days": i[4],
                "principal": format_minor(i[5], currency),
                "interest": format_minor(i[6], currency),
                "principalPaid": format_minor(i[7], currency),
                "interestPaid": format_minor(i[8], currency),
                "penaltyDue": format_minor(i[9], currency),
                "compoundDue": format_minor(i[10], currency),
                "settledOn": i[11],
            }
            for i in installments
        ],
    }


async def _loans(pool: Any, actor: Actor, first: int) -> dict[str, Any]:
    seen, values = visible(actor, table="loan")
    async with pool.acquire() as connection, connection.cursor() as cursor:
        await cursor.execute(
            "SELECT loan.id, loan.state, loan.currency, loan.principal, "
            "loan.principal_outstanding, loan.next_due_date, loan.accrued_through, b.id, b.name "
            f"FROM loan JOIN borrower b ON b.id = loan.borrower_id WHERE ({seen}) "
            "ORDER BY loan.id DESC LIMIT %s",
            [*values, first + 1],
        )
        found = await cursor.fetchall()
        shown = found[:first]
        places = ", ".join(["%s"] * len(shown))
        await cursor.execute(
            "SELECT loan_id, number, due_date, principal, interest, currency FROM ("
            "SELECT loan_id, number, due_date, principal, interest, currency, ROW_NUMBER() OVER "
            "(PARTITION BY loan_id ORDER BY number) AS place FROM installment WHERE loan_id IN "
            f"({places}) AND settled_on IS NULL) t WHERE place <= 3 ORDER BY loan_id, place",
            [row[0] for row in shown],
        )
        next_ones: dict[int, list[dict[str, Any]]] = {row[0]: [] for row in shown}
        for loan_id, number, due_date, principal, interest, currency in await cursor.fetchall():
            next_ones[loan_id].append(
                {
                    "number": number,
                    "dueDate": due_date,
                    "principal": format_minor(principal, currency),
                    "interest": format_minor(interest, currency),
                }
            )
    return {
        "edges": [
            {
                "node": {
                    "id": global_id("Loan", row[0]),
                    "number": human_number(NumberKind.LOAN, row[0]),
                    "state": row[1],
                    "currency": row[2],
                    "principal": format_minor(row[3], row[2]),
                    "principalOutstanding": format_minor(row[4], row[2]),
                    "nextDueDate": row[5],
                    "daysPastDue": _days_past_due(row[1], row[5], row[6]),
                    "borrower": {
                        "number": human_number(NumberKind.BORROWER, row[7]),
                        "name": row[8],
                    },
                    "nextInstallments": next_ones[row[0]],
                }
            }
            for row in shown
        ],
        "pageInfo": {
            "hasNextPage": len(found) > first,
            "endCursor": write_cursor(_ORDER, (shown[-1][0],)) if shown else None,
        },
    }


def _rate(value: Decimal) -> str:
    whole, _, decimals = f"{value:f}".partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(4, '0')}"


def _days_past_due(state: str, next_due_date: Any, on: Any) -> int:
    if state != "ACTIVE" or next_due_date is None:
        return 0
    days: int = (on - next_due_date).days
    return max(days, 0)
