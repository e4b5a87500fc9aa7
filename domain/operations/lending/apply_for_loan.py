"""Apply for a loan at once: the form is saved, submitted and decided on in one transaction.

For a form that was filled in whole: the phone asks once, and its retry finds the one application.
"""

from __future__ import annotations

from time import perf_counter_ns

from domain.actor import Actor
from domain.operations.lending.application_form import ApplicationForm
from domain.operations.lending.save_application import save_form
from domain.operations.lending.submit_application import submit_case
from domain.operations.perform import Done, Result, Step, perform
from domain.operations.risk.assess import Case
from domain.rules.risk.score import ScoreFunction


async def apply_for_loan(
    *, actor: Actor, key: str, form: ApplicationForm, score: ScoreFunction
) -> Done:
    """Do what :func:`save_application` and :func:`submit_application` do, or nothing.

    Result: `application`, `decision`. Raises :class:`~domain.rules.refusal.Refused` with every
    mistake of the form and everything that it lacks.
    """

    async def work(step: Step) -> Result:
        started_ns = perf_counter_ns()
        saved = await save_form(step, form, submit=True)
        product, facility = saved.read.product, saved.read.facility
        if product is None or facility is None:
            raise ValueError("a complete application has a product and a facility")
        case = Case(saved.application, saved.borrower, product, facility)
        return await submit_case(step, case, score=score, today=saved.today, started_ns=started_ns)

    return await perform(
        actor=actor, action="applyForLoan", key=key, arguments=form.arguments(), work=work
    )
