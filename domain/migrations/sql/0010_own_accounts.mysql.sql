-- The posting profile says what an account of ours is in the lender's own chart. The lines of before
-- spoke of events and of accounts of our chart, and nothing read them: they are not carried over.
DROP TABLE `posting_profile`;

CREATE TABLE `posting_profile` (
    `id` BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    `role` VARCHAR(40) NOT NULL,
    `account_code` VARCHAR(20) NOT NULL,
    `name_zh` VARCHAR(100) NOT NULL,
    `name_en` VARCHAR(100) NOT NULL,
    `effective_from` DATE NOT NULL,
    `created_at` DATETIME(6) NOT NULL,
    UNIQUE KEY `uid_posting_profile_role` (`role`, `effective_from`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TRIGGER posting_profile_no_update BEFORE UPDATE ON posting_profile FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'posting_profile is append-only';

CREATE TRIGGER posting_profile_no_delete BEFORE DELETE ON posting_profile FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'posting_profile is append-only';
