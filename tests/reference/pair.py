"""One loan twice: as the rules service it, and as the reference model makes it of its history."""

from __future__ import annotations

import copy
import datetime as dt
from dataclasses import replace

from domain.rules.lending.servicing.account import Charge, Installment
from domain.rules.lending.servicing.apply import apply
from domain.rules.lending.servicing.days import advance
from domain.rules.lending.servicing.events import Event
from domain.rules.lending.servicing.position import position
from domain.rules.lending.servicing.refusals import problems_with
from domain.rules.lending.servicing.replay import replay
from domain.rules.refusal import Refused
from tests.domain.rules.lending.servicing.loans import disbursed
from tests.reference import translate
from tests.reference.actions import Choice, some_act, some_days, some_payment, some_product
from tests.reference.loan import Act, Contradiction, Loan, as_history_makes_it
from tests.reference.plan import Product
from tests.reference.translate import State

PAYMENTS = ("PAYMENT", "PREPAYMENT", "PAYOFF")


class Disagreement(AssertionError):
    """The rules and the reference model hold different things of one loan."""


class Pair:
    """A loan of `product`. What is settled is put aside between steps, as the database has it:
    the rules see of a loan the open items alone, unless they replay it."""

    def __init__(self, product: Product) -> None:
        self.product = product
        self.fresh = disbursed(translate.servicing_terms(product))
        self.account = copy.deepcopy(self.fresh)
        self.history: list[Act] = []
        self.order = 0
        self.today = product.start
        self.reference = Loan(product)
        self.settled: dict[int, Installment] = {}
        self.settled_charges: dict[int, Charge] = {}

    def pass_days(self, days: int) -> None:
        """Let days pass."""
        self.today += dt.timedelta(days=days)
        advance(self.account, self.today)
        self._check()

    def do(self, act: Act) -> bool:
        """Try `act` today; return whether it was done. What is refused changes nothing."""
        allowed = self.reference.allows(act)
        event = translate.event_of(act, sequence=act.order)
        before = copy.deepcopy(self.account)
        try:
            refused = bool(problems_with(self.account, event, currency="CNY"))
        except Refused:
            refused = True
        if refused is allowed:
            raise Disagreement(f"{act}: the rules {'refuse' if refused else 'allow'} it")
        if refused:
            if self.account != before:
                raise Disagreement(f"{act} was refused and changed the loan")
            return False
        if act.since is not None and act.since < act.on:  # it looks at settled instalments too
            return self.change_history([*self.history, act], asked=act)
        self.history.append(act)
        apply(self.account, event)
        self._check()
        return True

    def change_history(self, history: list[Act], *, asked: Act | None = None) -> bool:
        """Let another history be the loan's, as a back-dated or reversed payment does; `asked` is
        what is new in it. Return whether that may be."""
        try:
            as_history_makes_it(self.product, history, today=self.today, asked=asked)
            allowed = True
        except Contradiction:
            allowed = False
        events: list[Event] = [translate.event_of(act, sequence=act.order) for act in history]
        try:
            again = replay(
                copy.deepcopy(self.fresh),
                events,
                today=self.today,
                asked=asked.order if asked else None,
                currency="CNY",
            )
        except Refused:
            if allowed:
                raise Disagreement("the rules refuse a history that may be") from None
            return False
        if not allowed:
            raise Disagreement(f"the rules allow a history that may not be, with {asked}")
        self.account, self.history = again, history
        self.settled, self.settled_charges = {}, {}
        self._check()
        return True

    def _check(self) -> None:
        self.reference = as_history_makes_it(self.product, self.history, today=self.today)
        reference = translate.state_of_reference(self.reference)
        found = translate.differences(reference, self._state(reference))
        if sum(self.reference.books.balances.values()) != 0:
            found.append("the reference's ledger does not balance")
        if found:
            raise Disagreement("\n".join(found))
        self._put_aside()

    def _state(self, like: State) -> State:
        account = self.account
        rows = {**self.settled, **{row.number: row for row in account.installments}}
        charges = {**self.settled_charges, **{c.number: c for c in account.charges}}
        held = position(account, disbursed=self.product.principal)
        return translate.state_of(
            account,
            [rows[number] for number in sorted(rows)],
            [charges[number] for number in sorted(charges)],
            {str(code): amount for code, amount in held.items() if amount},
            like=like,
            today=self.today,
        )

    def _put_aside(self) -> None:
        account = self.account
        for row in account.installments:
            if row.settled_on is not None:
                self.settled[row.number] = row
        for charge in account.charges:
            if charge.settled_on is not None:
                self.settled_charges[charge.number] = charge
        account.installments = account.open_installments()
        account.settled_to = max(self.settled, default=0)
        account.charges = account.open_charges()
        account.taken.clear()


def a_pair(choose: Choice) -> Pair:
    """A loan to begin with."""
    return Pair(some_product(choose))


def step(choose: Choice, pair: Pair) -> str:
    """Do one thing with the loan; return its name."""
    kinds = (pass_days, pass_days, act, act, act, back_date, reverse)
    return choose.one_of(kinds)(choose, pair)


def pass_days(choose: Choice, pair: Pair) -> str:
    """Let days pass."""
    pair.pass_days(some_days(choose, [pair.reference]))
    return "DAYS"


def act(choose: Choice, pair: Pair) -> str:
    """Try something today."""
    pair.order += 1
    tried = some_act(choose, pair.reference, pair.order)
    return tried.kind if pair.do(tried) else f"{tried.kind} refused"


def back_date(choose: Choice, pair: Pair) -> str:
    """Let a payment count from an earlier day."""
    if pair.reference.state == "PAID_OFF":
        return "PAST refused"
    pair.order += 1
    payment = some_payment(choose, pair.reference, pair.order)
    days = choose.one_of((1, 2, 5, choose.number(0, 120)))
    day = max(pair.product.start, pair.today - dt.timedelta(days=days))
    kind = choose.one_of(PAYMENTS) if pair.reference.state == "ACTIVE" else "PAYMENT"
    keep = choose.one_of(("INSTALLMENT", "TERM")) if kind == "PREPAYMENT" else ""
    past = replace(payment, on=day, kind=kind, keep=keep)
    done = pair.change_history([*pair.history, past], asked=past)
    return f"PAST {kind}" if done else "PAST refused"


def reverse(choose: Choice, pair: Pair) -> str:
    """Take a payment out of the history."""
    payments = [past for past in pair.history if past.kind in PAYMENTS]
    if not payments:
        return "REVERSAL refused"
    gone = choose.one_of(payments)
    done = pair.change_history([past for past in pair.history if past is not gone])
    return "REVERSAL" if done else "REVERSAL refused"
