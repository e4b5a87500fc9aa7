"""A book of loans in a database, driven by the real operations beside the reference model."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from domain import db
from domain.models.lending.facility import CreditFacility
from domain.models.lending.loan import Installment, Loan
from domain.models.lending.loan_history import LoanCharge
from domain.models.lending.loan_terms import stored_allocation_rule, stored_fees
from domain.models.lending.product import LoanProduct
from domain.models.records import BusinessDate
from domain.models.reference import CalendarDay
from domain.operations.lending.account import OpenLoan, open_loan
from domain.operations.lending.advance_business_date import advance_business_date
from domain.operations.lending.change_terms import (
    ChargeOrder,
    TermsChange,
    accelerate_loan,
    change_due_day,
    change_loan_rate,
    charge_loan,
    restructure_loan,
)
from domain.operations.lending.drawdown_plan import PlanLine
from domain.operations.lending.loan_event import do_event, reverse_repayment
from domain.operations.lending.repay_loan import Payment, pay_off_loan, prepay_loan, repay_loan
from domain.operations.perform import Done, Step, perform
from domain.rules.lending.business_days import MAX_ROLL_DAYS
from domain.rules.lending.postings import CASH_ACCOUNTS
from domain.rules.lending.schedule_terms import RepaymentMethod
from domain.rules.lending.servicing import events as e
from domain.rules.reference import DayKind
from domain.rules.refusal import Refused
from tests.books import books_hold
from tests.lender import Lender, key
from tests.reference import translate
from tests.reference.actions import (
    STARTS,
    Choice,
    some_act,
    some_days,
    some_payment,
    some_plan,
    some_product,
)
from tests.reference.books import BANK
from tests.reference.loan import Act, Contradiction, as_history_makes_it
from tests.reference.loan import Loan as ReferenceLoan
from tests.reference.pair import PAYMENTS, Disagreement
from tests.reference.plan import Product

LOANS = 3
VAT_FROM = dt.date(2024, 7, 1)
_BY_OPERATIONS = ("DUE_DAY", "RESTRUCTURING")
_CASH = {str(account) for account in CASH_ACCOUNTS}


class LentLoan:
    """A loan of the book: its row, its history, and what the reference makes of it. `days` are its
    calendar's; its product has those alone that the loan keeps."""

    def __init__(
        self,
        row_id: int,
        facility_id: int,
        product: Product,
        days: frozenset[tuple[str, dt.date]],
    ) -> None:
        self.id = row_id
        self.facility_id = facility_id
        self.product = product
        self.days = days
        self.history: list[Act] = []
        self.repayments: dict[int, int] = {}
        self.order = 0
        self.reference = ReferenceLoan(product)
        self.replayed = False


