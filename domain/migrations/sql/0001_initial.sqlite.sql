-- 0001_initial: every table of the main job. Money is an integer of minor units.

CREATE TABLE "approval_authority" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "profile" VARCHAR(20) NOT NULL,
    "currency" VARCHAR(3) NOT NULL,
    "amount_to" BIGINT,
    "grade_from" VARCHAR(4) NOT NULL,
    "grade_to" VARCHAR(4) NOT NULL,
    "levels" VARCHAR(20) NOT NULL,
    "effective_from" DATE NOT NULL,
    "citation" VARCHAR(300) NOT NULL,
    "confirmed" INT NOT NULL
);

CREATE TABLE "approval_task" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "application_id" BIGINT NOT NULL,
    "round" SMALLINT NOT NULL,
    "level" SMALLINT NOT NULL,
    "state" VARCHAR(20) NOT NULL,
    "decided_by_id" BIGINT,
    "decided_at" TIMESTAMP,
    "content_sha256" VARCHAR(64) NOT NULL,
    "override_reason" VARCHAR(60) NOT NULL,
    "comment" VARCHAR(500) NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    CONSTRAINT "uid_approval_ta_applica_876d2c" UNIQUE ("application_id", "round", "level"),
    FOREIGN KEY ("application_id") REFERENCES "loan_application" ("id")
);

CREATE INDEX "idx_approval_ta_applica_07f5b7" ON "approval_task" ("application_id");
CREATE INDEX "idx_approval_ta_state_775cc2" ON "approval_task" ("state");
CREATE TABLE "audit_block" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "previous_hash" VARCHAR(64) NOT NULL UNIQUE,
    "entries_sha256" VARCHAR(64) NOT NULL,
    "entry_count" INT NOT NULL,
    "hash" VARCHAR(64) NOT NULL UNIQUE,
    "sealed_at" TIMESTAMP NOT NULL
);

CREATE TABLE "audit_entry" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "at" TIMESTAMP NOT NULL,
    "actor_kind" VARCHAR(20) NOT NULL,
    "actor_id" BIGINT NOT NULL,
    "actor_name" VARCHAR(100) NOT NULL,
    "action" VARCHAR(60) NOT NULL,
    "outcome" VARCHAR(10) NOT NULL,
    "noun" VARCHAR(30) NOT NULL,
    "noun_id" BIGINT NOT NULL,
    "before" TEXT NOT NULL,
    "after" TEXT NOT NULL,
    "request_id" VARCHAR(40) NOT NULL
);

CREATE INDEX "idx_audit_entry_noun_54cec7" ON "audit_entry" ("noun", "noun_id");
CREATE INDEX "idx_audit_entry_actor_k_67022f" ON "audit_entry" ("actor_kind", "actor_id");
CREATE TABLE "audit_seal" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "entry_id" BIGINT NOT NULL UNIQUE,
    "block_id" BIGINT NOT NULL
);

CREATE INDEX "idx_audit_seal_block_i_eab12c" ON "audit_seal" ("block_id");
CREATE TABLE "bank_account" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "borrower_id" BIGINT NOT NULL,
    "bank_name" VARCHAR(100) NOT NULL,
    "account_name" VARCHAR(200) NOT NULL,
    "number_cipher" VARCHAR(200) NOT NULL,
    "number_index" VARCHAR(64) NOT NULL,
    "number_tail" VARCHAR(4) NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    CONSTRAINT "uid_bank_accoun_borrowe_0f1d33" UNIQUE ("borrower_id", "number_index"),
    FOREIGN KEY ("borrower_id") REFERENCES "borrower" ("id")
);

