-- Keep an implausible reading beside the good ones of its message.
INSERT INTO rejected_reading (device, quantity, phase, channel, tariff, at, value, reason)
VALUES (%(device)s, %(quantity)s, %(phase)s, %(channel)s, %(tariff)s, %(at)s, %(value)s, %(reason)s)
ON CONFLICT (device, quantity, phase, channel, tariff, at, value) DO UPDATE SET times = rejected_reading.times + 1
