"""Every table, for Tortoise and for the migrations' autodetector."""

from domain.models.change import ChangeRequest
from domain.models.lending.application import ApprovalTask, LoanApplication
from domain.models.lending.borrower import BankAccount, Borrower, FinancialStatement
from domain.models.lending.contract import Disbursement, Drawdown, LoanContract
from domain.models.lending.day_close import (
    BusinessDay,
    CloseShard,
    LoanSetAside,
)
from domain.models.lending.facility import CreditFacility
from domain.models.lending.ledger import (
    AccountingPeriod,
    LedgerAccount,
    LedgerCarried,
    LedgerEntry,
    ManualJournal,
)
from domain.models.lending.loan import Installment, Loan, Repayment, RepaymentAllocation
from domain.models.lending.loan_history import LoanCharge, LoanEvent, SupersededInstallment
from domain.models.lending.payment import (
    IncomingPayment,
    PaymentFile,
    PaymentFileLine,
    PaymentOrder,
    PaymentOrderFile,
)
from domain.models.lending.product import LoanProduct
from domain.models.records import (
    AuditBlock,
    AuditEntry,
    AuditSeal,
    BusinessDate,
    IdempotencyRecord,
    Job,
    OutboxEvent,
    PolicyValue,
)
from domain.models.reference import BenchmarkRate, CalendarDay, ExchangeRate, PostingProfile
from domain.models.risk.decision import ApprovalAuthority, PolicyRule, RiskDecision
from domain.models.risk.model_version import ModelVersion
from domain.models.staff import BorrowerUser, Branch, CaseAssignment, Employee, EmployeeRole

__models__ = [
    AccountingPeriod,
    ApprovalAuthority,
    ApprovalTask,
    AuditBlock,
    AuditEntry,
    AuditSeal,
    BankAccount,
    BenchmarkRate,
    Borrower,
    BorrowerUser,
    Branch,
    BusinessDate,
    CalendarDay,
    CaseAssignment,
    ChangeRequest,
    BusinessDay,
    CaseAssignment,
    CloseShard,
    CreditFacility,
    Disbursement,
    Drawdown,
    Employee,
    EmployeeRole,
    ExchangeRate,
    FinancialStatement,
    IdempotencyRecord,
    IncomingPayment,
    Installment,
    Job,
    LedgerAccount,
    LedgerCarried,
    LedgerEntry,
    Loan,
    LoanApplication,
    LoanCharge,
    LoanContract,
    LoanEvent,
    LoanProduct,
    ManualJournal,
    LoanSetAside,
    ModelVersion,
    OutboxEvent,
    PaymentFile,
    PaymentFileLine,
    PaymentOrder,
    PaymentOrderFile,
    PolicyRule,
    PolicyValue,
    PostingProfile,
    Repayment,
    RepaymentAllocation,
    RiskDecision,
    SupersededInstallment,
]
