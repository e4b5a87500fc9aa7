-- Servicing: a loan's whole history, its charges, its former schedules; balances that the books need.

ALTER TABLE "loan" ADD COLUMN "profile" VARCHAR(20) NOT NULL DEFAULT '';
ALTER TABLE "loan" ADD COLUMN "non_accrual_beyond_days" SMALLINT NOT NULL DEFAULT 90;
ALTER TABLE "loan" ADD COLUMN "cure_days" SMALLINT NOT NULL DEFAULT 180;
ALTER TABLE "loan" ADD COLUMN "prepayment_fee_rate" VARCHAR(40) NOT NULL DEFAULT '0';
ALTER TABLE "loan" ADD COLUMN "rate_changes" JSON;
ALTER TABLE "loan" ADD COLUMN "current_method" VARCHAR(20) NOT NULL DEFAULT '';
ALTER TABLE "loan" ADD COLUMN "book_status" VARCHAR(12) NOT NULL DEFAULT 'ACCRUING';
ALTER TABLE "loan" ADD COLUMN "arrears_cleared_on" DATE;
ALTER TABLE "loan" ADD COLUMN "matured_on" DATE;
ALTER TABLE "loan" ADD COLUMN "fee_receivable" BIGINT NOT NULL DEFAULT 0;
ALTER TABLE "loan" ADD COLUMN "interest_paid" BIGINT NOT NULL DEFAULT 0;
ALTER TABLE "loan" ADD COLUMN "penalty_paid" BIGINT NOT NULL DEFAULT 0;
ALTER TABLE "loan" ADD COLUMN "compound_paid" BIGINT NOT NULL DEFAULT 0;
ALTER TABLE "loan" ADD COLUMN "fee_paid" BIGINT NOT NULL DEFAULT 0;
ALTER TABLE "loan" ADD COLUMN "written_off" BIGINT NOT NULL DEFAULT 0;
ALTER TABLE "loan" ADD COLUMN "taxed_income" BIGINT NOT NULL DEFAULT 0;
ALTER TABLE "loan" ADD COLUMN "vat" BIGINT NOT NULL DEFAULT 0;
ALTER TABLE "loan" ADD COLUMN "limit_used" BIGINT NOT NULL DEFAULT 0;
ALTER TABLE "loan" ADD COLUMN "event_count" INT NOT NULL DEFAULT 0;

ALTER TABLE "installment" ADD COLUMN "balance_changes" JSON;
ALTER TABLE "installment" ADD COLUMN "principal_moved" BIGINT NOT NULL DEFAULT 0;
ALTER TABLE "installment" ADD COLUMN "interest_waived" BIGINT NOT NULL DEFAULT 0;
ALTER TABLE "installment" ADD COLUMN "penalty_waived" BIGINT NOT NULL DEFAULT 0;
ALTER TABLE "installment" ADD COLUMN "compound_waived" BIGINT NOT NULL DEFAULT 0;

ALTER TABLE "repayment" ADD COLUMN "posting_date" DATE;
ALTER TABLE "repayment" ADD COLUMN "sequence" INT NOT NULL DEFAULT 0;
ALTER TABLE "repayment" ADD COLUMN "keep" VARCHAR(12) NOT NULL DEFAULT '';
ALTER TABLE "repayment" ADD COLUMN "reversed_by" INT;
ALTER TABLE "repayment" ADD COLUMN "payer_role" VARCHAR(20) NOT NULL DEFAULT 'BORROWER';

DROP INDEX "idx_loan_state_aefb91";

-- SQLite drops a NOT NULL only with the table. Nothing refers to these two.
CREATE TABLE "repayment_allocation_new" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "repayment_id" BIGINT,
    "loan_id" BIGINT NOT NULL,
    "installment_number" SMALLINT NOT NULL,
    "bucket" VARCHAR(12) NOT NULL,
    "currency" VARCHAR(3) NOT NULL,
    "amount" BIGINT NOT NULL,
    "value_date" DATE NOT NULL,
    "event_sequence" INT NOT NULL DEFAULT 0,
    "superseded_by" INT,
    FOREIGN KEY ("repayment_id") REFERENCES "repayment" ("id")
);
INSERT INTO "repayment_allocation_new" ("id", "repayment_id", "loan_id", "installment_number", "bucket", "currency", "amount", "value_date")
SELECT "id", "repayment_id", "loan_id", "installment_number", "bucket", "currency", "amount", "value_date" FROM "repayment_allocation";
DROP TABLE "repayment_allocation";
ALTER TABLE "repayment_allocation_new" RENAME TO "repayment_allocation";
CREATE INDEX "idx_repayment_a_repayme_4e0fac" ON "repayment_allocation" ("repayment_id");
CREATE INDEX "idx_repayment_a_loan_id_81901a" ON "repayment_allocation" ("loan_id", "installment_number");

