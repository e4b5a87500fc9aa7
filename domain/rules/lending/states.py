"""States of the lending nouns and their legal moves (docs/domain.md §2 and §4)."""

from __future__ import annotations

from enum import StrEnum

from domain.rules.states import Moves


class FacilityState(StrEnum):
    """授信额度."""

    PROPOSED = "PROPOSED"
    ACTIVE = "ACTIVE"
    FROZEN = "FROZEN"
    EXPIRED = "EXPIRED"
    CLOSED = "CLOSED"


class ApplicationState(StrEnum):
    """贷款申请. The automatic outcome is a recommendation stored at ASSESSED."""

    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    ASSESSED = "ASSESSED"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    RETURNED = "RETURNED"
    CONTRACTED = "CONTRACTED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"


class ContractState(StrEnum):
    """借款合同."""

    PREPARED = "PREPARED"
    SIGNED = "SIGNED"
    CLOSED = "CLOSED"
    CANCELLED = "CANCELLED"


class SignatureState(StrEnum):
    """How far the signing of a contract's document has come."""

    UNSIGNED = "UNSIGNED"
    SIGNED = "SIGNED"


class DrawdownState(StrEnum):
    """提款. Its amount is reserved in the facility until it is disbursed or cancelled."""

    REQUESTED = "REQUESTED"
    DISBURSED = "DISBURSED"
    CANCELLED = "CANCELLED"


class LoanState(StrEnum):
    """借据. Delinquency is derived, not a state."""

    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    PAID_OFF = "PAID_OFF"
    WRITTEN_OFF = "WRITTEN_OFF"
    TRANSFERRED = "TRANSFERRED"
    CANCELLED = "CANCELLED"


LIVING_LOANS = (LoanState.ACTIVE, LoanState.WRITTEN_OFF)
"""The states in which days pass for a loan."""


class PaymentMethod(StrEnum):
    """受托支付 or 自主支付."""

    ENTRUSTED = "ENTRUSTED"
    SELF = "SELF"


_F, _A, _C, _D, _L = FacilityState, ApplicationState, ContractState, DrawdownState, LoanState

FACILITY_MOVES: Moves = {
    _F.PROPOSED: frozenset({_F.ACTIVE, _F.CLOSED}),
    _F.ACTIVE: frozenset({_F.FROZEN, _F.EXPIRED, _F.CLOSED}),
    _F.FROZEN: frozenset({_F.ACTIVE, _F.EXPIRED, _F.CLOSED}),
    _F.EXPIRED: frozenset(),
    _F.CLOSED: frozenset(),
}
APPLICATION_MOVES: Moves = {
    _A.DRAFT: frozenset({_A.SUBMITTED, _A.WITHDRAWN, _A.EXPIRED}),
    _A.SUBMITTED: frozenset({_A.ASSESSED, _A.WITHDRAWN, _A.EXPIRED}),
    _A.ASSESSED: frozenset({_A.APPROVED, _A.REJECTED, _A.RETURNED, _A.WITHDRAWN, _A.EXPIRED}),
    _A.RETURNED: frozenset({_A.SUBMITTED, _A.WITHDRAWN, _A.EXPIRED}),
    _A.APPROVED: frozenset({_A.CONTRACTED, _A.RETURNED, _A.WITHDRAWN, _A.EXPIRED}),
    _A.REJECTED: frozenset(),
    _A.CONTRACTED: frozenset(),
    _A.WITHDRAWN: frozenset(),
    _A.EXPIRED: frozenset(),
}
CONTRACT_MOVES: Moves = {
    _C.PREPARED: frozenset({_C.SIGNED, _C.CANCELLED}),
    _C.SIGNED: frozenset({_C.CLOSED, _C.CANCELLED}),
    _C.CLOSED: frozenset(),
    _C.CANCELLED: frozenset(),
}
DRAWDOWN_MOVES: Moves = {
    _D.REQUESTED: frozenset({_D.DISBURSED, _D.CANCELLED}),
    # Only the bounce of its payment order undoes a disbursement.
    _D.DISBURSED: frozenset({_D.CANCELLED}),
    _D.CANCELLED: frozenset(),
}
LOAN_MOVES: Moves = {
    _L.PENDING: frozenset({_L.ACTIVE, _L.CANCELLED}),
    # CANCELLED: the order that disbursed it bounced, and nobody has paid on it.
    _L.ACTIVE: frozenset({_L.PAID_OFF, _L.WRITTEN_OFF, _L.TRANSFERRED, _L.CANCELLED}),
    # Only a reversal of the closing payment moves these two back.
    _L.PAID_OFF: frozenset({_L.ACTIVE, _L.WRITTEN_OFF}),
    _L.WRITTEN_OFF: frozenset({_L.PAID_OFF}),
    _L.TRANSFERRED: frozenset(),
    _L.CANCELLED: frozenset(),
}

APPLICATION = ("loan application", "贷款申请")
FACILITY = ("credit facility", "授信额度")
CONTRACT = ("loan contract", "借款合同")
DRAWDOWN = ("drawdown", "提款")
LOAN = ("loan", "借据")
