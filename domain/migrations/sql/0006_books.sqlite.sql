-- The books: sums carried forward for the daily proof, closed accounting periods, why a
-- journal was posted by hand, entries by day.

CREATE TABLE "ledger_carried" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "shard" BIGINT NOT NULL,
    "account_code" VARCHAR(20) NOT NULL,
    "currency" VARCHAR(3) NOT NULL,
    "through" DATE NOT NULL,
    "amount" VARCHAR(65) NOT NULL,
    "by_place" VARCHAR(65) NOT NULL,
    "by_square" VARCHAR(65) NOT NULL,
    CONSTRAINT "uid_ledger_carried" UNIQUE ("shard", "account_code", "currency")
);

CREATE TABLE "accounting_period" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "month" DATE NOT NULL UNIQUE,
    "closed_on" DATE NOT NULL,
    "closed_by_id" BIGINT NOT NULL,
    "created_at" TIMESTAMP NOT NULL
);

CREATE TABLE "manual_journal" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "currency" VARCHAR(3) NOT NULL,
    "value_date" DATE NOT NULL,
    "posting_date" DATE NOT NULL,
    "reason" VARCHAR(500) NOT NULL,
    "posted_by_kind" VARCHAR(20) NOT NULL,
    "posted_by_id" BIGINT NOT NULL
);

CREATE INDEX "idx_ledger_entry_posted" ON "ledger_entry" ("posting_date", "loan_id");

CREATE INDEX "idx_repayment_posted" ON "repayment" ("posting_date", "loan_id");

CREATE TRIGGER accounting_period_no_update BEFORE UPDATE ON accounting_period
BEGIN SELECT RAISE(ABORT, 'accounting_period is append-only'); END;

CREATE TRIGGER accounting_period_no_delete BEFORE DELETE ON accounting_period
BEGIN SELECT RAISE(ABORT, 'accounting_period is append-only'); END;

CREATE TRIGGER manual_journal_no_update BEFORE UPDATE ON manual_journal
BEGIN SELECT RAISE(ABORT, 'manual_journal is append-only'); END;

CREATE TRIGGER manual_journal_no_delete BEFORE DELETE ON manual_journal
BEGIN SELECT RAISE(ABORT, 'manual_journal is append-only'); END;
