-- The custom plan that came with a drawdown, and the one by which its loan was paid out. Loans of
-- before have none.
ALTER TABLE `drawdown` ADD COLUMN `plan` JSON;
ALTER TABLE `loan` ADD COLUMN `plan` JSON;
