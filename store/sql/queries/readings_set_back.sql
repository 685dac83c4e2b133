-- Readings of registers that devices told by a clock set back, in a stretch of time: such as came in the place of
-- lower ones, and after which the register shows less, as the next reading tells that did not. They are stored and
-- never used.
SELECT DISTINCT r.series_no, r.at
FROM reading_revision AS v
JOIN series AS s ON s.no = v.series_no
JOIN reading AS r ON r.series_no = v.series_no AND r.at = v.at
CROSS JOIN LATERAL (
    SELECT n.value
    FROM reading AS n
    WHERE n.series_no = r.series_no AND n.at > r.at
        AND NOT (n.value = 0 AND n.at > coalesce(s.first_positive_at, 'infinity'))
        AND NOT EXISTS (
            SELECT FROM reading_revision AS u
            WHERE u.series_no = n.series_no AND u.at = n.at AND u.old_value > 0 AND u.old_value < n.value
        )
    ORDER BY n.at LIMIT 1
) AS afterwards
WHERE
    v.series_no = ANY (%(series)s) AND v.at >= %(start)s AND v.at <= %(end)s
    AND s.quantity IN ('import_energy', 'export_energy', 'pv_energy', 'consumption_energy')
    AND v.old_value > 0 AND v.old_value < r.value AND r.value > afterwards.value
