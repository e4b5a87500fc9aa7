"""The enums of the lending nouns, described."""

from __future__ import annotations

from api.graphql.payloads import described_enum
from domain.operations.lending.take_payment import PayerRole
from domain.rules.lending.allocation import Bucket
from domain.rules.lending.borrower import BorrowerKind, EnterpriseSize, Profile
from domain.rules.lending.day_count import DayCount
from domain.rules.lending.periods import PeriodUnit
from domain.rules.lending.schedule import RepaymentMethod
from domain.rules.lending.servicing.account import BookStatus
from domain.rules.lending.servicing.events import ChargeCode, Keep
from domain.rules.lending.states import (
    ApplicationState,
    ContractState,
    DrawdownState,
    FacilityState,
    LoanState,
    PaymentMethod,
    SignatureState,
)
from domain.rules.money import Rounding

described_enum(
    PayerRole,
    "Whose money a payment is.",
    {
        PayerRole.BORROWER: "The borrower's.",
        PayerRole.GUARANTOR: "A guarantor's.",
        PayerRole.COLLATERAL_SALE: "The proceeds of collateral that was sold.",
    },
)
described_enum(
    BookStatus,
    "Where the books keep a loan's claims.",
    {
        BookStatus.ACCRUING: "On the books; interest is income as it accrues.",
        BookStatus.NON_ACCRUAL: "Interest in memo accounts; it is income when it is paid.",
        BookStatus.WRITTEN_OFF: "All in memo accounts (账销案存); what comes in is a recovery.",
    },
)
described_enum(
    Keep,
    "What a prepayment leaves as it is.",
    {
        Keep.INSTALLMENT: "The instalment; the loan ends sooner (缩短期限).",
        Keep.TERM: "The last due date; instalments shrink (减少月供).",
    },
)
described_enum(
    ChargeCode,
    "What a fee or cost is for.",
    {
        ChargeCode.LITIGATION: "Litigation (诉讼费).",
        ChargeCode.COLLECTION: "Collection (催收费).",
        ChargeCode.NOTARY: "A notary (公证费).",
        ChargeCode.APPRAISAL: "An appraisal (评估费).",
        ChargeCode.SERVICE: "A service of the lender (手续费).",
        ChargeCode.COMMITMENT: "Commitment of an undrawn limit (承诺费).",
        ChargeCode.OTHER: "Anything else.",
    },
)

