"""Which role may use which root field. This table is the whole of it: a root field that is not
here, or a name here that is no root field, stops the schema from being built.

Object-level rules (own customer, own branch, four eyes) are the domain's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias

from graphql import GraphQLField, GraphQLResolveInfo, GraphQLSchema

from api.errors import ApiError, forbidden, unauthenticated
from domain.actor import Actor
from domain.operations.audit import record_refusal
from domain.operations.changes.registry import KINDS
from domain.queries.lending.payment_sight import READERS
from domain.rules.roles import Role

Access: TypeAlias = frozenset[Role]
RefusalHook: TypeAlias = Callable[[Actor, str, str], Awaitable[None]]

ANYONE: Final[Access] = frozenset(Role)
"""Everybody who has signed in, whatever the role."""

_STAFF: Final[Access] = ANYONE - {Role.APPLICANT}
_LENDING: Final[Access] = ANYONE - {Role.ADMIN, Role.OPERATOR}
"""Everybody with cases of their own or a duty to look at them; the domain says which cases."""
_MANAGER: Final[Access] = frozenset({Role.RELATIONSHIP_MANAGER})
_OWNER_SIDE: Final[Access] = frozenset({Role.APPLICANT, Role.RELATIONSHIP_MANAGER})
_APPROVER: Final[Access] = frozenset({Role.APPROVER})
_CASHIER: Final[Access] = frozenset({Role.CASHIER})
_RISK: Final[Access] = frozenset({Role.RISK_OFFICER})
_OPERATOR: Final[Access] = frozenset({Role.OPERATOR})
_ADMIN: Final[Access] = frozenset({Role.ADMIN})
_BOOKS: Final[Access] = frozenset({Role.ACCOUNTANT, Role.AUDITOR})
_MODEL_LINE: Final[Access] = frozenset(
    {Role.OPERATOR, Role.RISK_OFFICER, Role.ANALYST, Role.AUDITOR}
)
_BANKING: Final[Access] = READERS
"""Whoever handles, books or checks the lender's dealings with its bank."""
_DAY_CLOSE: Final[Access] = frozenset({Role.OPERATOR, Role.ACCOUNTANT, Role.AUDITOR})
_PORTFOLIO: Final[Access] = _LENDING - {Role.APPLICANT, Role.CASHIER}
"""Whoever steers or checks the book; a relationship manager sees the own customers' part of it."""

_PROPOSERS: Final[Access] = frozenset().union(*(kind.propose for kind in KINDS.values()))
_DECIDERS: Final[Access] = frozenset().union(*(kind.approve for kind in KINDS.values()))
"""Who proposes or decides some kind of change; the registry says which, the domain looks."""

