-- 0005_payment_files: files of incoming payments and their lines, money that came in, orders to pay
-- and the files that carried them. New tables alone: nothing that is there is changed.

CREATE TABLE "payment_file" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "source" VARCHAR(60) NOT NULL,
    "name" VARCHAR(200) NOT NULL,
    "format" VARCHAR(10) NOT NULL,
    "encoding" VARCHAR(10) NOT NULL,
    "sha256" VARCHAR(64) UNIQUE,
    "size_bytes" BIGINT NOT NULL,
    "state" VARCHAR(12) NOT NULL,
    "line_count" INT NOT NULL,
    "lines_stored" INT NOT NULL,
    "totals" JSON NOT NULL,
    "reasons" JSON,
    "job_id" BIGINT,
    "received_on" DATE NOT NULL,
    "posted_on" DATE,
    "imported_by_id" BIGINT NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    FOREIGN KEY ("job_id") REFERENCES "job" ("id"),
    FOREIGN KEY ("imported_by_id") REFERENCES "employee" ("id")
);

CREATE INDEX "idx_payment_fil_receive_5b1f0a" ON "payment_file" ("received_on");

CREATE TABLE "incoming_payment" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "source" VARCHAR(60) NOT NULL,
    "external_reference" VARCHAR(100) NOT NULL,
    "file_id" BIGINT,
    "state" VARCHAR(12) NOT NULL,
    "currency" VARCHAR(3) NOT NULL,
    "amount" BIGINT NOT NULL,
    "value_date" DATE NOT NULL,
    "received_on" DATE NOT NULL,
    "payer_name" VARCHAR(200) NOT NULL,
    "payer_account_cipher" VARCHAR(200),
    "payer_account_tail" VARCHAR(4) NOT NULL,
    "loan_number" VARCHAR(40) NOT NULL,
    "remittance" VARCHAR(500) NOT NULL,
    "reasons" JSON,
    "loan_id" BIGINT,
    "repayment_id" BIGINT UNIQUE,
    "cash_journal" VARCHAR(40) NOT NULL,
    "suspended_on" DATE,
    "settled_on" DATE,
    "received_by_kind" VARCHAR(20) NOT NULL,
    "received_by_id" BIGINT NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    CONSTRAINT "uid_incoming_pa_source_7e2d4c" UNIQUE ("source", "external_reference"),
    CONSTRAINT "incoming_amount_positive" CHECK (amount > 0),
    FOREIGN KEY ("file_id") REFERENCES "payment_file" ("id"),
    FOREIGN KEY ("loan_id") REFERENCES "loan" ("id"),
    FOREIGN KEY ("repayment_id") REFERENCES "repayment" ("id")
);

CREATE INDEX "idx_incoming_pa_file_id_a60d1e" ON "incoming_payment" ("file_id");
CREATE INDEX "idx_incoming_pa_loan_id_3c9b72" ON "incoming_payment" ("loan_id");
CREATE INDEX "idx_incoming_pa_state_d41b6f" ON "incoming_payment" ("state", "received_on");
CREATE INDEX "idx_incoming_pa_receive_90ac15" ON "incoming_payment" ("received_on", "source");

CREATE TABLE "payment_file_line" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "file_id" BIGINT NOT NULL,
    "number" INT NOT NULL,
    "flow" VARCHAR(10) NOT NULL,
    "state" VARCHAR(16) NOT NULL,
    "external_reference" VARCHAR(100) NOT NULL,
    "currency" VARCHAR(3) NOT NULL,
    "amount" BIGINT,
    "value_date" DATE,
    "payer_name" VARCHAR(200) NOT NULL,
    "payer_account_cipher" VARCHAR(200),
    "payer_account_tail" VARCHAR(4) NOT NULL,
    "loan_number" VARCHAR(40) NOT NULL,
    "remittance" VARCHAR(500) NOT NULL,
    "order_number" VARCHAR(40) NOT NULL,
    "reasons" JSON,
    "incoming_payment_id" BIGINT,
    CONSTRAINT "uid_payment_fil_file_id_1d8e3b" UNIQUE ("file_id", "number"),
    FOREIGN KEY ("file_id") REFERENCES "payment_file" ("id"),
    FOREIGN KEY ("incoming_payment_id") REFERENCES "incoming_payment" ("id")
);

CREATE INDEX "idx_payment_fil_file_id_c27f90" ON "payment_file_line" ("file_id", "state", "id");

CREATE TABLE "payment_order_file" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "format" VARCHAR(10) NOT NULL,
    "currency" VARCHAR(3) NOT NULL,
    "order_count" INT NOT NULL,
    "total" BIGINT NOT NULL,
    "sha256" VARCHAR(64) NOT NULL,
    "text_cipher" TEXT NOT NULL,
    "exported_on" DATE NOT NULL,
    "exported_by_id" BIGINT NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    FOREIGN KEY ("exported_by_id") REFERENCES "employee" ("id")
);

CREATE INDEX "idx_payment_ord_exporte_6b02d8" ON "payment_order_file" ("exported_on");

CREATE TABLE "payment_order" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "purpose" VARCHAR(20) NOT NULL,
    "state" VARCHAR(12) NOT NULL,
    "disbursement_id" BIGINT UNIQUE,
    "loan_id" BIGINT,
    "incoming_payment_id" BIGINT,
    "branch_id" BIGINT,
    "borrower_id" BIGINT,
    "currency" VARCHAR(3) NOT NULL,
    "amount" BIGINT NOT NULL,
    "payee_name" VARCHAR(200) NOT NULL,
    "payee_account_cipher" VARCHAR(200),
    "payee_account_tail" VARCHAR(4) NOT NULL,
    "remittance" VARCHAR(140) NOT NULL,
    "file_id" BIGINT,
    "bank_reference" VARCHAR(100) NOT NULL,
    "bounce_reason" VARCHAR(200) NOT NULL,
    "created_on" DATE NOT NULL,
    "exported_on" DATE,
    "confirmed_on" DATE,
    "bounced_on" DATE,
    "created_by_id" BIGINT NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    CONSTRAINT "order_amount_positive" CHECK (amount > 0),
    FOREIGN KEY ("disbursement_id") REFERENCES "disbursement" ("id"),
    FOREIGN KEY ("loan_id") REFERENCES "loan" ("id"),
    FOREIGN KEY ("incoming_payment_id") REFERENCES "incoming_payment" ("id"),
    FOREIGN KEY ("branch_id") REFERENCES "branch" ("id"),
    FOREIGN KEY ("borrower_id") REFERENCES "borrower" ("id"),
    FOREIGN KEY ("file_id") REFERENCES "payment_order_file" ("id")
);

CREATE INDEX "idx_payment_ord_loan_id_f5a913" ON "payment_order" ("loan_id");
CREATE INDEX "idx_payment_ord_incomin_2e70c4" ON "payment_order" ("incoming_payment_id");
CREATE INDEX "idx_payment_ord_branch__8d36ab" ON "payment_order" ("branch_id");
CREATE INDEX "idx_payment_ord_file_id_b9154e" ON "payment_order" ("file_id");
CREATE INDEX "idx_payment_ord_state_47e0c2" ON "payment_order" ("state", "currency");
