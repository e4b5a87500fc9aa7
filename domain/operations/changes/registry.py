"""Every kind of change. To add one: declare it in a file of `kinds/`, and list it here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from domain.actor import Actor
from domain.operations.changes.kind import Kind
from domain.operations.changes.kinds.backdated_repayment import BACKDATED_REPAYMENT
from domain.operations.changes.kinds.bank_account import BANK_ACCOUNT
from domain.operations.changes.kinds.benchmark_rate import BENCHMARK_RATE
from domain.operations.changes.kinds.calendar_year import CALENDAR_YEAR
from domain.operations.changes.kinds.employee_roles import EMPLOYEE_ROLES
from domain.operations.changes.kinds.exchange_rate import EXCHANGE_RATE
from domain.operations.changes.kinds.loan_product import LOAN_PRODUCT
from domain.operations.changes.kinds.manual_journal import MANUAL_JOURNAL
from domain.operations.changes.kinds.misuse import MISUSE
from domain.operations.changes.kinds.policy_rule import POLICY_RULE
from domain.operations.changes.kinds.policy_value import POLICY_VALUE
from domain.operations.changes.kinds.posting_profile import POSTING_PROFILE
from domain.operations.changes.kinds.refund import REFUND
from domain.operations.changes.kinds.reverse_repayment import REVERSE_REPAYMENT
from domain.operations.changes.kinds.suspense_match import SUSPENSE_MATCH
from domain.operations.changes.kinds.suspense_return import SUSPENSE_RETURN
from domain.operations.changes.kinds.waiver import WAIVER
from domain.operations.changes.kinds.write_off import WRITE_OFF

_KINDS: Final[tuple[Kind[Any], ...]] = (
    BANK_ACCOUNT,
    BENCHMARK_RATE,
    CALENDAR_YEAR,
    EMPLOYEE_ROLES,
    EXCHANGE_RATE,
    LOAN_PRODUCT,
    MANUAL_JOURNAL,
    POLICY_RULE,
    POLICY_VALUE,
    BACKDATED_REPAYMENT,
    MISUSE,
    REFUND,
    REVERSE_REPAYMENT,
    SUSPENSE_MATCH,
    SUSPENSE_RETURN,
    WAIVER,
    WRITE_OFF,
    POSTING_PROFILE,
)

KINDS: Final[Mapping[str, Kind[Any]]] = MappingProxyType({kind.name: kind for kind in _KINDS})
"""Name → kind."""


def kinds_of(actor: Actor) -> list[str]:
    """Return the names of the kinds that a person's roles propose or approve."""
    return [kind.name for kind in KINDS.values() if actor.has(*kind.propose, *kind.approve)]
