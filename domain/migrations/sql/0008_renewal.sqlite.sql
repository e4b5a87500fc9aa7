-- Renewal without repayment: a drawdown may name the loan that it settles in place of being paid out.

ALTER TABLE "loan_application" ADD COLUMN "renews_loan_id" BIGINT REFERENCES "loan" ("id");
ALTER TABLE "drawdown" ADD COLUMN "renews_loan_id" BIGINT REFERENCES "loan" ("id");
ALTER TABLE "disbursement" ADD COLUMN "repayment_id" BIGINT REFERENCES "repayment" ("id");

CREATE INDEX "idx_drawdown_renews_loan_id" ON "drawdown" ("renews_loan_id");
CREATE UNIQUE INDEX "uid_disbursement_repayment_id" ON "disbursement" ("repayment_id");