CREATE INDEX "idx_bank_accoun_borrowe_3e94bd" ON "bank_account" ("borrower_id");
CREATE TABLE "borrower" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "profile" VARCHAR(20) NOT NULL,
    "kind" VARCHAR(20) NOT NULL,
    "name" VARCHAR(200) NOT NULL,
    "unified_social_credit_code" VARCHAR(18) UNIQUE,
    "external_id" VARCHAR(60) UNIQUE,
    "resident_id_cipher" VARCHAR(200),
    "resident_id_index" VARCHAR(64) UNIQUE,
    "resident_id_tail" VARCHAR(4) NOT NULL,
    "industry_code" VARCHAR(10) NOT NULL,
    "enterprise_size" VARCHAR(10) NOT NULL,
    "region" VARCHAR(20) NOT NULL,
    "registered_on" DATE,
    "branch_id" BIGINT NOT NULL,
    "officer_id" BIGINT,
    "created_at" TIMESTAMP NOT NULL
);

CREATE INDEX "idx_borrower_branch__98b51b" ON "borrower" ("branch_id");
CREATE INDEX "idx_borrower_officer_ad47d9" ON "borrower" ("officer_id");
CREATE TABLE "borrower_user" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "subject" VARCHAR(190) NOT NULL UNIQUE,
    "name" VARCHAR(100) NOT NULL,
    "borrower_id" BIGINT,
    "active" INT NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    FOREIGN KEY ("borrower_id") REFERENCES "borrower" ("id")
);

CREATE INDEX "idx_borrower_us_borrowe_59006f" ON "borrower_user" ("borrower_id");
CREATE TABLE "branch" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "code" VARCHAR(20) NOT NULL UNIQUE,
    "name" VARCHAR(100) NOT NULL,
    "parent_id" BIGINT,
    "path" VARCHAR(200) NOT NULL
);

CREATE INDEX "idx_branch_path_6d533f" ON "branch" ("path");
CREATE TABLE "business_date" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "current" DATE NOT NULL,
    "updated_at" TIMESTAMP NOT NULL
);

CREATE TABLE "case_assignment" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "noun" VARCHAR(30) NOT NULL,
    "noun_id" BIGINT NOT NULL,
    "employee_id" BIGINT,
    "branch_id" BIGINT NOT NULL,
    "from_date" DATE NOT NULL,
    "to_date" DATE,
    "reason" VARCHAR(200) NOT NULL,
    "created_at" TIMESTAMP NOT NULL
);

CREATE INDEX "idx_case_assign_noun_7b5234" ON "case_assignment" ("noun", "noun_id");
CREATE INDEX "idx_case_assign_employe_5f03f6" ON "case_assignment" ("employee_id");
CREATE TABLE "credit_facility" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "borrower_id" BIGINT NOT NULL,
    "branch_id" BIGINT NOT NULL,
    "currency" VARCHAR(3) NOT NULL,
    "limit_amount" BIGINT NOT NULL,
    "reserved" BIGINT NOT NULL,
    "used" BIGINT NOT NULL,
    "excess" BIGINT NOT NULL,
    "revolving" INT NOT NULL,
    "state" VARCHAR(20) NOT NULL,
    "expires_on" DATE NOT NULL,
    "proposed_by_id" BIGINT NOT NULL,
    "activated_by_id" BIGINT,
    "created_at" TIMESTAMP NOT NULL,
    FOREIGN KEY ("borrower_id") REFERENCES "borrower" ("id"),
    CONSTRAINT "facility_within_limit" CHECK (reserved >= 0 AND used >= 0 AND excess >= 0 AND reserved + used <= limit_amount + excess)
);

CREATE INDEX "idx_credit_faci_borrowe_02b485" ON "credit_facility" ("borrower_id");
CREATE INDEX "idx_credit_faci_branch__e1395d" ON "credit_facility" ("branch_id");
CREATE TABLE "disbursement" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "drawdown_id" BIGINT NOT NULL UNIQUE,
    "loan_id" BIGINT NOT NULL UNIQUE,
    "currency" VARCHAR(3) NOT NULL,
    "amount" BIGINT NOT NULL,
    "value_date" DATE NOT NULL,
    "disbursed_by_id" BIGINT NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    FOREIGN KEY ("drawdown_id") REFERENCES "drawdown" ("id")
);

