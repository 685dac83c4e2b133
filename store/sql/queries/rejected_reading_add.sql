-- Keep an implausible reading beside the good ones of its message.
INSERT INTO rejected_reading (device, quantity, phase, channel, tariff, at, value, dialect, reason, heard_at)
VALUES (
    %(device)s, %(quantity)s, %(phase)s, %(channel)s, %(tariff)s, %(at)s, %(value)s, %(dialect)s, %(reason)s,
    %(heard_at)s
)
ON CONFLICT (device, quantity, phase, channel, tariff, at, value) DO UPDATE SET times = rejected_reading.times + 1
