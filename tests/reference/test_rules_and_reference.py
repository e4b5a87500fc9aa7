"""The rules beside the reference model, driven by Hypothesis: at every step they hold the same.

`python -m tests.reference.long_run` does the same for a long time.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.reference import pair as pairs
from tests.reference.choices import Drawn
from tests.reference.long_run import run
from tests.reference.pair import Pair


class LoanBesideReference(RuleBasedStateMachine):
    """One loan of any kind; each rule compares it with the reference when it is done."""

    pair: Pair

    @initialize(data=st.data())
    def lend(self, data: st.DataObject) -> None:
        self.pair = pairs.a_pair(Drawn(data))

    @rule(data=st.data())
    def days_pass(self, data: st.DataObject) -> None:
        pairs.pass_days(Drawn(data), self.pair)

    @rule(data=st.data())
    def something_is_tried(self, data: st.DataObject) -> None:
        pairs.act(Drawn(data), self.pair)

    @rule(data=st.data())
    def a_payment_is_dated_back(self, data: st.DataObject) -> None:
        pairs.back_date(Drawn(data), self.pair)

    @rule(data=st.data())
    def a_payment_is_reversed(self, data: st.DataObject) -> None:
        pairs.reverse(Drawn(data), self.pair)


LoanBesideReference.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestLoanBesideReference = LoanBesideReference.TestCase


def test_random_loans_of_a_fixed_seed_agree() -> None:
    assert run(steps=2_000, seed=20261126) == 0
