-- The day close writes less: the accruals of a day go straight to instalments and loans, and the
-- ledger holds what was posted; nothing reads the rows they went through any more.
DROP TABLE `close_accrual`;

-- The daily proof of the books reads this index alone, no row of the table.
ALTER TABLE `ledger_entry`
    ADD KEY `idx_ledger_entry_day` (
        `posting_date`, `loan_id`, `journal`, `currency`, `account_code`, `amount`
    ),
    DROP KEY `idx_ledger_entry_posted`;
