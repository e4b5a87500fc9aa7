-- 0003_change_requests: change requests, the reference data that only they write, and the approval
-- of borrowers' bank accounts. Accounts registered before are PENDING and must be registered again.

CREATE TABLE `change_request` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `kind` VARCHAR(40) NOT NULL,
    `state` VARCHAR(20) NOT NULL,
    `subject_noun` VARCHAR(30) NOT NULL,
    `subject_id` BIGINT NOT NULL,
    `payload` LONGTEXT NOT NULL,
    `summary_en` VARCHAR(1000) NOT NULL,
    `summary_zh` VARCHAR(1000) NOT NULL,
    `content_sha256` VARCHAR(64) NOT NULL,
    `reason` VARCHAR(500) NOT NULL,
    `borrower_id` BIGINT,
    `branch_id` BIGINT,
    `proposed_by_kind` VARCHAR(20) NOT NULL,
    `proposed_by_id` BIGINT NOT NULL,
    `proposed_by_name` VARCHAR(100) NOT NULL,
    `proposed_on` DATE NOT NULL,
    `proposed_at` DATETIME(6) NOT NULL,
    `expires_on` DATE NOT NULL,
    `decided_by_id` BIGINT,
    `decided_by_name` VARCHAR(100) NOT NULL,
    `decided_at` DATETIME(6),
    `comment` VARCHAR(500) NOT NULL,
    `made` LONGTEXT NOT NULL,
    KEY `idx_change_requ_state_fc4792` (`state`, `expires_on`),
    KEY `idx_change_requ_subject_2c5927` (`subject_noun`, `subject_id`),
    KEY `idx_change_requ_kind_6bbe2e` (`kind`, `state`),
    CONSTRAINT `fk_change_request_borrower_id` FOREIGN KEY (`borrower_id`) REFERENCES `borrower` (`id`),
    CONSTRAINT `fk_change_request_branch_id` FOREIGN KEY (`branch_id`) REFERENCES `branch` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `benchmark_rate` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `name` VARCHAR(20) NOT NULL,
    `tenor` VARCHAR(10) NOT NULL,
    `published_on` DATE NOT NULL,
    `rate` DECIMAL(14,12) NOT NULL,
    `citation` VARCHAR(300) NOT NULL,
    `confirmed` BOOL NOT NULL,
    `created_at` DATETIME(6) NOT NULL,
    UNIQUE KEY `uid_benchmark_r_name_4c327d` (`name`, `tenor`, `published_on`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `calendar_day` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `calendar` VARCHAR(20) NOT NULL,
    `date` DATE NOT NULL,
    `kind` VARCHAR(10) NOT NULL,
    `name` VARCHAR(60) NOT NULL,
    `created_at` DATETIME(6) NOT NULL,
    UNIQUE KEY `uid_calendar_da_calenda_0c46f2` (`calendar`, `date`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `exchange_rate` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `base` VARCHAR(3) NOT NULL,
    `quote` VARCHAR(3) NOT NULL,
    `quoted_on` DATE NOT NULL,
    `rate` DECIMAL(22,12) NOT NULL,
    `citation` VARCHAR(300) NOT NULL,
    `created_at` DATETIME(6) NOT NULL,
    UNIQUE KEY `uid_exchange_ra_base_ba33f6` (`base`, `quote`, `quoted_on`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `posting_profile` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `event` VARCHAR(30) NOT NULL,
    `role` VARCHAR(40) NOT NULL,
    `account_code` VARCHAR(20) NOT NULL,
    `effective_from` DATE NOT NULL,
    `created_at` DATETIME(6) NOT NULL,
    UNIQUE KEY `uid_posting_pro_event_67ae09` (`event`, `role`, `effective_from`),
    CONSTRAINT `fk_posting_profile_account_code` FOREIGN KEY (`account_code`) REFERENCES `ledger_account` (`code`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

ALTER TABLE `bank_account`
    ADD COLUMN `state` VARCHAR(10) NOT NULL DEFAULT 'PENDING',
    ADD COLUMN `approved_on` DATE,
    ADD COLUMN `usable_from` DATE;

CREATE TRIGGER change_request_kept BEFORE UPDATE ON change_request FOR EACH ROW
BEGIN
  IF OLD.state <> 'PROPOSED' THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a decided change_request never changes';
  END IF;
  IF NOT (NEW.kind <=> OLD.kind
    AND NEW.subject_noun <=> OLD.subject_noun
    AND NEW.subject_id <=> OLD.subject_id
    AND NEW.payload <=> OLD.payload
    AND NEW.summary_en <=> OLD.summary_en
    AND NEW.summary_zh <=> OLD.summary_zh
    AND NEW.content_sha256 <=> OLD.content_sha256
    AND NEW.reason <=> OLD.reason
    AND NEW.borrower_id <=> OLD.borrower_id
    AND NEW.branch_id <=> OLD.branch_id
    AND NEW.proposed_by_kind <=> OLD.proposed_by_kind
    AND NEW.proposed_by_id <=> OLD.proposed_by_id
    AND NEW.proposed_by_name <=> OLD.proposed_by_name
    AND NEW.proposed_on <=> OLD.proposed_on
    AND NEW.proposed_at <=> OLD.proposed_at
    AND NEW.expires_on <=> OLD.expires_on) THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the content of a change_request never changes';
  END IF;
END;

CREATE TRIGGER change_request_no_delete BEFORE DELETE ON change_request FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'change_request is never deleted';

CREATE TRIGGER benchmark_rate_no_update BEFORE UPDATE ON benchmark_rate FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'benchmark_rate is append-only';

CREATE TRIGGER benchmark_rate_no_delete BEFORE DELETE ON benchmark_rate FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'benchmark_rate is append-only';

CREATE TRIGGER exchange_rate_no_update BEFORE UPDATE ON exchange_rate FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'exchange_rate is append-only';

CREATE TRIGGER exchange_rate_no_delete BEFORE DELETE ON exchange_rate FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'exchange_rate is append-only';

CREATE TRIGGER posting_profile_no_update BEFORE UPDATE ON posting_profile FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'posting_profile is append-only';

CREATE TRIGGER posting_profile_no_delete BEFORE DELETE ON posting_profile FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'posting_profile is append-only';

CREATE TRIGGER policy_value_no_update BEFORE UPDATE ON policy_value FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'policy_value is append-only';

CREATE TRIGGER policy_value_no_delete BEFORE DELETE ON policy_value FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'policy_value is append-only';

CREATE TRIGGER policy_rule_no_update BEFORE UPDATE ON policy_rule FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'policy_rule is append-only';

CREATE TRIGGER policy_rule_no_delete BEFORE DELETE ON policy_rule FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'policy_rule is append-only';