CREATE TABLE "drawdown" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "contract_id" BIGINT NOT NULL,
    "facility_id" BIGINT NOT NULL,
    "borrower_id" BIGINT NOT NULL,
    "branch_id" BIGINT NOT NULL,
    "state" VARCHAR(20) NOT NULL,
    "currency" VARCHAR(3) NOT NULL,
    "amount" BIGINT NOT NULL,
    "installments" SMALLINT NOT NULL,
    "payment_method" VARCHAR(20) NOT NULL,
    "payee_name" VARCHAR(200) NOT NULL,
    "payee_account_cipher" VARCHAR(200),
    "payee_account_tail" VARCHAR(4) NOT NULL,
    "evidence_number" VARCHAR(100) NOT NULL,
    "requested_by_kind" VARCHAR(20) NOT NULL,
    "requested_by_id" BIGINT NOT NULL,
    "requested_on" DATE NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    FOREIGN KEY ("contract_id") REFERENCES "loan_contract" ("id"),
    FOREIGN KEY ("facility_id") REFERENCES "credit_facility" ("id")
);

CREATE INDEX "idx_drawdown_contrac_5c4332" ON "drawdown" ("contract_id");
CREATE INDEX "idx_drawdown_facilit_cc5d3e" ON "drawdown" ("facility_id");
CREATE INDEX "idx_drawdown_borrowe_465142" ON "drawdown" ("borrower_id");
CREATE INDEX "idx_drawdown_branch__147701" ON "drawdown" ("branch_id");
CREATE TABLE "employee" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "subject" VARCHAR(190) NOT NULL UNIQUE,
    "name" VARCHAR(100) NOT NULL,
    "branch_id" BIGINT NOT NULL,
    "approval_level" SMALLINT NOT NULL,
    "active" INT NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    FOREIGN KEY ("branch_id") REFERENCES "branch" ("id")
);

CREATE INDEX "idx_employee_branch__30a9be" ON "employee" ("branch_id");
CREATE TABLE "employee_role" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "employee_id" BIGINT NOT NULL,
    "role" VARCHAR(30) NOT NULL,
    "granted_by" BIGINT,
    "granted_at" TIMESTAMP NOT NULL,
    "revoked_at" TIMESTAMP,
    FOREIGN KEY ("employee_id") REFERENCES "employee" ("id")
);

CREATE INDEX "idx_employee_ro_employe_b1e338" ON "employee_role" ("employee_id");
CREATE TABLE "financial_statement" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "borrower_id" BIGINT NOT NULL,
    "version" SMALLINT NOT NULL,
    "period_start" DATE NOT NULL,
    "period_end" DATE NOT NULL,
    "currency" VARCHAR(3) NOT NULL,
    "revenue" BIGINT NOT NULL,
    "cost_of_sales" BIGINT NOT NULL,
    "profit" BIGINT NOT NULL,
    "inventory_opening" BIGINT NOT NULL,
    "inventory_closing" BIGINT NOT NULL,
    "receivables_opening" BIGINT NOT NULL,
    "receivables_closing" BIGINT NOT NULL,
    "prepayments_opening" BIGINT NOT NULL,
    "prepayments_closing" BIGINT NOT NULL,
    "payables_opening" BIGINT NOT NULL,
    "payables_closing" BIGINT NOT NULL,
    "advance_receipts_opening" BIGINT NOT NULL,
    "advance_receipts_closing" BIGINT NOT NULL,
    "current_assets" BIGINT NOT NULL,
    "total_assets" BIGINT NOT NULL,
    "current_liabilities" BIGINT NOT NULL,
    "total_liabilities" BIGINT NOT NULL,
    "equity" BIGINT NOT NULL,
    "recorded_by_kind" VARCHAR(20) NOT NULL,
    "recorded_by_id" BIGINT NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    CONSTRAINT "uid_financial_s_borrowe_5db271" UNIQUE ("borrower_id", "period_end", "version"),
    FOREIGN KEY ("borrower_id") REFERENCES "borrower" ("id")
);

