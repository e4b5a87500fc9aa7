-- Renewal without repayment: a drawdown may name the loan that it settles in place of being paid out.

ALTER TABLE `loan_application`
    ADD COLUMN `renews_loan_id` BIGINT,
    ADD FOREIGN KEY (`renews_loan_id`) REFERENCES `loan` (`id`);

ALTER TABLE `drawdown`
    ADD COLUMN `renews_loan_id` BIGINT,
    ADD KEY `idx_drawdown_renews_loan_id` (`renews_loan_id`),
    ADD FOREIGN KEY (`renews_loan_id`) REFERENCES `loan` (`id`);

ALTER TABLE `disbursement`
    ADD COLUMN `repayment_id` BIGINT,
    ADD UNIQUE KEY `uid_disbursement_repayment_id` (`repayment_id`),
    ADD FOREIGN KEY (`repayment_id`) REFERENCES `repayment` (`id`);