class Book:
    """Loans of different products: two share a facility that revolves, one has one that does not.

    `step` tries one thing; what it touched is compared with the reference, and the books verify.
    """

    def __init__(self, lender: Lender, choose: Choice) -> None:
        self.lender = lender
        self.choose = choose
        self.loans: list[LentLoan] = []
        self.today = dt.date.min
        self.closed: tuple[dt.date, int] = (self.today, 0)

    async def open(self) -> None:
        """Lend."""
        date = await BusinessDate.get(id=1)
        self.today = max(date.current, self.choose.one_of(STARTS))
        date.current = self.today
        await date.save()
        far = self.today + dt.timedelta(days=365 * 5)
        shared = await self.lender.facility(limit="99000000.00", expires_on=far)
        alone = await self.lender.facility(limit="99000000.00", expires_on=far, revolving=False)
        for facility_id in (shared, shared, alone)[:LOANS]:
            self.loans.append(await self._lend(facility_id))
        await self._check(self.loans)

    async def _lend(self, facility_id: int) -> LentLoan:
        product = some_product(self.choose)
        taxed = self.choose.one_of((True, False))
        principal = self.choose.one_of((99_99, 50_000_00, 1_200_000_00))
        plan = some_plan(self.choose, self.today, principal) if product.plan else ()
        product = replace(
            product,
            principal=principal,
            start=self.today,
            plan=plan,
            vat=((VAT_FROM, Fraction(6, 100)),) if taxed else (),
        )
        code = f"T{key()}"
        terms = translate.servicing_terms(product)
        model = await LoanProduct.get(code="USD-LEVEL")
        await LoanProduct.create(
            code=code,
            profile="CN" if taxed else "GENERIC",
            name_zh=code,
            name_en=code,
            currency="USD",
            method=product.method,
            day_count=product.day_count,
            rounding=product.rounding,
            period_unit=product.unit,
            every=product.every,
            settlement_day=product.settlement_day,
            principal_min=1,
            principal_max=model.principal_max,
            installments_max=60,
            rate_min=Decimal(0),
            rate_max=Decimal(1),
            penalty_markup=Decimal("0.5"),
            penalty_grace_days=product.grace_days,
            compound_basis=product.compound_basis,
            allocation=stored_allocation_rule(terms.allocation),
            fees=stored_fees(terms.fees),
            roll=product.roll,
            calendar=code,
        )
        for kind, day in sorted(product.days):
            stored = DayKind.HOLIDAY if kind == "off" else DayKind.WORKDAY
            await CalendarDay.create(calendar=code, date=day, kind=stored, name=kind)
        loan = await self.lender.loan(
            facility_id,
            product=code,
            amount=product.principal,
            rate=str(translate.decimal(product.rate)),
            # The term of a contract with a plan; the plan is far shorter.
            installments=60 if plan else product.installments,
            plan=tuple(
                PlanLine(due_date=day, principal=Decimal(amount) / 100) for day, amount in plan
            ),
        )
        loan.non_accrual_beyond_days = product.non_accrual_beyond
        loan.cure_days = product.cure_days
        loan.prepayment_fee_rate = terms.prepayment_fee_rate
        await loan.save()
        latest = loan.maturity_date + dt.timedelta(days=2 * MAX_ROLL_DAYS)
        kept = frozenset((kind, day) for kind, day in product.days if day <= latest)
        return LentLoan(loan.id, facility_id, replace(product, days=kept), product.days)

    async def step(self) -> str:
        """Try one thing; return its name."""
        kind = self.choose.one_of(("days", "act", "act", "act", "act", "past", "reverse"))
        if kind == "days":
            return await self.pass_days()
        if kind == "act":
            return await self.act()
        return await (self.back_date() if kind == "past" else self.reverse())

    async def pass_days(self) -> str:
        """Let days pass over the whole book."""
        days = some_days(self.choose, [loan.reference for loan in self.loans])
        if days:
            self.today += dt.timedelta(days=days)
            operator = self.lender.operator
            await advance_business_date(actor=operator, key=key(), to=self.today)
        await self._check(self.loans)
        return "DAYS"

    async def act(self) -> str:
        """Try something today."""
        loan = self.choose.one_of(self.loans)
        loan.order += 1
        act = some_act(self.choose, loan.reference, loan.order)
        if act.kind in _BY_OPERATIONS:  # which read the product's calendar
            act = replace(act, roll=loan.product.roll, days=loan.days)
        allowed = loan.reference.allows(act)
        return await self._try(loan, act, [*loan.history, act], allowed=allowed)

    async def back_date(self) -> str:
        """Let a payment count from an earlier day."""
        old = [x for x in self.loans if x.product.start < self.today]
        old = [x for x in old if x.reference.state != "PAID_OFF"] or old
        if not old:
            return "PAST refused"
        loan = self.choose.one_of(old)
        loan.order += 1
        act = some_payment(self.choose, loan.reference, loan.order)
        kind = self.choose.one_of(PAYMENTS)
        most = min((self.today - loan.product.start).days, 60)
        day = self.today - dt.timedelta(days=self.choose.number(1, most))
        keep = self.choose.one_of(("INSTALLMENT", "TERM")) if kind == "PREPAYMENT" else ""
        act = replace(act, on=day, kind=kind, keep=keep)
        history = [*loan.history, act]
        state = loan.reference.state
        allowed = state == "ACTIVE" or (state == "WRITTEN_OFF" and kind == "PAYMENT")
        return await self._try(
            loan, act, history, allowed=allowed and self._possible(loan, history, asked=act)
        )

    async def reverse(self) -> str:
        """Take a payment out of the history."""
        paid = [
            (loan, act)
            for loan in self.loans
            for act in loan.history
            if act.order in loan.repayments
        ]
        if not paid:
            return "REVERSAL refused"
        loan, gone = self.choose.one_of(paid)
        history = [act for act in loan.history if act is not gone]
        allowed = self._possible(loan, history)
        act = replace(gone, kind="REVERSAL")
        return await self._try(loan, act, history, allowed=allowed)

    def _possible(self, loan: LentLoan, history: list[Act], asked: Act | None = None) -> bool:
        try:
            as_history_makes_it(loan.product, history, today=self.today, asked=asked)
        except Contradiction:
            return False
        return True

    async def _try(self, loan: LentLoan, act: Act, history: list[Act], *, allowed: bool) -> str:
        try:
            done = await self._operate(loan, act)
        except Refused as refusal:
            if allowed:
                raise Disagreement(f"{act} was refused: {refusal}\n{history}") from None
            await self._check([loan])
            return f"{act.kind} refused"
        if not allowed:
            raise Disagreement(f"{act} was not refused\n{history}")
        if act.kind in PAYMENTS:
            loan.repayments[act.order] = done["repayment"]
        loan.history = history
        loan.replayed = loan.replayed or act.on < self.today
        await self._check([loan])
        return act.kind if act.on == self.today else f"PAST {act.kind}"

    async def _operate(self, loan: LentLoan, act: Act) -> Done:
        lender, number = self.lender, key()
        amount = Decimal(act.amount) / 100
        if act.kind in PAYMENTS and act.on == self.today:
            payment = Payment(loan_id=loan.id, amount=amount)
        else:
            payment = Payment(loan_id=loan.id, amount=amount, value_date=act.on)
        change = TermsChange(
            loan_id=loan.id,
            reason="agreed",
            consent="N-1",
            periods=act.periods,
            annual_rate=translate.decimal(act.rate),
            method=RepaymentMethod(act.method) if act.method else None,
            next_due_date=act.due,
        )
        match act.kind:
            case "PAYMENT":
                return await repay_loan(actor=lender.cashier, key=number, payment=payment)
            case "PREPAYMENT":
                return await prepay_loan(
                    actor=lender.cashier, key=number, payment=payment, keep=e.Keep(act.keep)
                )
            case "PAYOFF":
                return await pay_off_loan(actor=lender.cashier, key=number, payment=payment)
            case "CHARGE":
                order = ChargeOrder(
                    loan_id=loan.id,
                    code=e.ChargeCode.NOTARY,
                    amount=amount,
                    due_date=act.due,
                    reason="cost",
                )
                return await charge_loan(actor=lender.cashier, key=number, order=order)
            case "RATE_CHANGE":
                return await change_loan_rate(actor=lender.approver, key=number, change=change)
            case "DUE_DAY":
                return await change_due_day(actor=lender.approver, key=number, change=change)
            case "RESTRUCTURING":
                return await restructure_loan(actor=lender.approver, key=number, change=change)
            case "ACCELERATION":
                return await accelerate_loan(actor=lender.approver, key=number, change=change)
            case "REVERSAL":
                repayment = loan.repayments[act.order]
                return await self._within(
                    loan,
                    lambda step, opened, today: reverse_repayment(
                        step,
                        opened,
                        repayment,
                        actor=lender.accountant,
                        today=today,
                        reason="bounced",
                    ),
                )
        return await self._within(
            loan,
            lambda step, opened, today: do_event(
                step,
                opened,
                translate.event_of(act, sequence=opened.next_sequence()),
                actor=lender.accountant,
                today=today,
                reason="agreed",
                outbox="loan.test",
            ),
        )

    async def _within(
        self, loan: LentLoan, work: Callable[[Step, OpenLoan, dt.date], Awaitable[int]]
    ) -> Done:
        """Run an event as an approved change does: in one transaction, on the locked loan."""

        async def run(step: Step) -> dict[str, int]:
            today, opened = await open_loan(self.lender.accountant, loan.id)
            return {"event": await work(step, opened, today)}

        return await perform(
            actor=self.lender.accountant, action="test", key=key(), arguments={}, work=run
        )

    async def _check(self, loans: list[LentLoan]) -> None:
        for loan in loans:
            loan.reference = as_history_makes_it(loan.product, loan.history, today=self.today)
            like = translate.state_of_reference(loan.reference)
            like["limit_used"] = self._limit_used(loan)
            found = translate.differences(like, await self._state(loan, like))
            if found:
                raise Disagreement("\n".join([f"{loan.product}", f"{loan.history}", *found]))
            await books_hold(loan.id)
            if not loan.replayed:
                await self._days_hold(loan)
        await self._closed_days_hold()
        for facility_id in {loan.facility_id for loan in loans}:
            used = sum(self._limit_used(x) for x in self.loans if x.facility_id == facility_id)
            facility = await CreditFacility.get(id=facility_id)
            if len(self.loans) == LOANS and facility.used != used:
                raise Disagreement(f"facility: reference {used}, code {facility.used}")

    async def _closed_days_hold(self) -> None:
        """Nothing is posted on a day that has gone."""
        (found,) = await db.rows(
            "SELECT COUNT(*) AS n FROM ledger_entry WHERE posting_date < %s", [self.today]
        )
        day, before = self.closed
        if day == self.today and found["n"] != before:
            raise Disagreement(f"{found['n'] - before} entries were posted before {self.today}")
        self.closed = (self.today, found["n"])

    async def _days_hold(self, loan: LentLoan) -> None:
        """The interest of a day is posted on that day."""
        found = await db.rows(
            "SELECT value_date, SUM(amount) AS total FROM ledger_entry WHERE loan_id = %s "
            "AND event = 'ACCRUAL' AND amount > 0 AND posting_date = value_date "
            "GROUP BY value_date",
            [loan.id],
        )
        posted = {row["value_date"]: int(row["total"]) for row in found}
        earned = {day: amount for day, amount in loan.reference.earned_on.items() if amount}
        if posted != earned:
            days = [day for day in posted.keys() | earned if posted.get(day) != earned.get(day)]
            raise Disagreement(f"{loan.product}\n{loan.history}\ninterest of {sorted(days)}")

    def _limit_used(self, loan: LentLoan) -> int:
        """What is repaid comes free where the facility revolves."""
        revolves = loan.facility_id == self.loans[0].facility_id
        return loan.reference.principal if revolves else loan.product.principal

    async def _state(self, loan: LentLoan, like: translate.State) -> translate.State:
        ledger: dict[str, int] = {}
        for row in await db.rows(
            "SELECT account_code, SUM(amount) AS total FROM ledger_entry WHERE loan_id = %s "
            "GROUP BY account_code",
            [loan.id],
        ):
            code = BANK if row["account_code"] in _CASH else row["account_code"]
            ledger[code] = ledger.get(code, 0) + int(row["total"])
        return translate.state_of(
            await Loan.get(id=loan.id),
            await Installment.filter(loan_id=loan.id).order_by("number"),
            await LoanCharge.filter(loan_id=loan.id).order_by("number"),
            {code: amount for code, amount in ledger.items() if amount},
            like=like,
            today=self.today,
        )

    async def leave(self) -> None:
        """Let the loans be somebody else's, so that they live on in no other test."""
        ids = [loan.id for loan in self.loans]
        await Loan.filter(id__in=ids).update(state="TRANSFERRED")


async def prepare() -> Lender:
    """Staff, and policy that lets a payment count from as far back as the tests try."""
    await db.execute("DROP TRIGGER policy_value_no_update")  # it cannot wait for a later day
    await db.execute(
        "UPDATE policy_value SET value = %s WHERE name = %s", ["60", "backdating_days_max"]
    )
    return await Lender.open()
