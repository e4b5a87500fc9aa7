import datetime as dt, asyncio, time, json
from decimal import Decimal
import pytest
from domain.queries.business_date import business_date
from domain.models.lending.loan import Loan, Repayment, Installment
from domain.models.lending.product import LoanProduct
from domain.models.lending.facility import CreditFacility
from tests.lender import key
from tests.over_http import gid, codes
from tests.books import books_hold
from domain.db import rows, execute
from test_scratch_attack import advance, attempt, show

async def raw(api, actor, body):
    from api.auth import issue_local_token
    t = issue_local_token(actor.subject, dt.timedelta(hours=1))
    r = await api.client.post("/graphql", content=body, headers={"authorization": f"Bearer {t}", "content-type": "application/json"})
    return r.status_code, r.text[:500]

async def test_surrogates(api, lender):
    loan = await lender.loan()
    L = gid("Loan", loan.id)
    q = 'mutation($input: RepayLoanInput!) { repayLoan(input: $input) { errors { code message path } } }'
    for f in ("idempotencyKey", "payerName", "externalReference", "loanId", "currency", "amount"):
        form = {"idempotencyKey": key(), "loanId": L, "amount": "1.00"}
        form[f] = "a\ud800"
        body = json.dumps({"query": q, "variables": {"input": form}}).encode()
        print(f, await raw(api, lender.cashier, body))
    body = json.dumps({"query": 'mutation { repayLoan(input: {idempotencyKey: "k\ud800", loanId: "%s", amount: "1.00"}) { errors { code } } }' % L}).encode()
    print("inline", await raw(api, lender.cashier, body))
    body = ('{"query": "mutation { repayLoan(input: {idempotencyKey: \\"k2\\\\ud800\\", loanId: \\"%s\\", amount: \\"1.00\\"}) { errors { code } } }"}' % L).encode()
    print("inline escaped", await raw(api, lender.cashier, body))

async def test_currencies(api, lender):
    usd = await LoanProduct.get(code="USD-LEVEL")
    for cur in ("JPY", "KWD", "CLF"):
        vals = {f: getattr(usd, f) for f in usd._meta.fields_map if f != "id"}
        vals |= {"code": f"{cur}-LEVEL", "currency": cur}
        await LoanProduct.create(**vals)
        fac = await lender.facility(currency=cur, limit="10000000")
        contract = await lender.signed_contract(fac, product=f"{cur}-LEVEL", amount=1_000_000)
        from domain.operations.lending.disburse_drawdown import disburse_drawdown
        from domain.rules.money import format_minor
        d = await lender.drawdown(contract, format_minor(contract.amount, cur))
        done = await disburse_drawdown(actor=lender.cashier, key=key(), drawdown_id=d)
        loan = await Loan.get(id=done["loan"]); L = gid("Loan", loan.id)
        await advance(api, 40)
        for amount in ("1", "1.0", "1.00", "1.000", "1.0000", "1.00000", "0.001", "0.0001", "-1", "0", "1e3", "10000000000000", "10000000000001"):
            await attempt(api, f"{cur} {amount}", lender.cashier, "repayLoan", "repayment { amount toCredit } loan { creditBalance interestReceivable }", loanId=L, amount=amount)
        await books_hold(loan.id)
        q = "query($id: ID!) { payoffQuote(loanId: $id) { total credit principal interest } }"
        show("quote", await api.post(lender.cashier, q, {"id": L}))

async def test_tiny_and_huge(api, lender):
    for minor, limit in ((1, "0.01"), (10**15, "10000000000000.00")):
        try:
            fac = await lender.facility(limit=limit)
            loan = await lender.loan(fac, amount=minor, installments=12)
        except Exception as e:
            print("cannot lend", minor, repr(e)[:500]); continue
        L = gid("Loan", loan.id)
        t = await advance(api, 45)
        await attempt(api, f"prepay {minor}", lender.cashier, "prepayLoan", "loan { principalOutstanding }", loanId=L, amount="0.01")
        await attempt(api, f"repay {minor}", lender.cashier, "repayLoan", "loan { principalOutstanding }", loanId=L, amount="0.01")
        await attempt(api, f"restructure {minor}", lender.approver, "restructureLoan", "loan { principalOutstanding maturityDate }", loanId=L, periods=120, reason="r", annualRate="10")
        await attempt(api, f"rate {minor}", lender.approver, "changeLoanRate", "loan { principalOutstanding }", loanId=L, annualRate="10.000000000001", reason="r")
        await attempt(api, f"due {minor}", lender.approver, "changeDueDay", "loan { principalOutstanding }", loanId=L, nextDueDate=(t+dt.timedelta(days=1)).isoformat(), reason="r")
        await attempt(api, f"ext {minor}", lender.approver, "extendLoan", "loan { principalOutstanding }", loanId=L, periods=120, consent="c", reason="r")
        await attempt(api, f"ext {minor}", lender.approver, "extendLoan", "loan { principalOutstanding }", loanId=L, periods=2147483647, consent="c", reason="r")
        await books_hold(loan.id)
        for d in (400, 400, 400, 400):
            t0 = time.process_time(); await advance(api, d); print("advance", time.process_time()-t0)
            await books_hold(loan.id)
        q = "query($id: ID!) { payoffQuote(loanId: $id) { total credit principal interest penalty compound } }"
        show("quote", await api.post(lender.cashier, q, {"id": L}))
        for _ in range(3):
            await attempt(api, f"repay huge {minor}", lender.cashier, "repayLoan", "loan { principalOutstanding creditBalance } repayment { toCredit }", loanId=L, amount="10000000000000.00")
        await books_hold(loan.id)
