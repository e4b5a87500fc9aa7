-- A loan keeps how its due dates roll to business days, and the day from which they are counted, so
-- that dates made later roll too and no date drifts. Loans of before roll as they did: not at all,
-- once paid out.
ALTER TABLE "loan" ADD COLUMN "roll" VARCHAR(20) NOT NULL DEFAULT 'NONE';
ALTER TABLE "loan" ADD COLUMN "calendar" JSON;
ALTER TABLE "loan" ADD COLUMN "counted_from" DATE;

UPDATE "loan" SET "counted_from" = "start_date";
