import datetime as dt, asyncio, time
from decimal import Decimal
import pytest
from domain.queries.business_date import business_date
from domain.models.lending.loan import Loan, Repayment
from tests.lender import key
from tests.over_http import gid, codes
from tests.books import books_hold
from domain.db import rows

async def advance(api, days):
    to = await business_date() + dt.timedelta(days=days)
    await api.done(api.lender.operator, "advanceBusinessDate", to=to.isoformat())
    return to

def show(tag, answer):
    print("\n##", tag, str(answer)[:600])

async def attempt(api, tag, actor, name, sel="", **form):
    a = await api.try_mutate(actor, name, sel, **form)
    if "errors" in a:
        show(tag, [(e["extensions"], e["message"]) for e in a["errors"]])
    else:
        show(tag, a["data"][name])
    return a

async def test_dates(api, lender):
    loan = await lender.loan()
    L = gid("Loan", loan.id)
    t = await advance(api, 20)
    c = lender.cashier
    for tag, vd in (("before start", loan.start_date - dt.timedelta(days=1)), ("future", t + dt.timedelta(days=1)), ("start", loan.start_date), ("yesterday", t-dt.timedelta(days=1)), ("year 1", dt.date(1,1,1)), ("9999", dt.date(9999,12,31))):
        await attempt(api, f"repay {tag}", c, "repayLoan", "repayment { amount toCredit valueDate }", loanId=L, amount="1.00", valueDate=vd.isoformat())
    for name in ("payOffLoan", "prepayLoan"):
        await attempt(api, f"{name} yesterday 1.00", c, name, "repayment { amount kind toCredit } loan { state principalOutstanding creditBalance }", loanId=L, amount="1.00", valueDate=(t-dt.timedelta(days=1)).isoformat())
    await attempt(api, "payOff yesterday 10000", c, "payOffLoan", "repayment { amount kind toCredit } loan { state principalOutstanding creditBalance }", loanId=L, amount="10000.00", valueDate=(t-dt.timedelta(days=1)).isoformat())
    await attempt(api, "prepay yesterday all", c, "prepayLoan", "repayment { amount kind toCredit } loan { state principalOutstanding creditBalance }", loanId=L, amount="60000.00", valueDate=(t-dt.timedelta(days=1)).isoformat())
    await books_hold(loan.id)
    loan2 = await lender.loan()
    L = gid("Loan", loan2.id)
    await attempt(api, "payoff0", c, "payOffLoan", "loan { state }", loanId=L, amount="60000.00")
    t = await advance(api, 5)
    await attempt(api, "repay closed backdated", c, "repayLoan", "loan { state creditBalance }", loanId=L, amount="5.00", valueDate=(t-dt.timedelta(days=1)).isoformat())
    for vd in (t-dt.timedelta(days=1), t, loan2.start_date):
        a = await attempt(api, f"propose backdated on closed {vd}", c, "proposeChange", "change { id contentSha256 }", reason="x", content={"backdatedRepayment": {"loanId": L, "amount": "7.00", "currency": "USD", "valueDate": vd.isoformat()}})
        ch = (a.get("data") or {}).get("proposeChange", {}).get("change")
        if ch:
            await attempt(api, "approve", lender.approver, "approveChange", "change { state }", id=ch["id"], contentSha256=ch["contentSha256"])
            now = await Loan.get(id=loan2.id)
            print(now.state, now.credit_balance, now.principal_outstanding, now.closed_on)
            await books_hold(loan2.id)

async def test_texts(api, lender):
    loan = await lender.loan()
    L = gid("Loan", loan.id)
    bad = {"nul": "a\u0000b", "bell": "a\u0007", "surrogate": "a\ud800", "long": "x"*200000, "bidi": "a\u202eb", "emoji": "流😀", "newline": "a\nb", "nbsp": "\u00a0", "zwj": "\u200d", "4byte500": "😀"*500, "line sep": "a\u2028b", "del": "a\u007f", "c1": "a\u0085", "nonchar":"a\uffff"}
    for tag, text in bad.items():
        for name, actor, form in (
            ("chargeLoan", lender.accountant, {"loanId": L, "code": "OTHER", "amount": "0.01", "reason": text}),
            ("repayLoan", lender.cashier, {"loanId": L, "amount": "0.01", "payerName": text}),
            ("repayLoan", lender.cashier, {"loanId": L, "amount": "0.01", "externalReference": text}),
            ("changeLoanRate", lender.approver, {"loanId": L, "annualRate": "0.05", "reason": text}),
            ("extendLoan", lender.approver, {"loanId": L, "periods": 1, "reason": "r", "consent": text}),
            ("proposeChange", lender.cashier, {"reason": text, "content": {"backdatedRepayment": {"loanId": L, "amount": "7.00", "currency": "USD", "valueDate": "2026-01-15", "payerName": text}}}),
            ("proposeChange", lender.relationship_manager, {"reason": "r", "content": {"waiver": {"loanId": L, "bucket": "COSTS", "amount": "0.01", "currency": "USD", "reason": text}}}),
            ("recordDemand", lender.relationship_manager, {"loanId": L, "kind": "NOTICE", "on": "2026-01-15", "note": text}),
        ):
            try:
                await attempt(api, f"{tag} {name} {[k for k,v in form.items() if v==text]}", actor, name, **form)
            except Exception as e:
                print("RAISED", tag, name, type(e), str(e)[:300])
        try:
            a = await api.try_mutate(lender.cashier, "repayLoan", idempotency_key=text, loanId=L, amount="0.01")
            show(f"key {tag}", a)
        except Exception as e:
            print("RAISED key", tag, type(e), str(e)[:200])
    await books_hold(loan.id)