described_enum(
    Profile,
    "Whose law and identifiers apply to a borrower.",
    {
        Profile.CN: "China: unified social credit code, resident ID, Chinese policy.",
        Profile.GENERIC: "No Chinese law: identifiers are optional, any currency.",
    },
)
described_enum(
    BorrowerKind,
    "What a borrower is in law.",
    {
        BorrowerKind.COMPANY: "A company.",
        BorrowerKind.SOLE_PROPRIETOR: "A person who trades as a business (个体工商户).",
    },
)
described_enum(
    EnterpriseSize,
    "Enterprise size (企业规模) by the official classification.",
    {
        EnterpriseSize.MICRO: "Micro.",
        EnterpriseSize.SMALL: "Small.",
        EnterpriseSize.MEDIUM: "Medium.",
        EnterpriseSize.LARGE: "Large.",
    },
)
described_enum(
    FacilityState,
    "State of a credit facility (授信额度).",
    {
        FacilityState.PROPOSED: "Proposed; another person must activate it.",
        FacilityState.ACTIVE: "May be drawn.",
        FacilityState.FROZEN: "Nothing new may be drawn.",
        FacilityState.EXPIRED: "Past its expiry date.",
        FacilityState.CLOSED: "Closed for good.",
    },
)
described_enum(
    ApplicationState,
    "State of a loan application (贷款申请).",
    {
        ApplicationState.DRAFT: "Being filled in.",
        ApplicationState.SUBMITTED: "Submitted; the assessment is under way.",
        ApplicationState.ASSESSED: "Assessed; waits for the approvers.",
        ApplicationState.APPROVED: "Every approval that the matrix asks for is given.",
        ApplicationState.REJECTED: "Rejected by policy or by an approver.",
        ApplicationState.RETURNED: "Returned for correction (补件).",
        ApplicationState.CONTRACTED: "Its contract is signed.",
        ApplicationState.WITHDRAWN: "Withdrawn by the borrower.",
        ApplicationState.EXPIRED: "Not finished in time.",
    },
)
described_enum(
    ContractState,
    "State of a loan contract (借款合同).",
    {
        ContractState.PREPARED: "Drawn up, not signed.",
        ContractState.SIGNED: "Signed; may be drawn.",
        ContractState.CLOSED: "All loans under it are repaid.",
        ContractState.CANCELLED: "Cancelled before it was drawn.",
    },
)
described_enum(
    SignatureState,
    "How far the signing of a contract's document has come.",
    {
        SignatureState.UNSIGNED: "Nobody has signed.",
        SignatureState.SIGNED: "The borrower has signed the document of this hash.",
    },
)
described_enum(
    DrawdownState,
    "State of a drawdown (提款).",
    {
        DrawdownState.REQUESTED: "Requested; its amount is reserved in the facility.",
        DrawdownState.DISBURSED: "Paid out; the loan exists.",
        DrawdownState.CANCELLED: "Cancelled; the reservation is freed.",
    },
)
described_enum(
    LoanState,
    "State of a loan (借据). Delinquency is derived from due dates, not a state.",
    {
        LoanState.PENDING: "Ordered, not yet paid out.",
        LoanState.ACTIVE: "Paid out and not yet repaid.",
        LoanState.PAID_OFF: "Repaid in full.",
        LoanState.WRITTEN_OFF: "Written off; the claim stays (账销案存).",
        LoanState.TRANSFERRED: "Sold to another party.",
        LoanState.CANCELLED: "The payment order bounced.",
    },
)
described_enum(
    PaymentMethod,
    "How a drawdown is paid.",
    {
        PaymentMethod.ENTRUSTED: "Entrusted payment (受托支付) to a named payee, with evidence.",
        PaymentMethod.SELF: "Self payment (自主支付) to the borrower's own account.",
    },
)
described_enum(
    Bucket,
    "What a part of a debt is.",
    {
        Bucket.COSTS: "Costs of collection.",
        Bucket.PENALTY: "Penalty interest (罚息).",
        Bucket.COMPOUND: "Compound interest (复利).",
        Bucket.INTEREST: "Contract interest.",
        Bucket.PRINCIPAL: "Principal.",
    },
)
described_enum(
    RepaymentMethod,
    "How principal and interest come back (还款方式).",
    {
        RepaymentMethod.EQUAL_INSTALLMENT: "等额本息: the same amount each period.",
        RepaymentMethod.EQUAL_PRINCIPAL: "等额本金: the same principal each period, plus interest.",
        RepaymentMethod.INTEREST_ONLY: "按期付息到期还本: interest each period, principal last.",
        RepaymentMethod.BULLET: "利随本清: principal and interest in one payment at maturity.",
        RepaymentMethod.CUSTOM_PLAN: "自定义还款计划: a list of due dates and amounts.",
    },
)
described_enum(
    DayCount,
    "How days become a fraction of a year (计息基础).",
    {
        DayCount.ACT_360: "Actual days ÷ 360, the custom in CNY.",
        DayCount.ACT_365: "Actual days ÷ 365, leap years too.",
        DayCount.ACT_ACT: "Actual days in each calendar year ÷ that year's 365 or 366 (ISDA).",
        DayCount.THIRTY_360: "Months of 30 days ÷ 360.",
        DayCount.THIRTY_365: "Months of 30 days ÷ 365.",
    },
)
described_enum(
    PeriodUnit,
    "The unit of a repayment period.",
    {
        PeriodUnit.DAY: "Calendar days.",
        PeriodUnit.WEEK: "Weeks of seven days.",
        PeriodUnit.MONTH: "Calendar months, counted from the start date.",
    },
)
described_enum(
    Rounding,
    "What happens to exactly half a minor unit.",
    {
        Rounding.HALF_UP: "Away from zero, the custom in CNY.",
        Rounding.HALF_EVEN: "To the even neighbour.",
    },
    name="RoundingMode",
)
