-- What is called so by others than some devices, points, a holder and the sites of these: whether it is a device, and
-- its name.
SELECT true AS is_device, o.id
FROM (SELECT id FROM device UNION SELECT device FROM device_mapping UNION SELECT device FROM rejected_reading) AS o (id)
WHERE o.id <> ALL (%(devices)s::text[])
UNION ALL
SELECT false, o.id
FROM (
    SELECT id FROM community
    UNION SELECT id FROM point WHERE id <> ALL (%(points)s::text[])
    UNION SELECT id FROM holder WHERE id IS DISTINCT FROM %(holder)s::text
    UNION SELECT prefix FROM site WHERE prefix <> ALL (%(prefixes)s::text[])
) AS o (id)
