-- The day close: business days, shards, what they accrued, loans set aside.

CREATE TABLE `business_day` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `day` DATE NOT NULL UNIQUE,
    `state` VARCHAR(24) NOT NULL,
    `loans` INT NOT NULL DEFAULT 0,
    `set_aside` INT NOT NULL DEFAULT 0,
    `set_aside_limit` INT NOT NULL DEFAULT 0,
    `faults` JSON,
    `job_id` BIGINT,
    `opened_at` DATETIME(6),
    `closing_started_at` DATETIME(6),
    `verified_at` DATETIME(6),
    `closed_at` DATETIME(6)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `close_shard` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `day` DATE NOT NULL,
    `from_id` BIGINT NOT NULL,
    `to_id` BIGINT NOT NULL,
    `state` VARCHAR(8) NOT NULL,
    `expected` INT NOT NULL,
    `loans` INT NOT NULL DEFAULT 0,
    `singly` INT NOT NULL DEFAULT 0,
    `attempts` INT NOT NULL DEFAULT 0,
    `lease_owner` VARCHAR(60) NOT NULL DEFAULT '',
    `heartbeat_at` DATETIME(6),
    `error` VARCHAR(500) NOT NULL DEFAULT '',
    `finished_at` DATETIME(6),
    UNIQUE KEY `uid_close_shard_day` (`day`, `from_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `close_accrual` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `day` DATE NOT NULL,
    `loan_id` BIGINT NOT NULL,
    `number` SMALLINT NOT NULL,
    `interest` BIGINT NOT NULL,
    `penalty` BIGINT NOT NULL,
    `compound` BIGINT NOT NULL,
    `taxed` BIGINT NOT NULL,
    `vat` BIGINT NOT NULL,
    UNIQUE KEY `uid_close_accrual_day` (`day`, `loan_id`, `number`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TRIGGER close_accrual_no_update BEFORE UPDATE ON close_accrual FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'close_accrual is append-only';

CREATE TRIGGER close_accrual_no_delete BEFORE DELETE ON close_accrual FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'close_accrual is append-only';

CREATE TABLE `loan_set_aside` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `loan_id` BIGINT NOT NULL,
    `day` DATE NOT NULL,
    `reason` VARCHAR(500) NOT NULL,
    `reason_zh` VARCHAR(500) NOT NULL,
    `created_at` DATETIME(6) NOT NULL,
    `resolved_at` DATETIME(6),
    `resolved_by_id` BIGINT,
    UNIQUE KEY `uid_loan_set_aside` (`loan_id`, `day`),
    KEY `idx_loan_set_aside_day` (`day`, `resolved_at`),
    CONSTRAINT `fk_loan_set_aside_loan_id` FOREIGN KEY (`loan_id`) REFERENCES `loan` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- The open instalments of a loan that have begun: what the close reads of each loan, every day.
-- The index on loan_id alone is covered by the unique one on (loan_id, number).
ALTER TABLE `installment`
    ADD KEY `idx_installment_open` (`loan_id`, `settled_on`, `start_date`),
    DROP KEY `idx_installment_loan_id_4e163e`;
