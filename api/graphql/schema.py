"""The schema: the noun modules put together, guarded by the role table, checked, and ready to run.

A noun module is listed in QUERIES, MUTATIONS or SUBSCRIPTIONS; its root fields go into
api/graphql/roles.py. docs/ walks through adding one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import strawberry
from graphql import GraphQLObjectType
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.name_converter import NameConverter
from strawberry.tools import merge_types

from api.graphql.analytics.delinquency import DelinquencyQueries
from api.graphql.analytics.funnel import FunnelQueries
from api.graphql.analytics.model_performance import ModelPerformanceQueries
from api.graphql.analytics.portfolio import PortfolioQueries
from api.graphql.audit import AuditQueries
from api.graphql.business_date import BusinessDateMutations, BusinessDateQueries
from api.graphql.changes.requests import ChangeMutations, ChangeQueries
from api.graphql.executor import PlanningExecutor
from api.graphql.ids import NODE_LOADERS, NodeQueries
from api.graphql.lending.application_changes import ApplicationMutations
from api.graphql.lending.applications import ApplicationQueries
from api.graphql.lending.bank_accounts import BankAccountMutations, BankAccountQueries
from api.graphql.lending.books import BooksMutations, BooksQueries
from api.graphql.lending.books_proof import BooksProofQueries
from api.graphql.lending.borrowers import BorrowerMutations, BorrowerQueries
from api.graphql.lending.contracts import ContractMutations, ContractQueries
from api.graphql.lending.day_close import DayCloseMutations, DayCloseQueries
from api.graphql.lending.deadlines import DeadlineMutations, DeadlineQueries
from api.graphql.lending.facilities import FacilityMutations, FacilityQueries
from api.graphql.lending.incoming_payments import (
    IncomingPaymentMutations,
    IncomingPaymentQueries,
)
from api.graphql.lending.loan_payments import LoanPaymentMutations
from api.graphql.lending.loan_statement import LoanStatementQueries
from api.graphql.lending.loan_terms import LoanTermsMutations
from api.graphql.lending.loans import LoanQueries
from api.graphql.lending.payment_files import PaymentFileMutations, PaymentFileQueries
from api.graphql.lending.payment_orders import PaymentOrderMutations, PaymentOrderQueries
from api.graphql.lending.products import ProductQueries
from api.graphql.lending.reconciliation import ReconciliationQueries
from api.graphql.lending.schedule_preview import SchedulePreviewQueries
from api.graphql.lending.statements import StatementMutations, StatementQueries
from api.graphql.live import LiveSubscriptions
from api.graphql.observed import observe
from api.graphql.reference import ReferenceQueries
from api.graphql.risk.models import ModelMutations, ModelQueries, ModelSubscriptions
from api.graphql.roles import ROLES, Access, RefusalHook, guard
from api.graphql.scalars import SCALARS
from api.graphql.staff import StaffMutations, StaffQueries
from domain.operations.audit import record_refusal

QUERIES: Final[tuple[type, ...]] = (
    NodeQueries,
    StaffQueries,
    SchedulePreviewQueries,
    BorrowerQueries,
    BankAccountQueries,
    FacilityQueries,
    ProductQueries,
    ApplicationQueries,
    ContractQueries,
    LoanQueries,
    PaymentFileQueries,
    IncomingPaymentQueries,
    PaymentOrderQueries,
    ReconciliationQueries,
    DeadlineQueries,
    ModelQueries,
    BusinessDateQueries,
    DayCloseQueries,
    AuditQueries,
    BooksQueries,
    BooksProofQueries,
    LoanStatementQueries,
    StatementQueries,
    ChangeQueries,
    ReferenceQueries,
    PortfolioQueries,
    DelinquencyQueries,
    FunnelQueries,
    ModelPerformanceQueries,
)
MUTATIONS: Final[tuple[type, ...]] = (
    StaffMutations,
    BorrowerMutations,
    BankAccountMutations,
    FacilityMutations,
    ApplicationMutations,
    ContractMutations,
    LoanPaymentMutations,
    PaymentFileMutations,
    IncomingPaymentMutations,
    PaymentOrderMutations,
    LoanTermsMutations,
    DeadlineMutations,
    ModelMutations,
    BusinessDateMutations,
    DayCloseMutations,
    StatementMutations,
    ChangeMutations,
    BooksMutations,
)
SUBSCRIPTIONS: Final[tuple[type, ...]] = (LiveSubscriptions, ModelSubscriptions)
TYPES: Final[tuple[type, ...]] = ()
"""Types that only `node(id:)` reaches."""


class RememberedNames(NameConverter):
    """Strawberry asks for the camelCase name of each input field in every request."""

    def __init__(self) -> None:
        super().__init__()
        self._remembered: dict[str, str] = {}

    def apply_naming_config(self, name: str) -> str:
        found = self._remembered.get(name)
        if found is None:
            found = self._remembered[name] = super().apply_naming_config(name)
        return found


class SchemaError(Exception):
    """The schema is not put together as it must be."""


def build_schema(
    *,
    queries: Sequence[type] = QUERIES,
    mutations: Sequence[type] = MUTATIONS,
    subscriptions: Sequence[type] = SUBSCRIPTIONS,
    types: Sequence[type] = TYPES,
    roles: Mapping[str, Access] = ROLES,
    record: RefusalHook = record_refusal,
) -> strawberry.Schema:
    """Return the executable schema.

    Raises :class:`~api.graphql.roles.RoleTableError` when the role table and the root fields
    differ, and :class:`SchemaError` when an entity cannot be fetched by its id.
    """
    schema = strawberry.Schema(
        query=_merge("Query", "What can be read.", queries),
        mutation=_merge("Mutation", "What can be done; each takes one input.", mutations)
        if mutations
        else None,
        subscription=_merge("Subscription", "What can be followed live.", subscriptions)
        if subscriptions
        else None,
        types=types,
        config=StrawberryConfig(
            scalar_map=SCALARS,
            name_converter=RememberedNames(),
            disable_field_suggestions=True,
        ),
        execution_context_class=PlanningExecutor,
    )
    guard(schema._schema, roles, record)
    observe(schema._schema)
    _check_nodes(schema)
    return schema


@lru_cache(maxsize=1)
def get_schema() -> strawberry.Schema:
    """Return the schema of this process, built once."""
    return build_schema()


def _merge(name: str, description: str, parts: Sequence[type]) -> type:
    merged = merge_types(name, tuple(parts))
    merged.__strawberry_definition__.description = description  # type: ignore[attr-defined]
    return merged


def _check_nodes(schema: strawberry.Schema) -> None:
    core = schema._schema
    interface = core.get_type("Node")
    entities: set[Any] = {
        type_.name
        for type_ in core.type_map.values()
        if isinstance(type_, GraphQLObjectType) and interface in type_.interfaces
    }
    if absent := sorted(entities - NODE_LOADERS.keys()):
        raise SchemaError(f"no @node_loader of {', '.join(absent)}: `node(id:)` could not find it")