ROLES: Final[dict[str, Access]] = {
    "Query.node": ANYONE,
    "Query.nodes": ANYONE,
    "Query.me": ANYONE,
    "Query.businessDate": ANYONE,
    "Query.businessDays": _DAY_CLOSE,
    "Query.businessDay": _DAY_CLOSE,
    "Query.closeProgress": _DAY_CLOSE,
    "Query.setAsideLoans": _DAY_CLOSE,
    "Query.previewSchedule": ANYONE,
    "Query.loanProducts": ANYONE,
    "Query.borrowers": _LENDING,
    "Query.creditFacilities": _LENDING,
    "Query.loanApplication": _LENDING,
    "Query.loanApplications": _LENDING,
    "Query.loanContracts": _LENDING,
    "Query.loan": _LENDING,
    "Query.loans": _LENDING,
    "Query.payoffQuote": _LENDING,
    "Query.loanDeadlines": _PORTFOLIO,
    "Query.modelVersions": _MODEL_LINE,
    "Query.trainingJobs": _MODEL_LINE,
    "Query.auditEntries": frozenset({Role.AUDITOR}),
    "Query.ledgerEntries": _BOOKS,
    "Query.trialBalance": _BOOKS,
    "Query.generalLedger": _BOOKS,
    "Query.loanLedger": _BOOKS,
    "Query.vatReport": _BOOKS,
    "Query.accountingPeriods": _BOOKS,
    "Query.verifyBooks": _BOOKS | {Role.OPERATOR},
    "Query.loanStatement": _LENDING,
    "Query.employees": frozenset({Role.ADMIN, Role.AUDITOR}),
    "Query.branches": _STAFF,
    "Query.bankAccounts": _LENDING,
    "Query.financialStatements": _LENDING,
    "Query.paymentFiles": _BANKING,
    "Query.paymentFileLines": _BANKING,
    "Query.paymentFileReport": _BANKING,
    "Query.incomingPayments": _BANKING,
    "Query.suspenseAgeing": _BANKING,
    "Query.paymentOrders": _BANKING,
    "Query.paymentOrderFiles": _BANKING,
    "Query.reconciliation": _BANKING,
    "Query.changeRequest": _PROPOSERS | _DECIDERS | {Role.AUDITOR},
    "Query.changeRequests": _PROPOSERS | _DECIDERS | {Role.AUDITOR},
    "Query.benchmarkRates": ANYONE,
    "Query.calendarDays": ANYONE,
    "Query.exchangeRates": _STAFF,
    "Query.postingProfile": frozenset({Role.ACCOUNTANT, Role.RISK_OFFICER, Role.AUDITOR}),
    "Query.policyValues": _STAFF,
    "Query.policyRules": _STAFF,
    "Query.portfolioSummary": _PORTFOLIO,
    "Query.delinquencyBuckets": _PORTFOLIO,
    "Query.applicationFunnel": _PORTFOLIO,
    # An operator sees no case, so nothing that its outcome could be counted from.
    "Query.modelPerformance": _MODEL_LINE - {Role.OPERATOR},
    "Mutation.proposeChange": _PROPOSERS,
    "Mutation.approveChange": _DECIDERS,
    "Mutation.rejectChange": _DECIDERS,
    "Mutation.withdrawChange": _PROPOSERS,
    "Mutation.registerBankAccount": _OWNER_SIDE,
    "Mutation.recordFinancialStatement": _OWNER_SIDE,
    "Mutation.registerBorrower": _OWNER_SIDE,
    "Mutation.proposeFacility": _MANAGER,
    "Mutation.activateFacility": _APPROVER,
    "Mutation.freezeFacility": _RISK,
    "Mutation.thawFacility": _RISK,
    "Mutation.applyForLoan": _OWNER_SIDE,
    "Mutation.saveApplication": _OWNER_SIDE,
    "Mutation.submitApplication": _OWNER_SIDE,
    "Mutation.withdrawApplication": _OWNER_SIDE,
    "Mutation.approveApplication": _APPROVER,
    "Mutation.rejectApplication": _APPROVER,
    "Mutation.returnApplication": _APPROVER,
    "Mutation.prepareContract": _MANAGER,
    "Mutation.signContract": _OWNER_SIDE,
    "Mutation.requestDrawdown": _OWNER_SIDE,
    "Mutation.cancelDrawdown": _OWNER_SIDE,
    "Mutation.disburseDrawdown": _CASHIER,
    "Mutation.repayLoan": _CASHIER,
    "Mutation.announcePrepayment": _OWNER_SIDE | _APPROVER,
    "Mutation.prepayLoan": _CASHIER,
    "Mutation.payOffLoan": _CASHIER,
    "Mutation.importPaymentFile": _CASHIER,
    "Mutation.resumePaymentFile": _CASHIER,
    "Mutation.receivePayment": _CASHIER,
    "Mutation.exportPaymentOrders": _CASHIER,
    "Mutation.confirmPaymentOrder": _CASHIER,
    "Mutation.bouncePaymentOrder": _CASHIER,
    "Mutation.chargeLoan": frozenset({Role.CASHIER, Role.ACCOUNTANT}),
    "Mutation.recordDemand": frozenset({Role.RELATIONSHIP_MANAGER, Role.RISK_OFFICER}),
    "Mutation.extendLoan": _APPROVER,
    "Mutation.restructureLoan": _APPROVER,
    "Mutation.accelerateLoan": _APPROVER,
    "Mutation.changeLoanRate": _APPROVER,
    "Mutation.changeDueDay": _APPROVER,
    "Mutation.closeAccountingPeriod": frozenset({Role.ACCOUNTANT}),
    "Mutation.advanceBusinessDate": _OPERATOR,
    "Mutation.closeBusinessDay": _OPERATOR,
    "Mutation.catchUpLoan": _OPERATOR,
    "Mutation.trainModel": _OPERATOR,
    "Mutation.validateModel": _RISK,
    "Mutation.promoteModel": _RISK,
    "Mutation.rollbackModel": _RISK,
    "Mutation.registerEmployee": _ADMIN,
    "Mutation.deactivateEmployee": _ADMIN,
    "Mutation.registerBorrowerUser": frozenset({Role.ADMIN, Role.RELATIONSHIP_MANAGER}),
    "Subscription.applicationUpdated": _LENDING,
    "Subscription.loanEvents": _LENDING,
    "Subscription.jobProgress": _MODEL_LINE,
}


class RoleTableError(Exception):
    """The table and the schema name different root fields."""


def guard(
    schema: GraphQLSchema, roles: Mapping[str, Access], record: RefusalHook = record_refusal
) -> None:
    """Put the table in front of every root field of `schema`, once, at build time.

    A refused mutation is told to `record` before the caller hears of it. Raises
    :class:`RoleTableError` when the table and the schema differ.
    """
    fields = {
        f"{root.name}.{name}": (root, field)
        for root in (schema.query_type, schema.mutation_type, schema.subscription_type)
        if root is not None
        for name, field in root.fields.items()
    }
    if missing := sorted(fields.keys() - roles.keys()):
        raise RoleTableError(f"api/graphql/roles.py must say who may use {', '.join(missing)}")
    if unknown := sorted(roles.keys() - fields.keys()):
        raise RoleTableError(f"api/graphql/roles.py names no root field: {', '.join(unknown)}")
    for name, (root, field) in fields.items():
        _guard_field(field, name, roles[name], record if root is schema.mutation_type else None)


def _guard_field(
    field: GraphQLField, name: str, allowed: Access, record: RefusalHook | None
) -> None:
    inner = field.subscribe or field.resolve
    if inner is None:
        raise RoleTableError(f"{name} has no resolver")
    serve: Callable[..., Any] = inner

    def guarded(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        actor: Actor | None = info.context.caller
        refusal = _refusal(actor, allowed, name)
        if refusal is None:
            return serve(source, info, **arguments)
        if record is not None and actor is not None:
            return _recorded(record, actor, name, refusal)
        raise refusal

    if field.subscribe is None:
        field.resolve = guarded
    else:
        field.subscribe = guarded


def _refusal(actor: Actor | None, allowed: Access, name: str) -> ApiError | None:
    if actor is None:
        return unauthenticated()
    if allowed is ANYONE or not actor.roles.isdisjoint(allowed):
        return None
    return forbidden(name)


async def _recorded(record: RefusalHook, actor: Actor, name: str, refusal: ApiError) -> None:
    await record(actor, name.partition(".")[2], refusal.message)
    raise refusal
