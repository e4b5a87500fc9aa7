from __future__ import annotations
import pytest, secrets, datetime as dt
from decimal import Decimal
from tests.over_http import *
from tests.lender import hire, key
from domain.models.staff import BorrowerUser
from domain.models.lending.contract import *
from domain.models.lending.loan import *
from domain.queries.actors import load_actor
from domain.rules.roles import Role
from domain.operations.lending.advance_business_date import advance_business_date
from domain.queries.business_date import business_date
from domain.rules.numbers import _luhn

@pytest.fixture(scope="module")
async def api(lender):
    async with served(lender) as a:
        yield a

def show(label, r):
    print("##", label, "->", str(r)[:420])

async def test_probe(api, lender):
    rm, cashier = lender.relationship_manager, lender.cashier
    b = gid("Borrower", await lender.borrower())
    for a, bkey in [("abc1", "ABC1"), ("trail", "trail "), ("é9", "e9"), ("😀k", "😁k")]:
        for k in (a, bkey):
            show(f"key {k!r}", await api.try_mutate(rm, "registerBorrower", "borrower { name }", name=f"N {a}{bkey}", profile="GENERIC", idempotency_key=k))
    for k in ["a\nb", "x"*101, "", "😀"*100, "\u200b", " "]:
        show(f"key {k[:5]!r}", await api.try_mutate(rm, "registerBorrower", "borrower { name }", name=f"N", profile="GENERIC", idempotency_key=k))
    loan = await lender.loan()
    L = gid("Loan", loan.id)
    for digits in ("9"*17, "9"*30, "9"*5000):
        show("number", await api.post(rm, 'query($n:String){loans(filter:{number:$n}){edges{node{id}}}}', {"n": f"LN{digits}{_luhn(digits) if len(digits)<4000 else 1}"}))
    show("payer", await api.try_mutate(cashier, "repayLoan", "repayment { payerName }", loanId=L, amount="1.00", payerName=" "*300+"x"))
    show("extref", await api.try_mutate(cashier, "repayLoan", "repayment { externalReference }", loanId=L, amount="1.00", externalReference="y"+" "*150))
    f = await lender.facility()
    c = await lender.signed_contract(f)
    C = gid("LoanContract", c.id)
    for form in [dict(payeeAccount="😀"*40), dict(payeeAccount="1"*40+" "*300), dict(evidenceNumber=" "*200+"E"), dict(payeeName="\u200b"), dict(installments=2147483647), dict(installments=-2147483648), dict(installments=0), dict(amount="10000000000000.00"), dict(payeeAccount="12")]:
        base = dict(contractId=C, amount="1.00", paymentMethod="ENTRUSTED", payeeName="p", payeeAccount="6222", evidenceNumber="e") | form
        show(f"draw {list(form.items())[0][0]}", await api.try_mutate(rm, "requestDrawdown", "drawdown { payeeAccount payeeName }", **base))
    show("1e400", await api.post(rm, 'mutation { saveApplication(input:{idempotencyKey:"%s", borrowerId:"%s", features:[{name:"current_ratio", number:1e400}]}) { errors { code message path} } }' % (key(), b)))
    show("dupfeat", await api.try_mutate(rm, "saveApplication", borrowerId=b, features=[{"name":"current_ratio","number":1},{"name":"current_ratio","number":2}]))
    show("twofeat", await api.try_mutate(rm, "saveApplication", borrowerId=b, features=[{"name":"current_ratio","number":1,"text":"x"}]))
    show("unkfeat", await api.try_mutate(rm, "saveApplication", borrowerId=b, features=[{"name":"x"*300,"number":1}]))
    show("train", await api.post(lender.operator, 'mutation { trainModel(input:{idempotencyKey:"%s", cutoff:1e400, testFraction:1e400, correlationCut:-1e400, seed:-5, syntheticRows:1, recipe:"../../etc/passwd", name:"A\\n"}) { errors { code message path} } }' % key()))
    show("train2", await api.post(lender.operator, 'mutation { trainModel(input:{idempotencyKey:"%s", source: CSV, csv:"../../x.csv", recipe:"../../etc/passwd.toml"}) { errors { code message path} } }' % key()))
    for n in ["\u200b", "\u2060\ufeff", "a\u202eb", "a\nb", "a\u0085b", "a\u2028b", "e\u0301"*5, "\u3000", "\U0001F600", "a\x00b", "🏳️‍🌈"]:
        show(f"name {n!r}", await api.try_mutate(rm, "registerBorrower", "borrower { name }", name=n, profile="GENERIC"))
    for d in ["0001-01-01", "9999-12-31", "2026-02-30", "2026-01-15", "2027-13-01", "+2027-01-01", "٢٠٢٧-٠١-٠١"]:
        show(f"expires {d}", await api.try_mutate(rm, "proposeFacility", "facility{expiresOn}", borrowerId=b, limit="1.00", currency="USD", expiresOn=d))
    for d in ["0001-01-01", "9999-12-31", "2026-01-15", "2026-01-14"]:
        show(f"advance {d}", await api.try_mutate(lender.operator, "advanceBusinessDate", "businessDate", to=d))
    for m in ["NaN", "Infinity", "1e5", "-1.00", "0.00", "1.001", "10000000000000.01", "10000000000000.00", "１", "1_000", "+1", " 1", "1.", ".5", "", "0x10", 5, 5.5, None, True, "00001.00", "-0.00"]:
        show(f"money {m!r}", await api.try_mutate(rm, "proposeFacility", "facility{limit}", borrowerId=b, limit=m, currency="USD", expiresOn="2027-01-01"))
    for ccy in ["usd", "XXX", "", "人民币", "US", "USD "]:
        show(f"ccy {ccy!r}", await api.try_mutate(rm, "proposeFacility", "facility{limit}", borrowerId=b, limit="1.00", currency=ccy, expiresOn="2027-01-01"))
    # payoff covered by credit
    loan2 = await lender.loan()
    L2 = gid("Loan", loan2.id)
    show("overpay", await api.try_mutate(cashier, "repayLoan", "repayment { toCredit } loan { creditBalance }", loanId=L2, amount="60000.00"))
    show("quote", await api.post(cashier, 'query($i:ID!){payoffQuote(loanId:$i){total credit principal}}', {"i": L2}))
    show("payoff0", await api.try_mutate(cashier, "payOffLoan", "loan { state creditBalance } repayment { amount toCredit }", loanId=L2, amount="0.00"))
    show("payoff1", await api.try_mutate(cashier, "payOffLoan", "loan { state creditBalance } repayment { amount toCredit }", loanId=L2, amount="0.01"))
    # subject case
    s = "Case-"+secrets.token_hex(3)
    await hire(s, Role.CASHIER, branch_id=1)
    e = (await db_rows("SELECT subject FROM employee WHERE name = %s", [s]))[0]["subject"]
    show("subject", [await load_actor(x) for x in (e.upper(), e+" ")])
    show("ext", await api.try_mutate(rm, "registerBorrower", "borrower { name }", name="x", profile="GENERIC", externalId="ext-a"+s))
    show("ext", await api.try_mutate(rm, "registerBorrower", "borrower { name }", name="x", profile="GENERIC", externalId="EXT-A"+s))

from domain.db import rows as db_rows

async def test_late(api, lender):
    rm, cashier = lender.relationship_manager, lender.cashier
    f = await lender.facility(limit="1000000.00")
    c = await lender.signed_contract(f, amount=1000_00)
    d = await lender.drawdown(c, "1000.00")
    today = await business_date()
    await advance_business_date(actor=lender.operator, key=key(), to=today+dt.timedelta(days=100))
    r = await api.mutate(cashier, "disburseDrawdown", "loan { maturityDate contract { endsOn } }", drawdownId=gid("Drawdown", d))
    show("late disburse", r)
