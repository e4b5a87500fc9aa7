-- How many days before a prepayment is announced. Loans of before agreed none.
ALTER TABLE "loan" ADD COLUMN "prepayment_notice_days" SMALLINT NOT NULL DEFAULT 0;
