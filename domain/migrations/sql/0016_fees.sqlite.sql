-- The fees that a version of a product agrees with its loans, and those agreed with a loan. Versions
-- and loans of before have none.
ALTER TABLE "loan_product" ADD COLUMN "fees" JSON;
ALTER TABLE "loan" ADD COLUMN "fees" JSON;
