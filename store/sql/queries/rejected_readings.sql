-- Readings in quarantine.
SELECT device, quantity, value, at, phase, channel, tariff, dialect, reason, heard_at
FROM rejected_reading
WHERE starts_with(device, %(device)s)
ORDER BY device, at, quantity, phase, channel, tariff, value
