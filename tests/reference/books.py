"""The ledger of the reference model: every flow is posted as it happens (docs/domain.md §6)."""

from __future__ import annotations

from collections import defaultdict

BANK, LOANS, PROVISION, VAT, CREDIT = "1002", "1303", "1304", "2221", "2241"
FEES, FEE_INCOME, MEMO_PRINCIPAL, MEMO_FEES, CONTRA = "1135", "6021", "8001", "8005", "8999"
RECEIVABLE = {"INTEREST": "1132", "PENALTY": "1133", "COMPOUND": "1134"}
INCOME = {"INTEREST": "6011", "PENALTY": "6012", "COMPOUND": "6013"}
MEMO = {"INTEREST": "8002", "PENALTY": "8003", "COMPOUND": "8004"}


class Ledger:
    """Balances by account code; a debit is positive. `status` is the loan's in the books."""

    def __init__(self) -> None:
        self.balances: dict[str, int] = defaultdict(int)
        self.status = "ACCRUING"

    def _post(self, debit: str, credit: str, amount: int) -> None:
        self.balances[debit] += amount
        self.balances[credit] -= amount

    def held(self) -> dict[str, int]:
        """The accounts that are not empty."""
        return {code: amount for code, amount in self.balances.items() if amount}

    def disburse(self, amount: int) -> None:
        self._post(LOANS, BANK, amount)

    def receive(self, amount: int) -> None:
        """Money comes in; what it settles is taken off the borrower's credit."""
        self._post(BANK, CREDIT, amount)

    def refund(self, amount: int) -> None:
        self._post(CREDIT, BANK, amount)

    def accrue(self, bucket: str, amount: int) -> None:
        if self.status == "ACCRUING":
            self._post(RECEIVABLE[bucket], INCOME[bucket], amount)
        else:
            self._post(MEMO[bucket], CONTRA, amount)

    def levy(self, amount: int) -> None:
        if self.status == "WRITTEN_OFF":
            self._post(MEMO_FEES, CONTRA, amount)
        else:
            self._post(FEES, FEE_INCOME, amount)

    def settle(self, bucket: str, amount: int) -> None:
        """The borrower's credit settles a claim."""
        gone = self.status == "WRITTEN_OFF"
        if bucket == "PRINCIPAL":
            self._post(CREDIT, PROVISION if gone else LOANS, amount)
            if gone:
                self._post(CONTRA, MEMO_PRINCIPAL, amount)
        elif bucket == "COSTS":
            self._post(CREDIT, FEE_INCOME if gone else FEES, amount)
            if gone:
                self._post(CONTRA, MEMO_FEES, amount)
        elif self.status == "ACCRUING":
            self._post(CREDIT, RECEIVABLE[bucket], amount)
        else:
            self._post(CREDIT, INCOME[bucket], amount)
            self._post(CONTRA, MEMO[bucket], amount)

    def waive(self, bucket: str, amount: int) -> None:
        if bucket == "COSTS" and self.status == "WRITTEN_OFF":
            self._post(CONTRA, MEMO_FEES, amount)
        elif bucket == "COSTS":
            self._post(FEE_INCOME, FEES, amount)
        elif self.status == "ACCRUING":
            self._post(INCOME[bucket], RECEIVABLE[bucket], amount)
        else:
            self._post(CONTRA, MEMO[bucket], amount)

    def tax(self, amount: int) -> None:
        self._post(INCOME["INTEREST"], VAT, amount)

    def stop_accruing(self, claims: dict[str, int]) -> None:
        """Interest that is not paid is taken back out of income and kept in memo."""
        self.status = "NON_ACCRUAL"
        for bucket, amount in claims.items():
            self._post(INCOME[bucket], RECEIVABLE[bucket], amount)
            self._post(MEMO[bucket], CONTRA, amount)

    def accrue_again(self, claims: dict[str, int]) -> None:
        self.status = "ACCRUING"
        for bucket, amount in claims.items():
            self._post(RECEIVABLE[bucket], INCOME[bucket], amount)
            self._post(CONTRA, MEMO[bucket], amount)

    def write_off(self, claims: dict[str, int], *, principal: int, fees: int) -> None:
        if self.status == "ACCRUING":
            self.stop_accruing(claims)
        self.status = "WRITTEN_OFF"
        self._post(PROVISION, LOANS, principal)
        self._post(MEMO_PRINCIPAL, CONTRA, principal)
        self._post(FEE_INCOME, FEES, fees)
        self._post(MEMO_FEES, CONTRA, fees)
