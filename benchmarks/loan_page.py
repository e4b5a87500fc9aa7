"""A GraphQL page of 50 loans with customer and next 3 instalments, beside one written by hand."""

from __future__ import annotations

from benchmarks.lender import lent
from benchmarks.reading import compare
from benchmarks.report import run
from domain.rules.roles import Role

NAME, BAR = "loan_page", 4.0
REQUESTS = 200

QUERY = """
query LoanPage($first: Int!) {
  loans(first: $first) {
    edges {
      node {
        id number state currency principal principalOutstanding nextDueDate daysPastDue
        borrower { number name }
        nextInstallments { number dueDate principal interest }
      }
    }
    pageInfo { hasNextPage endCursor }
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
            ours=lambda _: (QUERY, {"first": 50}),
            baseline=lambda _: "/loans?first=50",
        )


if __name__ == "__main__":
    run(measure)
