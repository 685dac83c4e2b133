-- Who takes part in a community, in which role, from when to when.
SELECT
    p.no AS point_no,
    p.id AS point,
    p.role,
    greatest(m.valid_from, '1900-01-01') AS valid_from,
    least(m.valid_to, '2200-01-01') AS valid_to
FROM membership AS m
JOIN point AS p ON p.no = m.point_no
WHERE m.community_no = %(community_no)s
ORDER BY p.id, m.valid_from
