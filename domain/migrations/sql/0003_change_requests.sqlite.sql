-- 0003_change_requests: change requests, the reference data that only they write, and the approval
-- of borrowers' bank accounts. Accounts registered before are PENDING and must be registered again.

CREATE TABLE "change_request" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "kind" VARCHAR(40) NOT NULL,
    "state" VARCHAR(20) NOT NULL,
    "subject_noun" VARCHAR(30) NOT NULL,
    "subject_id" BIGINT NOT NULL,
    "payload" TEXT NOT NULL,
    "summary_en" VARCHAR(1000) NOT NULL,
    "summary_zh" VARCHAR(1000) NOT NULL,
    "content_sha256" VARCHAR(64) NOT NULL,
    "reason" VARCHAR(500) NOT NULL,
    "borrower_id" BIGINT,
    "branch_id" BIGINT,
    "proposed_by_kind" VARCHAR(20) NOT NULL,
    "proposed_by_id" BIGINT NOT NULL,
    "proposed_by_name" VARCHAR(100) NOT NULL,
    "proposed_on" DATE NOT NULL,
    "proposed_at" TIMESTAMP NOT NULL,
    "expires_on" DATE NOT NULL,
    "decided_by_id" BIGINT,
    "decided_by_name" VARCHAR(100) NOT NULL,
    "decided_at" TIMESTAMP,
    "comment" VARCHAR(500) NOT NULL,
    "made" TEXT NOT NULL,
    FOREIGN KEY ("borrower_id") REFERENCES "borrower" ("id"),
    FOREIGN KEY ("branch_id") REFERENCES "branch" ("id")
);

CREATE INDEX "idx_change_requ_state_fc4792" ON "change_request" ("state", "expires_on");
CREATE INDEX "idx_change_requ_subject_2c5927" ON "change_request" ("subject_noun", "subject_id");
CREATE INDEX "idx_change_requ_kind_6bbe2e" ON "change_request" ("kind", "state");

CREATE TABLE "benchmark_rate" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "name" VARCHAR(20) NOT NULL,
    "tenor" VARCHAR(10) NOT NULL,
    "published_on" DATE NOT NULL,
    "rate" VARCHAR(40) NOT NULL,
    "citation" VARCHAR(300) NOT NULL,
    "confirmed" INT NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    CONSTRAINT "uid_benchmark_r_name_4c327d" UNIQUE ("name", "tenor", "published_on")
);

CREATE TABLE "calendar_day" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "calendar" VARCHAR(20) NOT NULL,
    "date" DATE NOT NULL,
    "kind" VARCHAR(10) NOT NULL,
    "name" VARCHAR(60) NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    CONSTRAINT "uid_calendar_da_calenda_0c46f2" UNIQUE ("calendar", "date")
);

CREATE TABLE "exchange_rate" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "base" VARCHAR(3) NOT NULL,
    "quote" VARCHAR(3) NOT NULL,
    "quoted_on" DATE NOT NULL,
    "rate" VARCHAR(40) NOT NULL,
    "citation" VARCHAR(300) NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    CONSTRAINT "uid_exchange_ra_base_ba33f6" UNIQUE ("base", "quote", "quoted_on")
);

CREATE TABLE "posting_profile" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "event" VARCHAR(30) NOT NULL,
    "role" VARCHAR(40) NOT NULL,
    "account_code" VARCHAR(20) NOT NULL,
    "effective_from" DATE NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    CONSTRAINT "uid_posting_pro_event_67ae09" UNIQUE ("event", "role", "effective_from"),
    FOREIGN KEY ("account_code") REFERENCES "ledger_account" ("code")
);

ALTER TABLE "bank_account" ADD COLUMN "state" VARCHAR(10) NOT NULL DEFAULT 'PENDING';
ALTER TABLE "bank_account" ADD COLUMN "approved_on" DATE;
ALTER TABLE "bank_account" ADD COLUMN "usable_from" DATE;

CREATE TRIGGER change_request_content BEFORE UPDATE OF kind, subject_noun, subject_id, payload, summary_en, summary_zh, content_sha256, reason, borrower_id, branch_id, proposed_by_kind, proposed_by_id, proposed_by_name, proposed_on, proposed_at, expires_on
ON change_request
BEGIN SELECT RAISE(ABORT, 'the content of a change_request never changes'); END;

CREATE TRIGGER change_request_decided BEFORE UPDATE ON change_request WHEN OLD.state <> 'PROPOSED'
BEGIN SELECT RAISE(ABORT, 'a decided change_request never changes'); END;

CREATE TRIGGER change_request_no_delete BEFORE DELETE ON change_request
BEGIN SELECT RAISE(ABORT, 'change_request is never deleted'); END;

CREATE TRIGGER benchmark_rate_no_update BEFORE UPDATE ON benchmark_rate
BEGIN SELECT RAISE(ABORT, 'benchmark_rate is append-only'); END;

CREATE TRIGGER benchmark_rate_no_delete BEFORE DELETE ON benchmark_rate
BEGIN SELECT RAISE(ABORT, 'benchmark_rate is append-only'); END;

CREATE TRIGGER exchange_rate_no_update BEFORE UPDATE ON exchange_rate
BEGIN SELECT RAISE(ABORT, 'exchange_rate is append-only'); END;

CREATE TRIGGER exchange_rate_no_delete BEFORE DELETE ON exchange_rate
BEGIN SELECT RAISE(ABORT, 'exchange_rate is append-only'); END;

CREATE TRIGGER posting_profile_no_update BEFORE UPDATE ON posting_profile
BEGIN SELECT RAISE(ABORT, 'posting_profile is append-only'); END;

CREATE TRIGGER posting_profile_no_delete BEFORE DELETE ON posting_profile
BEGIN SELECT RAISE(ABORT, 'posting_profile is append-only'); END;

CREATE TRIGGER policy_value_no_update BEFORE UPDATE ON policy_value
BEGIN SELECT RAISE(ABORT, 'policy_value is append-only'); END;

CREATE TRIGGER policy_value_no_delete BEFORE DELETE ON policy_value
BEGIN SELECT RAISE(ABORT, 'policy_value is append-only'); END;

CREATE TRIGGER policy_rule_no_update BEFORE UPDATE ON policy_rule
BEGIN SELECT RAISE(ABORT, 'policy_rule is append-only'); END;

CREATE TRIGGER policy_rule_no_delete BEFORE DELETE ON policy_rule
BEGIN SELECT RAISE(ABORT, 'policy_rule is append-only'); END;