CREATE INDEX "idx_financial_s_borrowe_00410a" ON "financial_statement" ("borrower_id");
CREATE TABLE "idempotency_record" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "caller" VARCHAR(60) NOT NULL,
    "action" VARCHAR(60) NOT NULL,
    "key" VARCHAR(100) NOT NULL,
    "arguments_sha256" VARCHAR(64) NOT NULL,
    "result" JSON,
    "created_at" TIMESTAMP NOT NULL,
    CONSTRAINT "uid_idempotency_caller_2bebfb" UNIQUE ("caller", "action", "key")
);

CREATE TABLE "installment" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "loan_id" BIGINT NOT NULL,
    "number" SMALLINT NOT NULL,
    "currency" VARCHAR(3) NOT NULL,
    "start_date" DATE NOT NULL,
    "end_date" DATE NOT NULL,
    "due_date" DATE NOT NULL,
    "days" INT NOT NULL,
    "opening" BIGINT NOT NULL,
    "principal" BIGINT NOT NULL,
    "interest" BIGINT NOT NULL,
    "principal_paid" BIGINT NOT NULL,
    "interest_paid" BIGINT NOT NULL,
    "penalty_accrued" BIGINT NOT NULL,
    "penalty_paid" BIGINT NOT NULL,
    "compound_accrued" BIGINT NOT NULL,
    "compound_paid" BIGINT NOT NULL,
    "interest_accrued" BIGINT NOT NULL,
    "settled_on" DATE,
    CONSTRAINT "uid_installment_loan_id_e5d22f" UNIQUE ("loan_id", "number"),
    FOREIGN KEY ("loan_id") REFERENCES "loan" ("id")
);

CREATE INDEX "idx_installment_loan_id_4e163e" ON "installment" ("loan_id");
CREATE INDEX "idx_installment_due_dat_921037" ON "installment" ("due_date", "settled_on");
CREATE TABLE "job" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "kind" VARCHAR(30) NOT NULL,
    "state" VARCHAR(20) NOT NULL,
    "input" JSON NOT NULL,
    "started_by_id" BIGINT NOT NULL,
    "step" VARCHAR(60) NOT NULL,
    "progress" REAL NOT NULL,
    "attempts" SMALLINT NOT NULL,
    "lease_owner" VARCHAR(60) NOT NULL,
    "heartbeat_at" TIMESTAMP,
    "sent_at" TIMESTAMP,
    "error" VARCHAR(500) NOT NULL,
    "result" JSON,
    "created_at" TIMESTAMP NOT NULL,
    "started_at" TIMESTAMP,
    "finished_at" TIMESTAMP
);

CREATE INDEX "idx_job_state_0efc97" ON "job" ("state", "heartbeat_at");
CREATE TABLE "ledger_account" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "code" VARCHAR(20) NOT NULL UNIQUE,
    "name_zh" VARCHAR(100) NOT NULL,
    "name_en" VARCHAR(100) NOT NULL,
    "side" VARCHAR(6) NOT NULL
);

CREATE TABLE "ledger_entry" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "journal" VARCHAR(40) NOT NULL,
    "event" VARCHAR(30) NOT NULL,
    "account_code" VARCHAR(20) NOT NULL,
    "currency" VARCHAR(3) NOT NULL,
    "amount" BIGINT NOT NULL,
    "loan_id" BIGINT NOT NULL,
    "borrower_id" BIGINT NOT NULL,
    "branch_id" BIGINT NOT NULL,
    "value_date" DATE NOT NULL,
    "posting_date" DATE NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    CONSTRAINT "uid_ledger_entr_journal_23cb43" UNIQUE ("journal", "account_code")
);

