-- Remove devices with their series; the readings are gone.
WITH gone AS (
    SELECT no FROM device WHERE id = ANY (%(devices)s)
), without_series AS (
    DELETE FROM series AS s USING gone AS g WHERE s.device_no = g.no
)
DELETE FROM device AS d USING gone AS g WHERE d.no = g.no
