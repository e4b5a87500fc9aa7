"""Register a borrower: an employee for a customer, or a borrower's user for itself."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Any

from tortoise.exceptions import IntegrityError

from domain.actor import Actor, ActorKind
from domain.db import rows
from domain.encryption import blind_index, encrypt
from domain.models.lending.borrower import Borrower
from domain.models.staff import BorrowerUser, Branch, CaseAssignment
from domain.operations.lending.identifiers import (
    check_resident_id,
    check_unified_social_credit_code,
)
from domain.operations.perform import Done, Result, Step, perform
from domain.queries.business_date import business_date
from domain.rules.form import Form
from domain.rules.lending.borrower import (
    BorrowerKind,
    EnterpriseSize,
    Profile,
    check_classification,
    check_registered_on,
)
from domain.rules.refusal import ErrorCode, Problem, Refused

RESIDENT_ID = "borrower.resident_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What the form gives; empty texts were not given."""

    profile: Profile
    kind: BorrowerKind
    name: str
    unified_social_credit_code: str = ""
    external_id: str = ""
    owner_resident_id: str = ""
    industry_code: str = ""
    enterprise_size: EnterpriseSize | None = None
    region: str = ""
    registered_on: dt.date | None = None


async def register_borrower(*, actor: Actor, key: str, registration: Registration) -> Done:
    """Create the borrower; raises :class:`Refused` with every mistake, or for a duplicate.

    Result: `borrower`.
    """

    async def work(step: Step) -> Result:
        today = await business_date()
        values = _read(registration, today=today)
        await _refuse_second(actor)
        branch_id = actor.branch_id or (await Branch.get(parent_id=None)).id
        officer_id = actor.id if actor.kind is ActorKind.EMPLOYEE else None
        await _refuse_duplicate(values)
        try:
            borrower = await Borrower.create(**values, branch_id=branch_id, officer_id=officer_id)
        except IntegrityError as error:  # somebody registered it between the look and the insert
            raise Refused([_DUPLICATE]) from error
        if actor.kind is ActorKind.BORROWER_USER:
            await BorrowerUser.filter(id=actor.id).update(borrower_id=borrower.id)
        await CaseAssignment.create(
            noun="Borrower",
            noun_id=borrower.id,
            employee_id=officer_id,
            branch_id=branch_id,
            from_date=today,
            reason="registered",
        )
        step.changed(
            "Borrower",
            borrower.id,
            after={
                "name": borrower.name,
                "kind": borrower.kind,
                "profile": borrower.profile,
                "unifiedSocialCreditCode": borrower.unified_social_credit_code,
            },
            event="borrower.registered",
        )
        return {"borrower": borrower.id}

    # The resident ID itself stays out of the idempotency record: its blind index stands for it.
    asked = asdict(registration)
    asked["owner_resident_id"] = blind_index(registration.owner_resident_id, column=RESIDENT_ID)
    return await perform(
        actor=actor, action="registerBorrower", key=key, arguments=asked, work=work
    )


def _read(registration: Registration, *, today: dt.date) -> dict[str, Any]:
    form = Form()
    chinese = registration.profile is Profile.CN
    company = registration.kind is BorrowerKind.COMPANY
    name = form.text("name", registration.name, longest=200)
    uscc = check_unified_social_credit_code(
        form, registration.unified_social_credit_code, needed=chinese and company
    )
    resident_id = check_resident_id(
        form, registration.owner_resident_id, needed=chinese and not company
    )
    external_id = form.text("externalId", registration.external_id, longest=60, needed=False)
    check_classification(form, industry_code=registration.industry_code, region=registration.region)
    check_registered_on(form, registration.registered_on, today=today)
    form.refuse()
    return {
        "profile": registration.profile,
        "kind": registration.kind,
        "name": name,
        "unified_social_credit_code": uscc,
        "external_id": external_id or None,
        "resident_id_cipher": encrypt(resident_id, column=RESIDENT_ID) if resident_id else None,
        "resident_id_index": blind_index(resident_id, column=RESIDENT_ID) if resident_id else None,
        "resident_id_tail": resident_id[-4:] if resident_id else "",
        "industry_code": registration.industry_code,
        "enterprise_size": registration.enterprise_size or "",
        "region": registration.region,
        "registered_on": registration.registered_on,
    }


_DUPLICATE = Problem(
    ErrorCode.DUPLICATE,
    ("name",),
    "This borrower is registered already: another record has the same identifier. "
    "Search for it by that identifier instead.",
    "该借款人已登记：已有记录使用相同标识，请按该标识查询。",
)


async def _refuse_duplicate(values: dict[str, Any]) -> None:
    paths = {
        "unified_social_credit_code": "unifiedSocialCreditCode",
        "resident_id_index": "ownerResidentId",
        "external_id": "externalId",
    }
    problems = []
    for column, path in paths.items():
        if values[column] is None:
            continue
        if await rows(f"SELECT 1 AS one FROM borrower WHERE {column} = %s", [values[column]]):
            problems.append(Problem(ErrorCode.DUPLICATE, (path,), _DUPLICATE.en, _DUPLICATE.zh))
    if problems:
        raise Refused(problems)


async def _refuse_second(actor: Actor) -> None:
    """A borrower's user acts for one borrower; the actor may be cached, so the row decides."""
    if actor.kind is not ActorKind.BORROWER_USER:
        return
    user = await BorrowerUser.filter(id=actor.id).select_for_update().get()
    if user.borrower_id is not None:
        raise Refused(
            [
                Problem(
                    ErrorCode.DUPLICATE,
                    (),
                    "You have registered your company already. Read it with `me`.",
                    "您已登记过企业，可通过 me 查询。",
                )
            ]
        )