CREATE INDEX "idx_ledger_entr_loan_id_be32ee" ON "ledger_entry" ("loan_id");
CREATE INDEX "idx_ledger_entr_account_098c2a" ON "ledger_entry" ("account_code", "posting_date");
CREATE TABLE "loan" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "contract_id" BIGINT NOT NULL,
    "drawdown_id" BIGINT NOT NULL UNIQUE,
    "facility_id" BIGINT NOT NULL,
    "borrower_id" BIGINT NOT NULL,
    "product_id" BIGINT NOT NULL,
    "branch_id" BIGINT NOT NULL,
    "officer_id" BIGINT,
    "state" VARCHAR(20) NOT NULL,
    "currency" VARCHAR(3) NOT NULL,
    "principal" BIGINT NOT NULL,
    "annual_rate" VARCHAR(40) NOT NULL,
    "penalty_rate" VARCHAR(40) NOT NULL,
    "penalty_grace_days" SMALLINT NOT NULL,
    "compound_basis" VARCHAR(30) NOT NULL,
    "method" VARCHAR(20) NOT NULL,
    "day_count" VARCHAR(12) NOT NULL,
    "rounding" VARCHAR(12) NOT NULL,
    "period_unit" VARCHAR(8) NOT NULL,
    "every" SMALLINT NOT NULL,
    "settlement_day" SMALLINT,
    "installment_count" SMALLINT NOT NULL,
    "allocation" JSON NOT NULL,
    "start_date" DATE NOT NULL,
    "maturity_date" DATE NOT NULL,
    "accrued_through" DATE NOT NULL,
    "principal_outstanding" BIGINT NOT NULL,
    "interest_receivable" BIGINT NOT NULL,
    "penalty_receivable" BIGINT NOT NULL,
    "compound_receivable" BIGINT NOT NULL,
    "credit_balance" BIGINT NOT NULL,
    "next_due_date" DATE,
    "closed_on" DATE,
    "created_at" TIMESTAMP NOT NULL,
    FOREIGN KEY ("contract_id") REFERENCES "loan_contract" ("id"),
    FOREIGN KEY ("borrower_id") REFERENCES "borrower" ("id"),
    FOREIGN KEY ("facility_id") REFERENCES "credit_facility" ("id"),
    CONSTRAINT "loan_balances_not_negative" CHECK (principal_outstanding >= 0 AND credit_balance >= 0)
);

CREATE INDEX "idx_loan_contrac_12046a" ON "loan" ("contract_id");
CREATE INDEX "idx_loan_facilit_d8394d" ON "loan" ("facility_id");
CREATE INDEX "idx_loan_borrowe_b74bc8" ON "loan" ("borrower_id");
CREATE INDEX "idx_loan_branch__4b2b79" ON "loan" ("branch_id");
CREATE INDEX "idx_loan_state_aefb91" ON "loan" ("state", "accrued_through");
CREATE INDEX "idx_loan_state_c4fdfb" ON "loan" ("state", "next_due_date");
CREATE TABLE "loan_application" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "borrower_id" BIGINT NOT NULL,
    "facility_id" BIGINT,
    "product_id" BIGINT,
    "branch_id" BIGINT NOT NULL,
    "officer_id" BIGINT,
    "state" VARCHAR(20) NOT NULL,
    "version" INT NOT NULL,
    "currency" VARCHAR(3) NOT NULL,
    "amount" BIGINT,
    "annual_rate" VARCHAR(40),
    "installments" SMALLINT,
    "method" VARCHAR(20) NOT NULL,
    "purpose" VARCHAR(30) NOT NULL,
    "purpose_note" VARCHAR(500) NOT NULL,
    "own_funds" BIGINT,
    "other_funding" BIGINT,
    "expected_growth" VARCHAR(40),
    "features" JSON NOT NULL,
    "content_sha256" VARCHAR(64) NOT NULL,
    "created_by_kind" VARCHAR(20) NOT NULL,
    "created_by_id" BIGINT NOT NULL,
    "submitted_by_kind" VARCHAR(20) NOT NULL,
    "submitted_by_id" BIGINT NOT NULL,
    "submitted_on" DATE,
    "decided_on" DATE,
    "expires_on" DATE,
    "created_at" TIMESTAMP NOT NULL,
    FOREIGN KEY ("borrower_id") REFERENCES "borrower" ("id"),
    FOREIGN KEY ("facility_id") REFERENCES "credit_facility" ("id"),
    FOREIGN KEY ("product_id") REFERENCES "loan_product" ("id")
);