DROP TRIGGER ledger_entry_no_update;
DROP TRIGGER ledger_entry_no_delete;
CREATE TABLE "ledger_entry_new" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "journal" VARCHAR(40) NOT NULL,
    "event" VARCHAR(30) NOT NULL,
    "account_code" VARCHAR(20) NOT NULL,
    "currency" VARCHAR(3) NOT NULL,
    "amount" BIGINT NOT NULL,
    "loan_id" BIGINT,
    "borrower_id" BIGINT,
    "branch_id" BIGINT,
    "value_date" DATE NOT NULL,
    "posting_date" DATE NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    CONSTRAINT "uid_ledger_entr_journal_23cb43" UNIQUE ("journal", "account_code")
);
INSERT INTO "ledger_entry_new" ("id", "journal", "event", "account_code", "currency", "amount", "loan_id", "borrower_id", "branch_id", "value_date", "posting_date", "created_at")
SELECT "id", "journal", "event", "account_code", "currency", "amount", "loan_id", "borrower_id", "branch_id", "value_date", "posting_date", "created_at" FROM "ledger_entry";
DROP TABLE "ledger_entry";
ALTER TABLE "ledger_entry_new" RENAME TO "ledger_entry";
CREATE INDEX "idx_ledger_entr_loan_id_be32ee" ON "ledger_entry" ("loan_id");
CREATE INDEX "idx_ledger_entr_account_098c2a" ON "ledger_entry" ("account_code", "posting_date");

CREATE TRIGGER ledger_entry_no_update BEFORE UPDATE ON ledger_entry
BEGIN SELECT RAISE(ABORT, 'ledger_entry is append-only'); END;

CREATE TRIGGER ledger_entry_no_delete BEFORE DELETE ON ledger_entry
BEGIN SELECT RAISE(ABORT, 'ledger_entry is append-only'); END;

-- Rows of the release before: what was copied from the product, counted or summed until now.
UPDATE loan SET
    profile = (SELECT p.profile FROM loan_product p WHERE p.id = loan.product_id),
    current_method = method,
    limit_used = CASE
        WHEN (SELECT f.revolving FROM credit_facility f WHERE f.id = loan.facility_id) = 1
        THEN principal_outstanding ELSE principal END,
    interest_paid = (SELECT COALESCE(SUM(i.interest_paid), 0) FROM installment i WHERE i.loan_id = loan.id),
    penalty_paid = (SELECT COALESCE(SUM(i.penalty_paid), 0) FROM installment i WHERE i.loan_id = loan.id),
    compound_paid = (SELECT COALESCE(SUM(i.compound_paid), 0) FROM installment i WHERE i.loan_id = loan.id),
    event_count = (SELECT COUNT(*) FROM repayment r WHERE r.loan_id = loan.id);

UPDATE repayment SET posting_date = value_date;

UPDATE repayment SET sequence = (
    SELECT COUNT(*) FROM repayment b WHERE b.loan_id = repayment.loan_id AND b.id <= repayment.id
);

UPDATE repayment_allocation SET event_sequence = (
    SELECT r.sequence FROM repayment r WHERE r.id = repayment_allocation.repayment_id
);

CREATE TABLE "loan_charge" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "loan_id" BIGINT NOT NULL,
    "number" SMALLINT NOT NULL,
    "code" VARCHAR(20) NOT NULL,
    "currency" VARCHAR(3) NOT NULL,
    "due_date" DATE NOT NULL,
    "amount" BIGINT NOT NULL,
    "paid" BIGINT NOT NULL,
    "waived" BIGINT NOT NULL,
    "settled_on" DATE,
    CONSTRAINT "uid_loan_charge" UNIQUE ("loan_id", "number"),
    FOREIGN KEY ("loan_id") REFERENCES "loan" ("id")
);

CREATE TABLE "loan_event" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "loan_id" BIGINT NOT NULL,
    "sequence" INT NOT NULL,
    "kind" VARCHAR(20) NOT NULL,
    "value_date" DATE NOT NULL,
    "posting_date" DATE NOT NULL,
    "currency" VARCHAR(3) NOT NULL,
    "amount" BIGINT NOT NULL,
    "data" JSON NOT NULL,
    "reason" VARCHAR(500) NOT NULL,
    "reversed_by" INT,
    "recorded_by_kind" VARCHAR(20) NOT NULL,
    "recorded_by_id" BIGINT NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    CONSTRAINT "uid_loan_event" UNIQUE ("loan_id", "sequence"),
    FOREIGN KEY ("loan_id") REFERENCES "loan" ("id")
);

CREATE INDEX "idx_loan_event_kind" ON "loan_event" ("kind", "value_date");

CREATE TABLE "superseded_installment" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "loan_id" BIGINT NOT NULL,
    "event_sequence" INT NOT NULL,
    "number" SMALLINT NOT NULL,
    "currency" VARCHAR(3) NOT NULL,
    "start_date" DATE NOT NULL,
    "end_date" DATE NOT NULL,
    "due_date" DATE NOT NULL,
    "days" INT NOT NULL,
    "opening" BIGINT NOT NULL,
    "principal" BIGINT NOT NULL,
    "interest" BIGINT NOT NULL,
    "balance_changes" JSON,
    CONSTRAINT "uid_superseded_installment" UNIQUE ("loan_id", "event_sequence", "number"),
    FOREIGN KEY ("loan_id") REFERENCES "loan" ("id")
);

CREATE TRIGGER superseded_installment_no_update BEFORE UPDATE ON superseded_installment
BEGIN SELECT RAISE(ABORT, 'superseded_installment is append-only'); END;

CREATE TRIGGER superseded_installment_no_delete BEFORE DELETE ON superseded_installment
BEGIN SELECT RAISE(ABORT, 'superseded_installment is append-only'); END;

CREATE TRIGGER loan_event_no_delete BEFORE DELETE ON loan_event
BEGIN SELECT RAISE(ABORT, 'loan_event is append-only'); END;
