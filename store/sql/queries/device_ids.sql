-- The ids of all devices that were heard.
SELECT id FROM device ORDER BY id
