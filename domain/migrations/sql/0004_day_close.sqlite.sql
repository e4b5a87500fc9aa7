-- The day close: business days, shards, what they accrued, loans set aside.

CREATE TABLE "business_day" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "day" DATE NOT NULL UNIQUE,
    "state" VARCHAR(24) NOT NULL,
    "loans" INT NOT NULL DEFAULT 0,
    "set_aside" INT NOT NULL DEFAULT 0,
    "set_aside_limit" INT NOT NULL DEFAULT 0,
    "faults" JSON,
    "job_id" BIGINT,
    "opened_at" TIMESTAMP,
    "closing_started_at" TIMESTAMP,
    "verified_at" TIMESTAMP,
    "closed_at" TIMESTAMP
);

CREATE TABLE "close_shard" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "day" DATE NOT NULL,
    "from_id" BIGINT NOT NULL,
    "to_id" BIGINT NOT NULL,
    "state" VARCHAR(8) NOT NULL,
    "expected" INT NOT NULL,
    "loans" INT NOT NULL DEFAULT 0,
    "singly" INT NOT NULL DEFAULT 0,
    "attempts" INT NOT NULL DEFAULT 0,
    "lease_owner" VARCHAR(60) NOT NULL DEFAULT '',
    "heartbeat_at" TIMESTAMP,
    "error" VARCHAR(500) NOT NULL DEFAULT '',
    "finished_at" TIMESTAMP,
    CONSTRAINT "uid_close_shard_day" UNIQUE ("day", "from_id")
);

CREATE TABLE "close_accrual" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "day" DATE NOT NULL,
    "loan_id" BIGINT NOT NULL,
    "number" SMALLINT NOT NULL,
    "interest" BIGINT NOT NULL,
    "penalty" BIGINT NOT NULL,
    "compound" BIGINT NOT NULL,
    "taxed" BIGINT NOT NULL,
    "vat" BIGINT NOT NULL,
    CONSTRAINT "uid_close_accrual_day" UNIQUE ("day", "loan_id", "number")
);
CREATE TRIGGER close_accrual_no_update BEFORE UPDATE ON close_accrual
BEGIN SELECT RAISE(ABORT, 'close_accrual is append-only'); END;
CREATE TRIGGER close_accrual_no_delete BEFORE DELETE ON close_accrual
BEGIN SELECT RAISE(ABORT, 'close_accrual is append-only'); END;

CREATE TABLE "loan_set_aside" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "loan_id" BIGINT NOT NULL REFERENCES "loan" ("id"),
    "day" DATE NOT NULL,
    "reason" VARCHAR(500) NOT NULL,
    "reason_zh" VARCHAR(500) NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    "resolved_at" TIMESTAMP,
    "resolved_by_id" BIGINT,
    CONSTRAINT "uid_loan_set_aside" UNIQUE ("loan_id", "day")
);
CREATE INDEX "idx_loan_set_aside_day" ON "loan_set_aside" ("day", "resolved_at");

-- The open instalments of a loan that have begun: what the close reads of each loan, every day.
-- The index on loan_id alone is covered by the unique one on (loan_id, number).
DROP INDEX "idx_installment_loan_id_4e163e";
CREATE INDEX "idx_installment_open" ON "installment" ("loan_id", "settled_on", "start_date");
