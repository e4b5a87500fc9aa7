-- The day close writes less: the accruals of a day go straight to instalments and loans, and the
-- ledger holds what was posted; nothing reads the rows they went through any more.
DROP TABLE "close_accrual";

-- The daily proof of the books reads this index alone, no row of the table.
CREATE INDEX "idx_ledger_entry_day" ON "ledger_entry" (
    "posting_date", "loan_id", "journal", "currency", "account_code", "amount"
);
DROP INDEX "idx_ledger_entry_posted";
