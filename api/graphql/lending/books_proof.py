"""Proving the books on request."""

from __future__ import annotations

from typing import Annotated, Final

import strawberry

from api.errors import bad_input
from api.graphql.context import Info
from api.graphql.ids import row_id_of
from api.graphql.lending import books_enums  # noqa: F401 - describes the enums used here
from domain.operations.lending.verify_books import BooksProof, verify_books
from domain.queries.select import count
from domain.rules.lending.proof import Check

IDS_MAX: Final = 50
LOANS_MAX: Final = 5_000
"""The largest book that is proven whole within a request."""


@strawberry.type(description="A row of the books that does not hold.")
class BooksFault:
    """What was expected of it, and what was found."""

    check: Check = strawberry.field(description="What was proven of it.")
    noun: str = strawberry.field(description="What kind of row it is, such as Loan or Journal.")
    row: str = strawberry.field(description="Its row id, or the name of the journal.")
    what: str = strawberry.field(
        description="What of it does not hold, in the language of Accept-Language."
    )
    expected: str = strawberry.field(description="What it should be.")
    found: str = strawberry.field(description="What it is.")


@strawberry.type(description="A proof of the books.")
class BooksVerification:
    """What was looked at, and every row that does not hold."""

    holds: bool = strawberry.field(description="Whether everything holds.")
    loans: int = strawberry.field(description="How many loans were looked at.")
    facilities: int = strawberry.field(
        description="How many facilities were; none where loans were named."
    )
    replayed: int = strawberry.field(description="How many loans' histories were replayed.")
    fault_count: int = strawberry.field(description="How many rows do not hold.")
    faults: list[BooksFault] = strawberry.field(
        description="The first thousand of them.", metadata={"rows": 100}
    )


@strawberry.type
class BooksProofQueries:
    """Proving the books."""

    @strawberry.field(
        description="Prove that every journal balances, every loan's balances are those of its "
        "postings, instalments and payments, limits are what is used, and the trial balance is "
        "zero; names each row that does not hold. Of a book of more than 5,000 loans, name the "
        "loans, or run `liudai verify-books`."
    )
    async def verify_books(
        self,
        info: Info,
        loan_ids: Annotated[
            list[strawberry.ID] | None,
            strawberry.argument(
                description="At most 50 global ids: prove these loans alone, without limits and "
                "totals."
            ),
        ] = None,
        deep: Annotated[
            bool,
            strawberry.argument(description="Replay each loan's history too; only with `loanIds`."),
        ] = False,
    ) -> BooksVerification:
        if loan_ids is None:
            return _shown(info, await _whole(deep=deep))
        if len(loan_ids) > IDS_MAX:
            raise bad_input(f"Name at most {IDS_MAX} loans.", f"每次最多核对 {IDS_MAX} 笔借据。")
        total = BooksProof()
        for row_id in sorted({row_id_of(each, "Loan") for each in loan_ids} - {0}):
            total.add(await verify_books(loans=range(row_id, row_id + 1), deep=deep))
        return _shown(info, total)


async def _whole(*, deep: bool) -> BooksProof:
    if deep:
        raise bad_input(
            "A deep proof needs `loanIds`; `liudai verify-books --deep` replays every loan.",
            "深度核对须提供 `loanIds`；全部重算请运行 `liudai verify-books --deep`。",
        )
    if await count("loan") > LOANS_MAX:
        raise bad_input(
            f"This book has more than {LOANS_MAX} loans: name some in `loanIds`, or run "
            "`liudai verify-books`.",
            f"借据超过 {LOANS_MAX} 笔：请提供 `loanIds`，或运行 `liudai verify-books`。",
        )
    return await verify_books()


def _shown(info: Info, proof: BooksProof) -> BooksVerification:
    zh = info.context.language == "zh"
    return BooksVerification(
        holds=proof.holds,
        loans=proof.loans,
        facilities=proof.facilities,
        replayed=proof.replayed,
        fault_count=proof.fault_count,
        faults=[
            BooksFault(
                check=fault.check,
                noun=fault.noun,
                row=fault.row,
                what=fault.zh if zh else fault.en,
                expected=fault.expected,
                found=fault.found,
            )
            for fault in proof.faults
        ],
    )