CREATE INDEX "idx_loan_applic_borrowe_848a7d" ON "loan_application" ("borrower_id");
CREATE INDEX "idx_loan_applic_facilit_bb655f" ON "loan_application" ("facility_id");
CREATE INDEX "idx_loan_applic_product_8d3392" ON "loan_application" ("product_id");
CREATE INDEX "idx_loan_applic_branch__941f25" ON "loan_application" ("branch_id");
CREATE INDEX "idx_loan_applic_officer_bf211f" ON "loan_application" ("officer_id");
CREATE INDEX "idx_loan_applic_state_10e4ad" ON "loan_application" ("state");
CREATE INDEX "idx_loan_applic_submitt_a6ebcb" ON "loan_application" ("submitted_on");
CREATE TABLE "loan_contract" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "application_id" BIGINT NOT NULL UNIQUE,
    "borrower_id" BIGINT NOT NULL,
    "facility_id" BIGINT NOT NULL,
    "product_id" BIGINT NOT NULL,
    "branch_id" BIGINT NOT NULL,
    "officer_id" BIGINT,
    "state" VARCHAR(20) NOT NULL,
    "currency" VARCHAR(3) NOT NULL,
    "amount" BIGINT NOT NULL,
    "drawn" BIGINT NOT NULL,
    "annual_rate" VARCHAR(40) NOT NULL,
    "method" VARCHAR(20) NOT NULL,
    "installments" SMALLINT NOT NULL,
    "starts_on" DATE NOT NULL,
    "ends_on" DATE NOT NULL,
    "document_sha256" VARCHAR(64) NOT NULL,
    "signature_state" VARCHAR(20) NOT NULL,
    "prepared_by_id" BIGINT NOT NULL,
    "signed_by" VARCHAR(200) NOT NULL,
    "signed_on" DATE,
    "created_at" TIMESTAMP NOT NULL,
    FOREIGN KEY ("application_id") REFERENCES "loan_application" ("id"),
    FOREIGN KEY ("borrower_id") REFERENCES "borrower" ("id"),
    FOREIGN KEY ("facility_id") REFERENCES "credit_facility" ("id"),
    FOREIGN KEY ("product_id") REFERENCES "loan_product" ("id")
);

CREATE INDEX "idx_loan_contra_borrowe_156753" ON "loan_contract" ("borrower_id");
CREATE INDEX "idx_loan_contra_facilit_e572f1" ON "loan_contract" ("facility_id");
CREATE INDEX "idx_loan_contra_product_c441a9" ON "loan_contract" ("product_id");
CREATE INDEX "idx_loan_contra_branch__974de2" ON "loan_contract" ("branch_id");
CREATE TABLE "loan_product" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "code" VARCHAR(30) NOT NULL,
    "version" SMALLINT NOT NULL,
    "profile" VARCHAR(20) NOT NULL,
    "name_zh" VARCHAR(100) NOT NULL,
    "name_en" VARCHAR(100) NOT NULL,
    "currency" VARCHAR(3) NOT NULL,
    "method" VARCHAR(20) NOT NULL,
    "day_count" VARCHAR(12) NOT NULL,
    "rounding" VARCHAR(12) NOT NULL,
    "period_unit" VARCHAR(8) NOT NULL,
    "every" SMALLINT NOT NULL,
    "settlement_day" SMALLINT,
    "principal_min" BIGINT NOT NULL,
    "principal_max" BIGINT NOT NULL,
    "installments_max" SMALLINT NOT NULL,
    "rate_min" VARCHAR(40) NOT NULL,
    "rate_max" VARCHAR(40) NOT NULL,
    "penalty_markup" VARCHAR(40) NOT NULL,
    "penalty_grace_days" SMALLINT NOT NULL,
    "compound_basis" VARCHAR(30) NOT NULL,
    "allocation" JSON NOT NULL,
    "active" INT NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    CONSTRAINT "uid_loan_produc_code_caca58" UNIQUE ("code", "version")
);

