-- Make sure of the series and return their numbers, and whether they are new; devices must exist.
WITH wanted AS (
    SELECT d.no AS device_no, w.device, w.quantity, w.phase, w.channel, w.tariff
    FROM unnest(
        %(devices)s::text[], %(quantities)s::text[], %(phases)s::text[], %(channels)s::text[], %(tariffs)s::text[]
    ) AS w (device, quantity, phase, channel, tariff)
    JOIN device AS d ON d.id = w.device
), added AS (
    INSERT INTO series (device_no, quantity, phase, channel, tariff)
    SELECT device_no, quantity, phase, channel, tariff FROM wanted
    ORDER BY device_no, quantity, phase, channel, tariff
    ON CONFLICT (device_no, quantity, phase, channel, tariff) DO UPDATE SET tariff = excluded.tariff
    RETURNING no, device_no, quantity, phase, channel, tariff, xmax = 0 AS is_new
)
SELECT w.device, a.quantity, a.phase, a.channel, a.tariff, a.no, a.is_new
FROM added AS a
JOIN wanted AS w USING (device_no, quantity, phase, channel, tariff)
