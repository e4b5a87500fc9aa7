-- Servicing: a loan's whole history, its charges, its former schedules; balances that the books need.

ALTER TABLE `loan`
    ADD COLUMN `profile` VARCHAR(20) NOT NULL DEFAULT '',
    ADD COLUMN `non_accrual_beyond_days` SMALLINT NOT NULL DEFAULT 90,
    ADD COLUMN `cure_days` SMALLINT NOT NULL DEFAULT 180,
    ADD COLUMN `prepayment_fee_rate` DECIMAL(8,6) NOT NULL DEFAULT 0,
    ADD COLUMN `rate_changes` JSON,
    ADD COLUMN `current_method` VARCHAR(20) NOT NULL DEFAULT '',
    ADD COLUMN `book_status` VARCHAR(12) NOT NULL DEFAULT 'ACCRUING',
    ADD COLUMN `arrears_cleared_on` DATE,
    ADD COLUMN `matured_on` DATE,
    ADD COLUMN `fee_receivable` BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN `interest_paid` BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN `penalty_paid` BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN `compound_paid` BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN `fee_paid` BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN `written_off` BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN `taxed_income` BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN `vat` BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN `limit_used` BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN `event_count` INT NOT NULL DEFAULT 0,
    DROP KEY `idx_loan_state_aefb91`;

ALTER TABLE `installment`
    ADD COLUMN `balance_changes` JSON,
    ADD COLUMN `principal_moved` BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN `interest_waived` BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN `penalty_waived` BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN `compound_waived` BIGINT NOT NULL DEFAULT 0;

ALTER TABLE `repayment`
    ADD COLUMN `posting_date` DATE,
    ADD COLUMN `sequence` INT NOT NULL DEFAULT 0,
    ADD COLUMN `keep` VARCHAR(12) NOT NULL DEFAULT '',
    ADD COLUMN `reversed_by` INT,
    ADD COLUMN `payer_role` VARCHAR(20) NOT NULL DEFAULT 'BORROWER';

ALTER TABLE `repayment_allocation`
    MODIFY COLUMN `repayment_id` BIGINT,
    ADD COLUMN `event_sequence` INT NOT NULL DEFAULT 0,
    ADD COLUMN `superseded_by` INT;

ALTER TABLE `ledger_entry`
    MODIFY COLUMN `loan_id` BIGINT,
    MODIFY COLUMN `borrower_id` BIGINT,
    MODIFY COLUMN `branch_id` BIGINT;

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

UPDATE repayment r JOIN (
    SELECT id, ROW_NUMBER() OVER (PARTITION BY loan_id ORDER BY id) AS place FROM repayment
) n ON n.id = r.id SET r.sequence = n.place;

UPDATE repayment_allocation a JOIN repayment r ON r.id = a.repayment_id SET a.event_sequence = r.sequence;

CREATE TABLE `loan_charge` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `loan_id` BIGINT NOT NULL,
    `number` SMALLINT NOT NULL,
    `code` VARCHAR(20) NOT NULL,
    `currency` VARCHAR(3) NOT NULL,
    `due_date` DATE NOT NULL,
    `amount` BIGINT NOT NULL,
    `paid` BIGINT NOT NULL,
    `waived` BIGINT NOT NULL,
    `settled_on` DATE,
    UNIQUE KEY `uid_loan_charge` (`loan_id`, `number`),
    CONSTRAINT `fk_loan_charge_loan_id` FOREIGN KEY (`loan_id`) REFERENCES `loan` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `loan_event` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `loan_id` BIGINT NOT NULL,
    `sequence` INT NOT NULL,
    `kind` VARCHAR(20) NOT NULL,
    `value_date` DATE NOT NULL,
    `posting_date` DATE NOT NULL,
    `currency` VARCHAR(3) NOT NULL,
    `amount` BIGINT NOT NULL,
    `data` JSON NOT NULL,
    `reason` VARCHAR(500) NOT NULL,
    `reversed_by` INT,
    `recorded_by_kind` VARCHAR(20) NOT NULL,
    `recorded_by_id` BIGINT NOT NULL,
    `created_at` DATETIME(6) NOT NULL,
    UNIQUE KEY `uid_loan_event` (`loan_id`, `sequence`),
    KEY `idx_loan_event_kind` (`kind`, `value_date`),
    CONSTRAINT `fk_loan_event_loan_id` FOREIGN KEY (`loan_id`) REFERENCES `loan` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `superseded_installment` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `loan_id` BIGINT NOT NULL,
    `event_sequence` INT NOT NULL,
    `number` SMALLINT NOT NULL,
    `currency` VARCHAR(3) NOT NULL,
    `start_date` DATE NOT NULL,
    `end_date` DATE NOT NULL,
    `due_date` DATE NOT NULL,
    `days` INT NOT NULL,
    `opening` BIGINT NOT NULL,
    `principal` BIGINT NOT NULL,
    `interest` BIGINT NOT NULL,
    `balance_changes` JSON,
    UNIQUE KEY `uid_superseded_installment` (`loan_id`, `event_sequence`, `number`),
    CONSTRAINT `fk_superseded_installment_loan_id` FOREIGN KEY (`loan_id`) REFERENCES `loan` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TRIGGER superseded_installment_no_update BEFORE UPDATE ON superseded_installment FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'superseded_installment is append-only';

CREATE TRIGGER superseded_installment_no_delete BEFORE DELETE ON superseded_installment FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'superseded_installment is append-only';

CREATE TRIGGER loan_event_no_delete BEFORE DELETE ON loan_event FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'loan_event is append-only';
