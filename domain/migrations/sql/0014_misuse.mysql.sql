-- What is on record of misused principal: from when, which share, by what markup, and the penalty
-- for the days before, with the instalment it was added to. Loans of before have none.
ALTER TABLE `loan` ADD COLUMN `misuse` JSON;
