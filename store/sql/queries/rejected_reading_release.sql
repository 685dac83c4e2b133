-- Take a reading out of quarantine.
DELETE FROM rejected_reading
WHERE device = %(device)s AND quantity = %(quantity)s AND phase = %(phase)s AND channel = %(channel)s
    AND tariff = %(tariff)s AND at = %(at)s AND value = %(value)s
