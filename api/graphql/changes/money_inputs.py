"""The money operations that take two persons, as they are proposed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import strawberry

from api.graphql.ids import row_id_of
from api.graphql.lending import enums  # noqa: F401 - describes the enums used here
from api.graphql.scalars import MoneyInput, Rate
from domain.operations.changes.kinds.backdated_repayment import BackdatedRepayment
from domain.operations.changes.kinds.manual_journal import ManualJournal, ManualLine
from domain.operations.changes.kinds.misuse import LoanMisuse
from domain.operations.changes.kinds.refund import CreditRefund
from domain.operations.changes.kinds.reverse_repayment import Reversal
from domain.operations.changes.kinds.suspense_match import SuspenseMatch
from domain.operations.changes.kinds.suspense_return import SuspenseReturn
from domain.operations.changes.kinds.waiver import WaivedClaim
from domain.operations.changes.kinds.write_off import LoanWriteOff
from domain.operations.lending.take_payment import PayerRole
from domain.rules.lending.allocation import Bucket

_LOAN = "Global id of the loan."
_CURRENCY = "ISO 4217 code: the loan's."
_REASON = "Why, at most 500 characters; the loan's history keeps it."


@strawberry.input(description="A repayment to reverse (冲销).")
class ReverseRepaymentInput:
    """Payload of REVERSE_REPAYMENT."""

    repayment_id: strawberry.ID = strawberry.field(description="Global id of the repayment.")
    reason: str = strawberry.field(description=_REASON)

    def payload(self) -> Reversal:
        """The reversal."""
        return Reversal(repayment_id=row_id_of(self.repayment_id, "Repayment"), reason=self.reason)


@strawberry.input(description="A payment that came in on an earlier day (倒起息).")
class BackdatedRepaymentInput:
    """Payload of BACKDATED_REPAYMENT."""

    loan_id: strawberry.ID = strawberry.field(description=_LOAN)
    amount: MoneyInput = strawberry.field(description="What came in, above zero.")
    currency: str = strawberry.field(description=_CURRENCY)
    value_date: dt.date = strawberry.field(description="The day from which it counts.")
    payer_role: PayerRole = strawberry.field(
        default=PayerRole.BORROWER, description="Whose money it is."
    )
    payer_name: str = strawberry.field(default="", description="Who paid.")
    external_reference: str = strawberry.field(default="", description="The payer's reference.")

    def payload(self) -> BackdatedRepayment:
        """The payment."""
        return BackdatedRepayment(
            loan_id=row_id_of(self.loan_id, "Loan"),
            amount=self.amount,
            currency=self.currency,
            value_date=self.value_date,
            payer_role=self.payer_role,
            payer_name=self.payer_name,
            external_reference=self.external_reference,
        )


@strawberry.input(description="Part of a claim to waive (减免).")
class WaiverInput:
    """Payload of WAIVER."""

    loan_id: strawberry.ID = strawberry.field(description=_LOAN)
    bucket: Bucket = strawberry.field(description="Of what; never of principal.")
    amount: MoneyInput = strawberry.field(description="How much, above zero.")
    currency: str = strawberry.field(description=_CURRENCY)
    reason: str = strawberry.field(description=_REASON)

    def payload(self) -> WaivedClaim:
        """The waiver."""
        return WaivedClaim(
            loan_id=row_id_of(self.loan_id, "Loan"),
            bucket=self.bucket,
            amount=self.amount,
            currency=self.currency,
            reason=self.reason,
        )


@strawberry.input(description="A credit balance to pay back (退还溢缴款).")
class RefundInput:
    """Payload of REFUND."""

    loan_id: strawberry.ID = strawberry.field(description=_LOAN)
    amount: MoneyInput = strawberry.field(description="How much, at most the credit balance.")
    currency: str = strawberry.field(description=_CURRENCY)
    bank_account_id: strawberry.ID = strawberry.field(
        description="Global id of an approved bank account of the borrower."
    )
    reason: str = strawberry.field(description=_REASON)

    def payload(self) -> CreditRefund:
        """The refund."""
        return CreditRefund(
            loan_id=row_id_of(self.loan_id, "Loan"),
            amount=self.amount,
            currency=self.currency,
            bank_account_id=row_id_of(self.bank_account_id, "BankAccount"),
            reason=self.reason,
        )


@strawberry.input(description="One side of a journal.")
class ManualLineInput:
    """A line of :class:`ManualJournalInput`."""

    account: str = strawberry.field(description="Code of an account on which no loan is kept.")
    amount: MoneyInput = strawberry.field(description="Debit above zero, credit below.")


@strawberry.input(description="A journal by hand (手工凭证); its lines sum to zero.")
class ManualJournalInput:
    """Payload of MANUAL_JOURNAL."""

    currency: str = strawberry.field(description="ISO 4217 code.")
    lines: list[ManualLineInput] = strawberry.field(description="Its lines, two at least.")
    reason: str = strawberry.field(description="Why, at most 500 characters.")
    value_date: dt.date | None = strawberry.field(
        default=None, description="The day from which it counts; the business date when left out."
    )

    def payload(self) -> ManualJournal:
        """The journal."""
        return ManualJournal(
            currency=self.currency,
            lines=tuple(
                ManualLine(account=line.account, amount=line.amount) for line in self.lines
            ),
            reason=self.reason,
            value_date=self.value_date,
        )


@strawberry.input(
    description="Principal that was not used as the contract says (挪用): it bears the contract "
    "rate × (1 + markup)."
)
class MisuseInput:
    """Payload of MISUSE."""

    loan_id: strawberry.ID = strawberry.field(description="Global id of an ACTIVE loan.")
    amount: MoneyInput = strawberry.field(
        description="How much of the principal outstanding is misused; 0 when none is any more. "
        "Its share of the principal stays as principal is repaid."
    )
    currency: str = strawberry.field(description=_CURRENCY)
    markup: Rate = strawberry.field(
        default=Decimal(0),
        description="What the contract charges above its rate, a fraction of it: 0.5 is 50 %. Not "
        "needed with an amount of 0.",
    )
    since: dt.date | None = strawberry.field(
        default=None,
        description="The day the misuse began; the day of the approval when left out. What it "
        "costs for the days before the approval falls due with the running instalment.",
    )
    reason: str = strawberry.field(description=_REASON)

    def payload(self) -> LoanMisuse:
        """The misuse."""
        return LoanMisuse(
            loan_id=row_id_of(self.loan_id, "Loan"),
            amount=self.amount,
            currency=self.currency,
            markup=self.markup,
            since=self.since,
            reason=self.reason,
        )


@strawberry.input(description="A loan to write off (核销).")
class WriteOffInput:
    """Payload of WRITE_OFF."""

    loan_id: strawberry.ID = strawberry.field(description="Global id of an ACTIVE loan.")
    reason: str = strawberry.field(description=_REASON)

    def payload(self) -> LoanWriteOff:
        """The write-off."""
        return LoanWriteOff(loan_id=row_id_of(self.loan_id, "Loan"), reason=self.reason)


@strawberry.input(description="Whose money in suspense is (待查款认领).")
class SuspenseMatchInput:
    """Payload of SUSPENSE_MATCH."""

    payment_id: strawberry.ID = strawberry.field(
        description="Global id of an incoming payment in suspense."
    )
    loan_id: strawberry.ID = strawberry.field(
        description="Global id of the loan it pays, as of the day the money came in."
    )

    def payload(self) -> SuspenseMatch:
        """The match."""
        return SuspenseMatch(
            payment_id=row_id_of(self.payment_id, "IncomingPayment"),
            loan_id=row_id_of(self.loan_id, "Loan"),
        )


@strawberry.input(description="Money in suspense to send back (待查款退回).")
class SuspenseReturnInput:
    """Payload of SUSPENSE_RETURN."""

    payment_id: strawberry.ID = strawberry.field(
        description="Global id of an incoming payment in suspense: it goes back to the account "
        "that it came from."
    )
    reason: str = strawberry.field(description="Why, at most 200 characters.")

    def payload(self) -> SuspenseReturn:
        """The return."""
        return SuspenseReturn(
            payment_id=row_id_of(self.payment_id, "IncomingPayment"), reason=self.reason
        )
