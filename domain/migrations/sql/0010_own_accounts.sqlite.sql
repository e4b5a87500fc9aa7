-- The posting profile says what an account of ours is in the lender's own chart. The lines of before
-- spoke of events and of accounts of our chart, and nothing read them: they are not carried over.
DROP TABLE "posting_profile";

CREATE TABLE "posting_profile" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "role" VARCHAR(40) NOT NULL,
    "account_code" VARCHAR(20) NOT NULL,
    "name_zh" VARCHAR(100) NOT NULL,
    "name_en" VARCHAR(100) NOT NULL,
    "effective_from" DATE NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    CONSTRAINT "uid_posting_profile_role" UNIQUE ("role", "effective_from")
);

CREATE TRIGGER posting_profile_no_update BEFORE UPDATE ON posting_profile
BEGIN SELECT RAISE(ABORT, 'posting_profile is append-only'); END;

CREATE TRIGGER posting_profile_no_delete BEFORE DELETE ON posting_profile
BEGIN SELECT RAISE(ABORT, 'posting_profile is append-only'); END;
