-- Write anew why a reading is in quarantine.
UPDATE rejected_reading SET reason = %(reason)s
WHERE device = %(device)s AND quantity = %(quantity)s AND phase = %(phase)s AND channel = %(channel)s
    AND tariff = %(tariff)s AND at = %(at)s AND value = %(value)s
