-- A loan keeps every maturity that passed before another was agreed, in order, and not the first
-- alone: what fell due by one of them earns compound interest by it.
ALTER TABLE `loan` ADD COLUMN `matured` JSON;

UPDATE `loan` SET `matured` = JSON_ARRAY(CAST(`matured_on` AS CHAR)) WHERE `matured_on` IS NOT NULL;

ALTER TABLE `loan` DROP COLUMN `matured_on`;
