-- Readings of registers that devices told by a clock set back, in a stretch of time: such as came in the place of
-- lower ones, and after which the register shows less, as the next reading tells that did not. They are stored and
-- never used. Of a run of such readings only the last is followed to that next one: a run may be all of a month that a
-- device told anew.
WITH raised AS MATERIALIZED (
    SELECT DISTINCT r.series_no, r.at, r.value, s.first_positive_at
    FROM reading_revision AS v
    JOIN series AS s ON s.no = v.series_no
    JOIN reading AS r ON r.series_no = v.series_no AND r.at = v.at
    WHERE
        v.series_no = ANY (%(series)s) AND v.at >= %(start)s AND v.at <= %(end)s
        AND s.quantity IN ('import_energy', 'export_energy', 'pv_energy', 'consumption_energy')
        AND v.old_value > 0 AND v.old_value < r.value
), in_runs AS (
    SELECT f.*, sum(f.ends_run::int) OVER (PARTITION BY f.series_no ORDER BY f.at DESC) AS run
    FROM (
        SELECT
            r.*,
            (
                SELECT n.at
                FROM reading AS n
                WHERE n.series_no = r.series_no AND n.at > r.at
                    AND NOT (n.value = 0 AND n.at > coalesce(r.first_positive_at, 'infinity'))
                ORDER BY n.at LIMIT 1
            ) IS DISTINCT FROM lead(r.at) OVER (PARTITION BY r.series_no ORDER BY r.at) AS ends_run
        FROM raised AS r
    ) AS f
), afterwards AS MATERIALIZED (
    SELECT e.series_no, e.run, f.value
    FROM in_runs AS e
    CROSS JOIN LATERAL (
        SELECT n.value
        FROM reading AS n
        WHERE n.series_no = e.series_no AND n.at > e.at
            AND NOT (n.value = 0 AND n.at > coalesce(e.first_positive_at, 'infinity'))
            AND NOT EXISTS (
                SELECT FROM reading_revision AS u
                WHERE u.series_no = n.series_no AND u.at = n.at AND u.old_value > 0 AND u.old_value < n.value
            )
        ORDER BY n.at LIMIT 1
    ) AS f
    WHERE e.ends_run
)
SELECT i.series_no, i.at
FROM in_runs AS i
JOIN afterwards AS f ON f.series_no = i.series_no AND f.run = i.run
WHERE i.value > f.value
