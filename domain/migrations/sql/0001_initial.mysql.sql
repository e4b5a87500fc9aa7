-- 0001_initial: every table of the main job. Money is an integer of minor units. Text compares
-- to the letter (utf8mb4_bin), but for a borrower's name, which people search.

CREATE TABLE `approval_authority` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `profile` VARCHAR(20) NOT NULL,
    `currency` VARCHAR(3) NOT NULL,
    `amount_to` BIGINT,
    `grade_from` VARCHAR(4) NOT NULL,
    `grade_to` VARCHAR(4) NOT NULL,
    `levels` VARCHAR(20) NOT NULL,
    `effective_from` DATE NOT NULL,
    `citation` VARCHAR(300) NOT NULL,
    `confirmed` BOOL NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `approval_task` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `application_id` BIGINT NOT NULL,
    `round` SMALLINT NOT NULL,
    `level` SMALLINT NOT NULL,
    `state` VARCHAR(20) NOT NULL,
    `decided_by_id` BIGINT,
    `decided_at` DATETIME(6),
    `content_sha256` VARCHAR(64) NOT NULL,
    `override_reason` VARCHAR(60) NOT NULL,
    `comment` VARCHAR(500) NOT NULL,
    `created_at` DATETIME(6) NOT NULL,
    UNIQUE KEY `uid_approval_ta_applica_876d2c` (`application_id`, `round`, `level`),
    KEY `idx_approval_ta_applica_07f5b7` (`application_id`),
    KEY `idx_approval_ta_state_775cc2` (`state`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `audit_block` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `previous_hash` VARCHAR(64) NOT NULL UNIQUE,
    `entries_sha256` VARCHAR(64) NOT NULL,
    `entry_count` INT NOT NULL,
    `hash` VARCHAR(64) NOT NULL UNIQUE,
    `sealed_at` DATETIME(6) NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `audit_entry` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `at` DATETIME(6) NOT NULL,
    `actor_kind` VARCHAR(20) NOT NULL,
    `actor_id` BIGINT NOT NULL,
    `actor_name` VARCHAR(100) NOT NULL,
    `action` VARCHAR(60) NOT NULL,
    `outcome` VARCHAR(10) NOT NULL,
    `noun` VARCHAR(30) NOT NULL,
    `noun_id` BIGINT NOT NULL,
    `before` LONGTEXT NOT NULL,
    `after` LONGTEXT NOT NULL,
    `request_id` VARCHAR(40) NOT NULL,
    KEY `idx_audit_entry_noun_54cec7` (`noun`, `noun_id`),
    KEY `idx_audit_entry_actor_k_67022f` (`actor_kind`, `actor_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `audit_seal` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `entry_id` BIGINT NOT NULL UNIQUE,
    `block_id` BIGINT NOT NULL,
    KEY `idx_audit_seal_block_i_eab12c` (`block_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `bank_account` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `borrower_id` BIGINT NOT NULL,
    `bank_name` VARCHAR(100) NOT NULL,
    `account_name` VARCHAR(200) NOT NULL,
    `number_cipher` VARCHAR(200) NOT NULL,
    `number_index` VARCHAR(64) NOT NULL,
    `number_tail` VARCHAR(4) NOT NULL,
    `created_at` DATETIME(6) NOT NULL,
    UNIQUE KEY `uid_bank_accoun_borrowe_0f1d33` (`borrower_id`, `number_index`),
    KEY `idx_bank_accoun_borrowe_3e94bd` (`borrower_id`)
) CHARACTER SET utf8mb4 COMMENT='A borrower\'s bank account; the number is encrypted, the tail is for the eye.';
CREATE TABLE `borrower` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `profile` VARCHAR(20) NOT NULL,
    `kind` VARCHAR(20) NOT NULL,
    `name` VARCHAR(200) COLLATE utf8mb4_unicode_ci NOT NULL,
    `unified_social_credit_code` VARCHAR(18) UNIQUE,
    `external_id` VARCHAR(60) UNIQUE,
    `resident_id_cipher` VARCHAR(200),
    `resident_id_index` VARCHAR(64) UNIQUE,
    `resident_id_tail` VARCHAR(4) NOT NULL,
    `industry_code` VARCHAR(10) NOT NULL,
    `enterprise_size` VARCHAR(10) NOT NULL,
    `region` VARCHAR(20) NOT NULL,
    `registered_on` DATE,
    `branch_id` BIGINT NOT NULL,
    `officer_id` BIGINT,
    `created_at` DATETIME(6) NOT NULL,
    KEY `idx_borrower_branch__98b51b` (`branch_id`),
    KEY `idx_borrower_officer_ad47d9` (`officer_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `borrower_user` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `subject` VARCHAR(190) NOT NULL UNIQUE,
    `name` VARCHAR(100) NOT NULL,
    `borrower_id` BIGINT,
    `active` BOOL NOT NULL,
    `created_at` DATETIME(6) NOT NULL,
    KEY `idx_borrower_us_borrowe_59006f` (`borrower_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `branch` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `code` VARCHAR(20) NOT NULL UNIQUE,
    `name` VARCHAR(100) NOT NULL,
    `parent_id` BIGINT,
    `path` VARCHAR(200) NOT NULL,
    KEY `idx_branch_path_6d533f` (`path`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `business_date` (
    `id` SMALLINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `current` DATE NOT NULL,
    `updated_at` DATETIME(6) NOT NULL
) CHARACTER SET utf8mb4 COMMENT='The lender\'s business date: one row, id 1, apart from the clock.';
CREATE TABLE `case_assignment` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `noun` VARCHAR(30) NOT NULL,
    `noun_id` BIGINT NOT NULL,
    `employee_id` BIGINT,
    `branch_id` BIGINT NOT NULL,
    `from_date` DATE NOT NULL,
    `to_date` DATE,
    `reason` VARCHAR(200) NOT NULL,
    `created_at` DATETIME(6) NOT NULL,
    KEY `idx_case_assign_noun_7b5234` (`noun`, `noun_id`),
    KEY `idx_case_assign_employe_5f03f6` (`employee_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `credit_facility` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `borrower_id` BIGINT NOT NULL,
    `branch_id` BIGINT NOT NULL,
    `currency` VARCHAR(3) NOT NULL,
    `limit_amount` BIGINT NOT NULL,
    `reserved` BIGINT NOT NULL,
    `used` BIGINT NOT NULL,
    `excess` BIGINT NOT NULL,
    `revolving` BOOL NOT NULL,
    `state` VARCHAR(20) NOT NULL,
    `expires_on` DATE NOT NULL,
    `proposed_by_id` BIGINT NOT NULL,
    `activated_by_id` BIGINT,
    `created_at` DATETIME(6) NOT NULL,
    KEY `idx_credit_faci_borrowe_02b485` (`borrower_id`),
    KEY `idx_credit_faci_branch__e1395d` (`branch_id`),
    CONSTRAINT `facility_within_limit` CHECK (reserved >= 0 AND used >= 0 AND excess >= 0 AND reserved + used <= limit_amount + excess)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `disbursement` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `drawdown_id` BIGINT NOT NULL UNIQUE,
    `loan_id` BIGINT NOT NULL UNIQUE,
    `currency` VARCHAR(3) NOT NULL,
    `amount` BIGINT NOT NULL,
    `value_date` DATE NOT NULL,
    `disbursed_by_id` BIGINT NOT NULL,
    `created_at` DATETIME(6) NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `drawdown` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `contract_id` BIGINT NOT NULL,
    `facility_id` BIGINT NOT NULL,
    `borrower_id` BIGINT NOT NULL,
    `branch_id` BIGINT NOT NULL,
    `state` VARCHAR(20) NOT NULL,
    `currency` VARCHAR(3) NOT NULL,
    `amount` BIGINT NOT NULL,
    `installments` SMALLINT NOT NULL,
    `payment_method` VARCHAR(20) NOT NULL,
    `payee_name` VARCHAR(200) NOT NULL,
    `payee_account_cipher` VARCHAR(200),
    `payee_account_tail` VARCHAR(4) NOT NULL,
    `evidence_number` VARCHAR(100) NOT NULL,
    `requested_by_kind` VARCHAR(20) NOT NULL,
    `requested_by_id` BIGINT NOT NULL,
    `requested_on` DATE NOT NULL,
    `created_at` DATETIME(6) NOT NULL,
    KEY `idx_drawdown_contrac_5c4332` (`contract_id`),
    KEY `idx_drawdown_facilit_cc5d3e` (`facility_id`),
    KEY `idx_drawdown_borrowe_465142` (`borrower_id`),
    KEY `idx_drawdown_branch__147701` (`branch_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `employee` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `subject` VARCHAR(190) NOT NULL UNIQUE,
    `name` VARCHAR(100) NOT NULL,
    `branch_id` BIGINT NOT NULL,
    `approval_level` SMALLINT NOT NULL,
    `active` BOOL NOT NULL,
    `created_at` DATETIME(6) NOT NULL,
    KEY `idx_employee_branch__30a9be` (`branch_id`)
) CHARACTER SET utf8mb4 COMMENT='A person who works for the lender; `subject` is the `sub` of the person\'s token.';
CREATE TABLE `employee_role` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `employee_id` BIGINT NOT NULL,
    `role` VARCHAR(30) NOT NULL,
    `granted_by` BIGINT,
    `granted_at` DATETIME(6) NOT NULL,
    `revoked_at` DATETIME(6),
    KEY `idx_employee_ro_employe_b1e338` (`employee_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `financial_statement` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `borrower_id` BIGINT NOT NULL,
    `version` SMALLINT NOT NULL,
    `period_start` DATE NOT NULL,
    `period_end` DATE NOT NULL,
    `currency` VARCHAR(3) NOT NULL,
    `revenue` BIGINT NOT NULL,
    `cost_of_sales` BIGINT NOT NULL,
    `profit` BIGINT NOT NULL,
    `inventory_opening` BIGINT NOT NULL,
    `inventory_closing` BIGINT NOT NULL,
    `receivables_opening` BIGINT NOT NULL,
    `receivables_closing` BIGINT NOT NULL,
    `prepayments_opening` BIGINT NOT NULL,
    `prepayments_closing` BIGINT NOT NULL,
    `payables_opening` BIGINT NOT NULL,
    `payables_closing` BIGINT NOT NULL,
    `advance_receipts_opening` BIGINT NOT NULL,
    `advance_receipts_closing` BIGINT NOT NULL,
    `current_assets` BIGINT NOT NULL,
    `total_assets` BIGINT NOT NULL,
    `current_liabilities` BIGINT NOT NULL,
    `total_liabilities` BIGINT NOT NULL,
    `equity` BIGINT NOT NULL,
    `recorded_by_kind` VARCHAR(20) NOT NULL,
    `recorded_by_id` BIGINT NOT NULL,
    `created_at` DATETIME(6) NOT NULL,
    UNIQUE KEY `uid_financial_s_borrowe_5db271` (`borrower_id`, `period_end`, `version`),
    KEY `idx_financial_s_borrowe_00410a` (`borrower_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `idempotency_record` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `caller` VARCHAR(60) NOT NULL,
    `action` VARCHAR(60) NOT NULL,
    `key` VARCHAR(100) NOT NULL,
    `arguments_sha256` VARCHAR(64) NOT NULL,
    `result` JSON,
    `created_at` DATETIME(6) NOT NULL,
    UNIQUE KEY `uid_idempotency_caller_2bebfb` (`caller`, `action`, `key`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `installment` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `loan_id` BIGINT NOT NULL,
    `number` SMALLINT NOT NULL,
    `currency` VARCHAR(3) NOT NULL,
    `start_date` DATE NOT NULL,
    `end_date` DATE NOT NULL,
    `due_date` DATE NOT NULL,
    `days` INT NOT NULL,
    `opening` BIGINT NOT NULL,
    `principal` BIGINT NOT NULL,
    `interest` BIGINT NOT NULL,
    `principal_paid` BIGINT NOT NULL,
    `interest_paid` BIGINT NOT NULL,
    `penalty_accrued` BIGINT NOT NULL,
    `penalty_paid` BIGINT NOT NULL,
    `compound_accrued` BIGINT NOT NULL,
    `compound_paid` BIGINT NOT NULL,
    `interest_accrued` BIGINT NOT NULL,
    `settled_on` DATE,
    UNIQUE KEY `uid_installment_loan_id_e5d22f` (`loan_id`, `number`),
    KEY `idx_installment_loan_id_4e163e` (`loan_id`),
    KEY `idx_installment_due_dat_921037` (`due_date`, `settled_on`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `job` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `kind` VARCHAR(30) NOT NULL,
    `state` VARCHAR(20) NOT NULL,
    `input` JSON NOT NULL,
    `started_by_id` BIGINT NOT NULL,
    `step` VARCHAR(60) NOT NULL,
    `progress` DOUBLE NOT NULL,
    `attempts` SMALLINT NOT NULL,
    `lease_owner` VARCHAR(60) NOT NULL,
    `heartbeat_at` DATETIME(6),
    `sent_at` DATETIME(6),
    `error` VARCHAR(500) NOT NULL,
    `result` JSON,
    `created_at` DATETIME(6) NOT NULL,
    `started_at` DATETIME(6),
    `finished_at` DATETIME(6),
    KEY `idx_job_state_0efc97` (`state`, `heartbeat_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `ledger_account` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `code` VARCHAR(20) NOT NULL UNIQUE,
    `name_zh` VARCHAR(100) NOT NULL,
    `name_en` VARCHAR(100) NOT NULL,
    `side` VARCHAR(6) NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `ledger_entry` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `journal` VARCHAR(40) NOT NULL,
    `event` VARCHAR(30) NOT NULL,
    `account_code` VARCHAR(20) NOT NULL,
    `currency` VARCHAR(3) NOT NULL,
    `amount` BIGINT NOT NULL,
    `loan_id` BIGINT NOT NULL,
    `borrower_id` BIGINT NOT NULL,
    `branch_id` BIGINT NOT NULL,
    `value_date` DATE NOT NULL,
    `posting_date` DATE NOT NULL,
    `created_at` DATETIME(6) NOT NULL,
    UNIQUE KEY `uid_ledger_entr_journal_23cb43` (`journal`, `account_code`),
    KEY `idx_ledger_entr_loan_id_be32ee` (`loan_id`),
    KEY `idx_ledger_entr_account_098c2a` (`account_code`, `posting_date`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `loan` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `contract_id` BIGINT NOT NULL,
    `drawdown_id` BIGINT NOT NULL UNIQUE,
    `facility_id` BIGINT NOT NULL,
    `borrower_id` BIGINT NOT NULL,
    `product_id` BIGINT NOT NULL,
    `branch_id` BIGINT NOT NULL,
    `officer_id` BIGINT,
    `state` VARCHAR(20) NOT NULL,
    `currency` VARCHAR(3) NOT NULL,
    `principal` BIGINT NOT NULL,
    `annual_rate` DECIMAL(14,12) NOT NULL,
    `penalty_rate` DECIMAL(14,12) NOT NULL,
    `penalty_grace_days` SMALLINT NOT NULL,
    `compound_basis` VARCHAR(30) NOT NULL,
    `method` VARCHAR(20) NOT NULL,
    `day_count` VARCHAR(12) NOT NULL,
    `rounding` VARCHAR(12) NOT NULL,
    `period_unit` VARCHAR(8) NOT NULL,
    `every` SMALLINT NOT NULL,
    `settlement_day` SMALLINT,
    `installment_count` SMALLINT NOT NULL,
    `allocation` JSON NOT NULL,
    `start_date` DATE NOT NULL,
    `maturity_date` DATE NOT NULL,
    `accrued_through` DATE NOT NULL,
    `principal_outstanding` BIGINT NOT NULL,
    `interest_receivable` BIGINT NOT NULL,
    `penalty_receivable` BIGINT NOT NULL,
    `compound_receivable` BIGINT NOT NULL,
    `credit_balance` BIGINT NOT NULL,
    `next_due_date` DATE,
    `closed_on` DATE,
    `created_at` DATETIME(6) NOT NULL,
    KEY `idx_loan_contrac_12046a` (`contract_id`),
    KEY `idx_loan_facilit_d8394d` (`facility_id`),
    KEY `idx_loan_borrowe_b74bc8` (`borrower_id`),
    KEY `idx_loan_branch__4b2b79` (`branch_id`),
    KEY `idx_loan_state_aefb91` (`state`, `accrued_through`),
    KEY `idx_loan_state_c4fdfb` (`state`, `next_due_date`),
    CONSTRAINT `loan_balances_not_negative` CHECK (principal_outstanding >= 0 AND credit_balance >= 0)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `loan_application` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `borrower_id` BIGINT NOT NULL,
    `facility_id` BIGINT,
    `product_id` BIGINT,
    `branch_id` BIGINT NOT NULL,
    `officer_id` BIGINT,
    `state` VARCHAR(20) NOT NULL,
    `version` INT NOT NULL,
    `currency` VARCHAR(3) NOT NULL,
    `amount` BIGINT,
    `annual_rate` DECIMAL(14,12),
    `installments` SMALLINT,
    `method` VARCHAR(20) NOT NULL,
    `purpose` VARCHAR(30) NOT NULL,
    `purpose_note` VARCHAR(500) NOT NULL,
    `own_funds` BIGINT,
    `other_funding` BIGINT,
    `expected_growth` DECIMAL(12,8),
    `features` JSON NOT NULL,
    `content_sha256` VARCHAR(64) NOT NULL,
    `created_by_kind` VARCHAR(20) NOT NULL,
    `created_by_id` BIGINT NOT NULL,
    `submitted_by_kind` VARCHAR(20) NOT NULL,
    `submitted_by_id` BIGINT NOT NULL,
    `submitted_on` DATE,
    `decided_on` DATE,
    `expires_on` DATE,
    `created_at` DATETIME(6) NOT NULL,
    KEY `idx_loan_applic_borrowe_848a7d` (`borrower_id`),
    KEY `idx_loan_applic_facilit_bb655f` (`facility_id`),
    KEY `idx_loan_applic_product_8d3392` (`product_id`),
    KEY `idx_loan_applic_branch__941f25` (`branch_id`),
    KEY `idx_loan_applic_officer_bf211f` (`officer_id`),
    KEY `idx_loan_applic_state_10e4ad` (`state`),
    KEY `idx_loan_applic_submitt_a6ebcb` (`submitted_on`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `loan_contract` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `application_id` BIGINT NOT NULL UNIQUE,
    `borrower_id` BIGINT NOT NULL,
    `facility_id` BIGINT NOT NULL,
    `product_id` BIGINT NOT NULL,
    `branch_id` BIGINT NOT NULL,
    `officer_id` BIGINT,
    `state` VARCHAR(20) NOT NULL,
    `currency` VARCHAR(3) NOT NULL,
    `amount` BIGINT NOT NULL,
    `drawn` BIGINT NOT NULL,
    `annual_rate` DECIMAL(14,12) NOT NULL,
    `method` VARCHAR(20) NOT NULL,
    `installments` SMALLINT NOT NULL,
    `starts_on` DATE NOT NULL,
    `ends_on` DATE NOT NULL,
    `document_sha256` VARCHAR(64) NOT NULL,
    `signature_state` VARCHAR(20) NOT NULL,
    `prepared_by_id` BIGINT NOT NULL,
    `signed_by` VARCHAR(200) NOT NULL,
    `signed_on` DATE,
    `created_at` DATETIME(6) NOT NULL,
    KEY `idx_loan_contra_borrowe_156753` (`borrower_id`),
    KEY `idx_loan_contra_facilit_e572f1` (`facility_id`),
    KEY `idx_loan_contra_product_c441a9` (`product_id`),
    KEY `idx_loan_contra_branch__974de2` (`branch_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `loan_product` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `code` VARCHAR(30) NOT NULL,
    `version` SMALLINT NOT NULL,
    `profile` VARCHAR(20) NOT NULL,
    `name_zh` VARCHAR(100) NOT NULL,
    `name_en` VARCHAR(100) NOT NULL,
    `currency` VARCHAR(3) NOT NULL,
    `method` VARCHAR(20) NOT NULL,
    `day_count` VARCHAR(12) NOT NULL,
    `rounding` VARCHAR(12) NOT NULL,
    `period_unit` VARCHAR(8) NOT NULL,
    `every` SMALLINT NOT NULL,
    `settlement_day` SMALLINT,
    `principal_min` BIGINT NOT NULL,
    `principal_max` BIGINT NOT NULL,
    `installments_max` SMALLINT NOT NULL,
    `rate_min` DECIMAL(14,12) NOT NULL,
    `rate_max` DECIMAL(14,12) NOT NULL,
    `penalty_markup` DECIMAL(6,4) NOT NULL,
    `penalty_grace_days` SMALLINT NOT NULL,
    `compound_basis` VARCHAR(30) NOT NULL,
    `allocation` JSON NOT NULL,
    `active` BOOL NOT NULL,
    `created_at` DATETIME(6) NOT NULL,
    UNIQUE KEY `uid_loan_produc_code_caca58` (`code`, `version`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `model_version` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `name` VARCHAR(60) NOT NULL,
    `version` INT NOT NULL,
    `state` VARCHAR(20) NOT NULL,
    `job_id` BIGINT NOT NULL UNIQUE,
    `algorithm` VARCHAR(30) NOT NULL,
    `recipe` VARCHAR(60) NOT NULL,
    `artefact_url` VARCHAR(300) NOT NULL,
    `sha256` VARCHAR(64) NOT NULL,
    `metrics` JSON NOT NULL,
    `cutoff` DOUBLE NOT NULL,
    `trained_by_id` BIGINT NOT NULL,
    `validated_by_id` BIGINT,
    `validated_at` DATETIME(6),
    `promoted_by_id` BIGINT,
    `promoted_at` DATETIME(6),
    `retired_at` DATETIME(6),
    `created_at` DATETIME(6) NOT NULL,
    UNIQUE KEY `uid_model_versi_name_7071df` (`name`, `version`),
    KEY `idx_model_versi_state_fdbbbb` (`state`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `outbox_event` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `kind` VARCHAR(60) NOT NULL,
    `noun` VARCHAR(30) NOT NULL,
    `noun_id` BIGINT NOT NULL,
    `payload` JSON NOT NULL,
    `created_at` DATETIME(6) NOT NULL,
    `published_at` DATETIME(6),
    KEY `idx_outbox_even_publish_210a55` (`published_at`, `id`),
    KEY `idx_outbox_even_noun_469ac7` (`noun`, `noun_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `policy_rule` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `profile` VARCHAR(20) NOT NULL,
    `code` VARCHAR(40) NOT NULL,
    `condition` VARCHAR(40) NOT NULL,
    `threshold` VARCHAR(200) NOT NULL,
    `outcome` VARCHAR(10) NOT NULL,
    `effective_from` DATE NOT NULL,
    `effective_to` DATE,
    `citation` VARCHAR(300) NOT NULL,
    `confirmed` BOOL NOT NULL,
    `text_zh` VARCHAR(300) NOT NULL,
    `text_en` VARCHAR(300) NOT NULL,
    UNIQUE KEY `uid_policy_rule_profile_1d9b08` (`profile`, `code`, `effective_from`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `policy_value` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `profile` VARCHAR(20) NOT NULL,
    `name` VARCHAR(60) NOT NULL,
    `value` VARCHAR(200) NOT NULL,
    `effective_from` DATE NOT NULL,
    `citation` VARCHAR(300) NOT NULL,
    `confirmed` BOOL NOT NULL,
    UNIQUE KEY `uid_policy_valu_profile_44371e` (`profile`, `name`, `effective_from`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `repayment` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `loan_id` BIGINT NOT NULL,
    `kind` VARCHAR(20) NOT NULL,
    `currency` VARCHAR(3) NOT NULL,
    `amount` BIGINT NOT NULL,
    `to_credit` BIGINT NOT NULL,
    `value_date` DATE NOT NULL,
    `payer_name` VARCHAR(200) NOT NULL,
    `external_reference` VARCHAR(100) NOT NULL,
    `received_by_kind` VARCHAR(20) NOT NULL,
    `received_by_id` BIGINT NOT NULL,
    `created_at` DATETIME(6) NOT NULL,
    KEY `idx_repayment_loan_id_7d59b9` (`loan_id`),
    KEY `idx_repayment_loan_id_2f0d8a` (`loan_id`, `value_date`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `repayment_allocation` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `repayment_id` BIGINT NOT NULL,
    `loan_id` BIGINT NOT NULL,
    `installment_number` SMALLINT NOT NULL,
    `bucket` VARCHAR(12) NOT NULL,
    `currency` VARCHAR(3) NOT NULL,
    `amount` BIGINT NOT NULL,
    `value_date` DATE NOT NULL,
    KEY `idx_repayment_a_repayme_4e0fac` (`repayment_id`),
    KEY `idx_repayment_a_loan_id_81901a` (`loan_id`, `installment_number`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `risk_decision` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `application_id` BIGINT NOT NULL,
    `round` SMALLINT NOT NULL,
    `recommendation` VARCHAR(10) NOT NULL,
    `probability_of_default` DOUBLE,
    `grade` VARCHAR(4) NOT NULL,
    `model_version_id` BIGINT,
    `model_sha256` VARCHAR(64) NOT NULL,
    `missing_share` DOUBLE,
    `features` JSON NOT NULL,
    `reasons` JSON NOT NULL,
    `fired_rules` JSON NOT NULL,
    `working_capital_need` JSON,
    `limits` JSON NOT NULL,
    `terms` JSON NOT NULL,
    `content_sha256` VARCHAR(64) NOT NULL,
    `business_date` DATE NOT NULL,
    `elapsed_us` INT NOT NULL,
    `created_at` DATETIME(6) NOT NULL,
    UNIQUE KEY `uid_risk_decisi_applica_961a0d` (`application_id`, `round`),
    KEY `idx_risk_decisi_applica_c0eb84` (`application_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

ALTER TABLE `bank_account` ADD CONSTRAINT `fk_bank_account_borrower_id` FOREIGN KEY (`borrower_id`) REFERENCES `borrower` (`id`);
ALTER TABLE `financial_statement` ADD CONSTRAINT `fk_financial_statement_borrower_id` FOREIGN KEY (`borrower_id`) REFERENCES `borrower` (`id`);
ALTER TABLE `credit_facility` ADD CONSTRAINT `fk_credit_facility_borrower_id` FOREIGN KEY (`borrower_id`) REFERENCES `borrower` (`id`);
ALTER TABLE `loan_application` ADD CONSTRAINT `fk_loan_application_borrower_id` FOREIGN KEY (`borrower_id`) REFERENCES `borrower` (`id`);
ALTER TABLE `loan_application` ADD CONSTRAINT `fk_loan_application_facility_id` FOREIGN KEY (`facility_id`) REFERENCES `credit_facility` (`id`);
ALTER TABLE `loan_application` ADD CONSTRAINT `fk_loan_application_product_id` FOREIGN KEY (`product_id`) REFERENCES `loan_product` (`id`);
ALTER TABLE `approval_task` ADD CONSTRAINT `fk_approval_task_application_id` FOREIGN KEY (`application_id`) REFERENCES `loan_application` (`id`);
ALTER TABLE `loan_contract` ADD CONSTRAINT `fk_loan_contract_application_id` FOREIGN KEY (`application_id`) REFERENCES `loan_application` (`id`);
ALTER TABLE `loan_contract` ADD CONSTRAINT `fk_loan_contract_borrower_id` FOREIGN KEY (`borrower_id`) REFERENCES `borrower` (`id`);
ALTER TABLE `loan_contract` ADD CONSTRAINT `fk_loan_contract_facility_id` FOREIGN KEY (`facility_id`) REFERENCES `credit_facility` (`id`);
ALTER TABLE `loan_contract` ADD CONSTRAINT `fk_loan_contract_product_id` FOREIGN KEY (`product_id`) REFERENCES `loan_product` (`id`);
ALTER TABLE `drawdown` ADD CONSTRAINT `fk_drawdown_contract_id` FOREIGN KEY (`contract_id`) REFERENCES `loan_contract` (`id`);
ALTER TABLE `drawdown` ADD CONSTRAINT `fk_drawdown_facility_id` FOREIGN KEY (`facility_id`) REFERENCES `credit_facility` (`id`);
ALTER TABLE `disbursement` ADD CONSTRAINT `fk_disbursement_drawdown_id` FOREIGN KEY (`drawdown_id`) REFERENCES `drawdown` (`id`);
ALTER TABLE `loan` ADD CONSTRAINT `fk_loan_contract_id` FOREIGN KEY (`contract_id`) REFERENCES `loan_contract` (`id`);
ALTER TABLE `loan` ADD CONSTRAINT `fk_loan_borrower_id` FOREIGN KEY (`borrower_id`) REFERENCES `borrower` (`id`);
ALTER TABLE `loan` ADD CONSTRAINT `fk_loan_facility_id` FOREIGN KEY (`facility_id`) REFERENCES `credit_facility` (`id`);
ALTER TABLE `installment` ADD CONSTRAINT `fk_installment_loan_id` FOREIGN KEY (`loan_id`) REFERENCES `loan` (`id`);
ALTER TABLE `repayment` ADD CONSTRAINT `fk_repayment_loan_id` FOREIGN KEY (`loan_id`) REFERENCES `loan` (`id`);
ALTER TABLE `repayment_allocation` ADD CONSTRAINT `fk_repayment_allocation_repayment_id` FOREIGN KEY (`repayment_id`) REFERENCES `repayment` (`id`);
ALTER TABLE `risk_decision` ADD CONSTRAINT `fk_risk_decision_application_id` FOREIGN KEY (`application_id`) REFERENCES `loan_application` (`id`);
ALTER TABLE `risk_decision` ADD CONSTRAINT `fk_risk_decision_model_version_id` FOREIGN KEY (`model_version_id`) REFERENCES `model_version` (`id`);
ALTER TABLE `employee` ADD CONSTRAINT `fk_employee_branch_id` FOREIGN KEY (`branch_id`) REFERENCES `branch` (`id`);
ALTER TABLE `employee_role` ADD CONSTRAINT `fk_employee_role_employee_id` FOREIGN KEY (`employee_id`) REFERENCES `employee` (`id`);
ALTER TABLE `borrower_user` ADD CONSTRAINT `fk_borrower_user_borrower_id` FOREIGN KEY (`borrower_id`) REFERENCES `borrower` (`id`);
ALTER TABLE `model_version` ADD CONSTRAINT `fk_model_version_job_id` FOREIGN KEY (`job_id`) REFERENCES `job` (`id`);

CREATE TRIGGER audit_entry_no_update BEFORE UPDATE ON audit_entry FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'audit_entry is append-only';

CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON audit_entry FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'audit_entry is append-only';

CREATE TRIGGER audit_block_no_update BEFORE UPDATE ON audit_block FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'audit_block is append-only';

CREATE TRIGGER audit_block_no_delete BEFORE DELETE ON audit_block FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'audit_block is append-only';

CREATE TRIGGER audit_seal_no_update BEFORE UPDATE ON audit_seal FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'audit_seal is append-only';

CREATE TRIGGER audit_seal_no_delete BEFORE DELETE ON audit_seal FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'audit_seal is append-only';

CREATE TRIGGER ledger_entry_no_update BEFORE UPDATE ON ledger_entry FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'ledger_entry is append-only';

CREATE TRIGGER ledger_entry_no_delete BEFORE DELETE ON ledger_entry FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'ledger_entry is append-only';

CREATE TRIGGER risk_decision_no_update BEFORE UPDATE ON risk_decision FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'risk_decision is append-only';

CREATE TRIGGER risk_decision_no_delete BEFORE DELETE ON risk_decision FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'risk_decision is append-only';
