-- Benchmark rates with repricing, and due dates on business days: what a product says, a loan keeps.

ALTER TABLE "loan_product" ADD COLUMN "benchmark" VARCHAR(20) NOT NULL DEFAULT '';
ALTER TABLE "loan_product" ADD COLUMN "benchmark_tenor" VARCHAR(10) NOT NULL DEFAULT '';
ALTER TABLE "loan_product" ADD COLUMN "repricing" VARCHAR(20) NOT NULL DEFAULT 'FIXED';
ALTER TABLE "loan_product" ADD COLUMN "calendar" VARCHAR(20) NOT NULL DEFAULT '';
ALTER TABLE "loan_product" ADD COLUMN "roll" VARCHAR(20) NOT NULL DEFAULT 'NONE';

ALTER TABLE "loan" ADD COLUMN "benchmark" VARCHAR(20) NOT NULL DEFAULT '';
ALTER TABLE "loan" ADD COLUMN "benchmark_tenor" VARCHAR(10) NOT NULL DEFAULT '';
ALTER TABLE "loan" ADD COLUMN "spread" VARCHAR(40) NOT NULL DEFAULT '0';
ALTER TABLE "loan" ADD COLUMN "repricing" VARCHAR(20) NOT NULL DEFAULT 'FIXED';
ALTER TABLE "loan" ADD COLUMN "next_reset_date" DATE;

CREATE INDEX "idx_loan_next_reset_date" ON "loan" ("next_reset_date");
