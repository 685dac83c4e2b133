-- Readings in quarantine, in the order in which they were heard.
SELECT device, quantity, value, at, phase, channel, tariff, dialect, reason, heard_at
FROM rejected_reading
WHERE starts_with(device, %(device)s)
ORDER BY heard_at, device, quantity, phase, channel, tariff, at, value
