"""Submitting many cases as applications over HTTP: files first, then each application, in parallel.

Every client is a thread with connections of its own, as so many phones would be.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, TypeVar

from domain.rules.lending.borrower import Profile
from domain.rules.money import scale
from domain.rules.roles import Role
from liudai.client import CallFailed, Client
from liudai.errors import LiudaiError

C = TypeVar("C")
R = TypeVar("R")

PROFILE = Profile.GENERIC
_RATE = Decimal("0.0600")
_INSTALLMENTS = 12
_FACILITY_DAYS = 365


@dataclass(frozen=True, slots=True)
class Case:
    """One application to submit: typed features as the API takes them, amount as a decimal."""

    reference: str
    amount: Decimal
    features: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A case whose borrower and facility exist (global ids)."""

    case: Case
    borrower_id: str
    facility_id: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API decided. `seconds` is save and submit together, as the client waited."""

    reference: str
    probability_of_default: float
    model_sha256: str
    recommendation: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Batch(Generic[R]):
    """The results by case reference, and a sentence for each case that failed."""

    results: Mapping[str, R]
    failures: Mapping[str, str]
    seconds: float


class Desk:
    """The people who take applications in, with the product they are for."""

    def __init__(self, url: str, tokens: Mapping[Role, str], *, currency: str) -> None:
        self._url = url
        self._tokens = tokens
        self._thread = threading.local()
        self._currency = currency
        manager = self.client(Role.RELATIONSHIP_MANAGER)
        self._product = _product(manager, currency)
        today = dt.date.fromisoformat(manager.query("{ businessDate }")["businessDate"])
        self._expires_on = (today + dt.timedelta(days=_FACILITY_DAYS)).isoformat()

    def client(self, role: Role) -> Client:
        """Return this thread's client of a person with that role."""
        clients: dict[Role, Client] = self._thread.__dict__.setdefault("clients", {})
        if role not in clients:
            clients[role] = Client(self._url, self._tokens[role])
        return clients[role]

    def open_file(self, case: Case) -> OpenFile:
        """Register the borrower; propose a facility, and activate it as another person."""
        manager = self.client(Role.RELATIONSHIP_MANAGER)
        borrower = manager.mutate(
            "registerBorrower",
            "borrower { id }",
            profile=str(PROFILE),
            name=f"Borrower {case.reference}",
            externalId=case.reference,
        )["borrower"]
        facility = manager.mutate(
            "proposeFacility",
            "facility { id }",
            borrowerId=borrower["id"],
            limit=str(self._amount(case)),
            currency=self._currency,
            expiresOn=self._expires_on,
        )["facility"]
        self.client(Role.APPROVER).mutate(
            "activateFacility",
            "facility { state }",
            facilityId=facility["id"],
        )
        return OpenFile(case, borrower["id"], facility["id"])

    def apply(self, file: OpenFile) -> Answer:
        """Save and submit the application; return the decision on it."""
        manager = self.client(Role.RELATIONSHIP_MANAGER)
        started = time.perf_counter()
        saved = manager.mutate(
            "saveApplication",
            "application { id version }",
            borrowerId=file.borrower_id,
            facilityId=file.facility_id,
            productId=self._product["id"],
            amount=str(self._amount(file.case)),
            annualRate=str(max(_RATE, Decimal(self._product["rateMin"]))),
            installments=min(_INSTALLMENTS, self._product["installmentsMax"]),
            purpose="RAW_MATERIALS",
            features=list(file.case.features),
        )["application"]
        decision = manager.mutate(
            "submitApplication",
            "decision { recommendation probabilityOfDefault modelSha256 }",
            applicationId=saved["id"],
            expectedVersion=saved["version"],
        )["decision"]
        seconds = time.perf_counter() - started
        if decision["probabilityOfDefault"] is None:
            raise CallFailed("the decision has no probability of default")
        return Answer(
            file.case.reference,
            float(decision["probabilityOfDefault"]),
            decision["modelSha256"],
            decision["recommendation"],
            seconds,
        )

    def _amount(self, case: Case) -> Decimal:
        """Return the case's amount as the product takes it: within its bounds, to its scale."""
        least, most = Decimal(self._product["principalMin"]), Decimal(self._product["principalMax"])
        step = Decimal(1).scaleb(-scale(self._currency))
        return min(max(case.amount, least), most).quantize(step)


def in_parallel(
    work: Callable[[C], R],
    items: Mapping[str, C],
    *,
    clients: int,
    done: Callable[[], None],
) -> Batch[R]:
    """Do `work` for each item, `clients` at a time, and call `done` after each.

    A case that the API refuses or does not answer is a failure of the batch, not its end.
    """
    results: dict[str, R] = {}
    failures: dict[str, str] = {}
    started = time.perf_counter()
    with _pool(clients) as pool:
        futures = {pool.submit(work, item): name for name, item in items.items()}
        for future in as_completed(futures):
            try:
                results[futures[future]] = future.result()
            except CallFailed as failure:
                failures[futures[future]] = str(failure)
            done()
    return Batch(results, failures, time.perf_counter() - started)


@contextmanager
def _pool(threads: int) -> Iterator[ThreadPoolExecutor]:
    """Give a pool whose waiting work is dropped when the block is left early."""
    pool = ThreadPoolExecutor(threads)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _product(manager: Client, currency: str) -> dict[str, Any]:
    wanted = "id profile currency principalMin principalMax rateMin installmentsMax"
    page = manager.query(f"{{ loanProducts(first: 100) {{ edges {{ node {{ {wanted} }} }} }} }}")
    for edge in page["loanProducts"]["edges"]:
        product: dict[str, Any] = edge["node"]
        if (product["profile"], product["currency"]) == (str(PROFILE), currency):
            return product
    raise LiudaiError(f"there is no {PROFILE} product in {currency} to apply for")
