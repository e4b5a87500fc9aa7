"""GraphQL loan detail (loan, borrower, 12 instalments) beside an endpoint written by hand."""

from __future__ import annotations

from benchmarks.lender import lent
from benchmarks.reading import compare
from benchmarks.report import run
from domain.rules.roles import Role

NAME, BAR = "loan_detail", 3.0
REQUESTS = 1_200

QUERY = """
query LoanDetail($id: ID!) {
  loan(id: $id) {
    id number state currency principal annualRate method dayCount startDate maturityDate
    principalOutstanding interestReceivable penaltyReceivable creditBalance nextDueDate
    daysPastDue createdAt
    borrower { id number name kind industryCode }
    installments {
      id number startDate dueDate days principal interest principalPaid interestPaid
      penaltyDue compoundDue settledOn
    }
  }
}
"""


def measure() -> None:
    """Print both sides and their ratio."""
    with lent(loans=200) as book:
        compare(
            NAME,
            bar=BAR,
            book=book,
            role=Role.RELATIONSHIP_MANAGER,
            requests=REQUESTS,
            ours=lambda i: (QUERY, {"id": book.global_id(i)}),
            baseline=lambda i: f"/loans/{book.loan_ids[i % len(book.loan_ids)]}",
        )


if __name__ == "__main__":
    run(measure)