CREATE TABLE "model_version" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "name" VARCHAR(60) NOT NULL,
    "version" INT NOT NULL,
    "state" VARCHAR(20) NOT NULL,
    "job_id" BIGINT NOT NULL UNIQUE,
    "algorithm" VARCHAR(30) NOT NULL,
    "recipe" VARCHAR(60) NOT NULL,
    "artefact_url" VARCHAR(300) NOT NULL,
    "sha256" VARCHAR(64) NOT NULL,
    "metrics" JSON NOT NULL,
    "cutoff" REAL NOT NULL,
    "trained_by_id" BIGINT NOT NULL,
    "validated_by_id" BIGINT,
    "validated_at" TIMESTAMP,
    "promoted_by_id" BIGINT,
    "promoted_at" TIMESTAMP,
    "retired_at" TIMESTAMP,
    "created_at" TIMESTAMP NOT NULL,
    CONSTRAINT "uid_model_versi_name_7071df" UNIQUE ("name", "version"),
    FOREIGN KEY ("job_id") REFERENCES "job" ("id")
);

CREATE INDEX "idx_model_versi_state_fdbbbb" ON "model_version" ("state");
CREATE TABLE "outbox_event" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "kind" VARCHAR(60) NOT NULL,
    "noun" VARCHAR(30) NOT NULL,
    "noun_id" BIGINT NOT NULL,
    "payload" JSON NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    "published_at" TIMESTAMP
);

CREATE INDEX "idx_outbox_even_publish_210a55" ON "outbox_event" ("published_at", "id");
CREATE INDEX "idx_outbox_even_noun_469ac7" ON "outbox_event" ("noun", "noun_id");
CREATE TABLE "policy_rule" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "profile" VARCHAR(20) NOT NULL,
    "code" VARCHAR(40) NOT NULL,
    "condition" VARCHAR(40) NOT NULL,
    "threshold" VARCHAR(200) NOT NULL,
    "outcome" VARCHAR(10) NOT NULL,
    "effective_from" DATE NOT NULL,
    "effective_to" DATE,
    "citation" VARCHAR(300) NOT NULL,
    "confirmed" INT NOT NULL,
    "text_zh" VARCHAR(300) NOT NULL,
    "text_en" VARCHAR(300) NOT NULL,
    CONSTRAINT "uid_policy_rule_profile_1d9b08" UNIQUE ("profile", "code", "effective_from")
);

CREATE TABLE "policy_value" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "profile" VARCHAR(20) NOT NULL,
    "name" VARCHAR(60) NOT NULL,
    "value" VARCHAR(200) NOT NULL,
    "effective_from" DATE NOT NULL,
    "citation" VARCHAR(300) NOT NULL,
    "confirmed" INT NOT NULL,
    CONSTRAINT "uid_policy_valu_profile_44371e" UNIQUE ("profile", "name", "effective_from")
);

CREATE TABLE "repayment" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "loan_id" BIGINT NOT NULL,
    "kind" VARCHAR(20) NOT NULL,
    "currency" VARCHAR(3) NOT NULL,
    "amount" BIGINT NOT NULL,
    "to_credit" BIGINT NOT NULL,
    "value_date" DATE NOT NULL,
    "payer_name" VARCHAR(200) NOT NULL,
    "external_reference" VARCHAR(100) NOT NULL,
    "received_by_kind" VARCHAR(20) NOT NULL,
    "received_by_id" BIGINT NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    FOREIGN KEY ("loan_id") REFERENCES "loan" ("id")
);

