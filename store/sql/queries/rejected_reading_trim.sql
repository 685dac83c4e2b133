-- Forget readings that were set aside too long ago, and the oldest beyond a size. One that is being heard stays.
WITH kept AS (
    SELECT
        device, quantity, phase, channel, tariff, at, value, heard_at,
        sum(octet_length(device) + octet_length(channel) + octet_length(reason) + 150) OVER (
            ORDER BY heard_at DESC, device, quantity, phase, channel, tariff, at, value
            ROWS UNBOUNDED PRECEDING
        ) AS bytes
    FROM rejected_reading
), forgotten AS (
    SELECT device, quantity, phase, channel, tariff, at, value
    FROM rejected_reading AS r
    JOIN kept AS k USING (device, quantity, phase, channel, tariff, at, value)
    WHERE k.heard_at < now() - %(oldest)s::interval OR k.bytes > %(size)s
    ORDER BY device, quantity, phase, channel, tariff, at, value
    FOR UPDATE OF r SKIP LOCKED
)
DELETE FROM rejected_reading AS r USING forgotten AS f
WHERE (r.device, r.quantity, r.phase, r.channel, r.tariff, r.at, r.value)
    = (f.device, f.quantity, f.phase, f.channel, f.tariff, f.at, f.value)
