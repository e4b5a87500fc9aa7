"""Who stands on the other side of a case, so that none of them approves it (贷审分离)."""

from __future__ import annotations

from domain.actor import ActorKind
from domain.db import rows
from domain.models.lending.application import LoanApplication
from domain.rules.risk.approval import Involvement

_HANDLED = ("handled", "经办")
_ENTERED = ("entered", "录入")
_SUBMITTED = ("submitted", "提交")
_INVESTIGATED = ("investigated", "调查")
_PROPOSED = ("proposed", "提出")
_DID = {
    "HANDLED": _HANDLED,
    "ENTERED": _ENTERED,
    "INVESTIGATED": _INVESTIGATED,
    "PROPOSED": _PROPOSED,
}


async def involved_people(application: LoanApplication) -> list[Involvement]:
    """Return every employee who held, entered, submitted, investigated or proposed the case.

    Officers count for as long as the history of the case and its borrower goes back; who entered
    it, and who recorded a statement, is read from the audit trail: several people may have, and
    borrowers' users number like employees.
    """
    people = [
        Involvement(person, _HANDLED) for person in (application.officer_id,) if person is not None
    ]
    employee = ActorKind.EMPLOYEE
    if application.created_by_kind == employee:
        people.append(Involvement(application.created_by_id, _ENTERED))
    if application.submitted_by_kind == employee:
        people.append(Involvement(application.submitted_by_id, _SUBMITTED))
    found = await rows(
        "SELECT employee_id AS person, 'HANDLED' AS did FROM case_assignment "
        "WHERE noun = 'LoanApplication' AND noun_id = %s AND employee_id IS NOT NULL "
        "UNION SELECT employee_id, 'HANDLED' FROM case_assignment "
        "WHERE noun = 'Borrower' AND noun_id = %s AND employee_id IS NOT NULL "
        "UNION SELECT officer_id, 'HANDLED' FROM borrower WHERE id = %s AND officer_id IS NOT NULL "
        "UNION SELECT actor_id, 'ENTERED' FROM audit_entry WHERE noun = 'LoanApplication' "
        "AND noun_id = %s AND actor_kind = %s AND action IN ('saveApplication', "
        "'submitApplication') "
        "UNION SELECT a.actor_id, 'INVESTIGATED' FROM financial_statement s "
        "JOIN audit_entry a ON a.noun = 'FinancialStatement' AND a.noun_id = s.id "
        "WHERE s.borrower_id = %s AND a.actor_kind = %s "
        "UNION SELECT proposed_by_id, 'PROPOSED' FROM credit_facility WHERE id = %s",
        [
            application.id,
            application.borrower_id,
            application.borrower_id,
            application.id,
            employee,
            application.borrower_id,
            employee,
            application.facility_id or 0,
        ],
    )
    people.extend(Involvement(row["person"], _DID[row["did"]]) for row in found)
    return people
