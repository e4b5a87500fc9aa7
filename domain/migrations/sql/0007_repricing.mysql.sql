-- Benchmark rates with repricing, and due dates on business days: what a product says, a loan keeps.

ALTER TABLE `loan_product`
    ADD COLUMN `benchmark` VARCHAR(20) NOT NULL DEFAULT '',
    ADD COLUMN `benchmark_tenor` VARCHAR(10) NOT NULL DEFAULT '',
    ADD COLUMN `repricing` VARCHAR(20) NOT NULL DEFAULT 'FIXED',
    ADD COLUMN `calendar` VARCHAR(20) NOT NULL DEFAULT '',
    ADD COLUMN `roll` VARCHAR(20) NOT NULL DEFAULT 'NONE';

ALTER TABLE `loan`
    ADD COLUMN `benchmark` VARCHAR(20) NOT NULL DEFAULT '',
    ADD COLUMN `benchmark_tenor` VARCHAR(10) NOT NULL DEFAULT '',
    ADD COLUMN `spread` DECIMAL(14,12) NOT NULL DEFAULT 0,
    ADD COLUMN `repricing` VARCHAR(20) NOT NULL DEFAULT 'FIXED',
    ADD COLUMN `next_reset_date` DATE,
    ADD KEY `idx_loan_next_reset_date` (`next_reset_date`);