CREATE INDEX "idx_repayment_loan_id_7d59b9" ON "repayment" ("loan_id");
CREATE INDEX "idx_repayment_loan_id_2f0d8a" ON "repayment" ("loan_id", "value_date");
CREATE TABLE "repayment_allocation" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "repayment_id" BIGINT NOT NULL,
    "loan_id" BIGINT NOT NULL,
    "installment_number" SMALLINT NOT NULL,
    "bucket" VARCHAR(12) NOT NULL,
    "currency" VARCHAR(3) NOT NULL,
    "amount" BIGINT NOT NULL,
    "value_date" DATE NOT NULL,
    FOREIGN KEY ("repayment_id") REFERENCES "repayment" ("id")
);

CREATE INDEX "idx_repayment_a_repayme_4e0fac" ON "repayment_allocation" ("repayment_id");
CREATE INDEX "idx_repayment_a_loan_id_81901a" ON "repayment_allocation" ("loan_id", "installment_number");
CREATE TABLE "risk_decision" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "application_id" BIGINT NOT NULL,
    "round" SMALLINT NOT NULL,
    "recommendation" VARCHAR(10) NOT NULL,
    "probability_of_default" REAL,
    "grade" VARCHAR(4) NOT NULL,
    "model_version_id" BIGINT,
    "model_sha256" VARCHAR(64) NOT NULL,
    "missing_share" REAL,
    "features" JSON NOT NULL,
    "reasons" JSON NOT NULL,
    "fired_rules" JSON NOT NULL,
    "working_capital_need" JSON,
    "limits" JSON NOT NULL,
    "terms" JSON NOT NULL,
    "content_sha256" VARCHAR(64) NOT NULL,
    "business_date" DATE NOT NULL,
    "elapsed_us" INT NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    CONSTRAINT "uid_risk_decisi_applica_961a0d" UNIQUE ("application_id", "round"),
    FOREIGN KEY ("application_id") REFERENCES "loan_application" ("id"),
    FOREIGN KEY ("model_version_id") REFERENCES "model_version" ("id")
);

CREATE INDEX "idx_risk_decisi_applica_c0eb84" ON "risk_decision" ("application_id");
CREATE TRIGGER audit_entry_no_update BEFORE UPDATE ON audit_entry
BEGIN SELECT RAISE(ABORT, 'audit_entry is append-only'); END;

CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON audit_entry
BEGIN SELECT RAISE(ABORT, 'audit_entry is append-only'); END;

CREATE TRIGGER audit_block_no_update BEFORE UPDATE ON audit_block
BEGIN SELECT RAISE(ABORT, 'audit_block is append-only'); END;

CREATE TRIGGER audit_block_no_delete BEFORE DELETE ON audit_block
BEGIN SELECT RAISE(ABORT, 'audit_block is append-only'); END;

CREATE TRIGGER audit_seal_no_update BEFORE UPDATE ON audit_seal
BEGIN SELECT RAISE(ABORT, 'audit_seal is append-only'); END;

CREATE TRIGGER audit_seal_no_delete BEFORE DELETE ON audit_seal
BEGIN SELECT RAISE(ABORT, 'audit_seal is append-only'); END;

CREATE TRIGGER ledger_entry_no_update BEFORE UPDATE ON ledger_entry
BEGIN SELECT RAISE(ABORT, 'ledger_entry is append-only'); END;

CREATE TRIGGER ledger_entry_no_delete BEFORE DELETE ON ledger_entry
BEGIN SELECT RAISE(ABORT, 'ledger_entry is append-only'); END;

CREATE TRIGGER risk_decision_no_update BEFORE UPDATE ON risk_decision
BEGIN SELECT RAISE(ABORT, 'risk_decision is append-only'); END;

CREATE TRIGGER risk_decision_no_delete BEFORE DELETE ON risk_decision
BEGIN SELECT RAISE(ABORT, 'risk_decision is append-only'); END;
