-- The books: sums carried forward for the daily proof, closed accounting periods, why a
-- journal was posted by hand, entries by day.

CREATE TABLE `ledger_carried` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `shard` BIGINT NOT NULL,
    `account_code` VARCHAR(20) NOT NULL,
    `currency` VARCHAR(3) NOT NULL,
    `through` DATE NOT NULL,
    `amount` VARCHAR(65) NOT NULL,
    `by_place` VARCHAR(65) NOT NULL,
    `by_square` VARCHAR(65) NOT NULL,
    UNIQUE KEY `uid_ledger_carried` (`shard`, `account_code`, `currency`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `accounting_period` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `month` DATE NOT NULL,
    `closed_on` DATE NOT NULL,
    `closed_by_id` BIGINT NOT NULL,
    `created_at` DATETIME(6) NOT NULL,
    UNIQUE KEY `uid_accounting_period` (`month`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `manual_journal` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `currency` VARCHAR(3) NOT NULL,
    `value_date` DATE NOT NULL,
    `posting_date` DATE NOT NULL,
    `reason` VARCHAR(500) NOT NULL,
    `posted_by_kind` VARCHAR(20) NOT NULL,
    `posted_by_id` BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

ALTER TABLE `ledger_entry` ADD KEY `idx_ledger_entry_posted` (`posting_date`, `loan_id`);

ALTER TABLE `repayment` ADD KEY `idx_repayment_posted` (`posting_date`, `loan_id`);

CREATE TRIGGER accounting_period_no_update BEFORE UPDATE ON accounting_period FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'accounting_period is append-only';

CREATE TRIGGER accounting_period_no_delete BEFORE DELETE ON accounting_period FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'accounting_period is append-only';

CREATE TRIGGER manual_journal_no_update BEFORE UPDATE ON manual_journal FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'manual_journal is append-only';

CREATE TRIGGER manual_journal_no_delete BEFORE DELETE ON manual_journal FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'manual_journal is append-only';
