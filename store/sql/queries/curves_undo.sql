-- Take the values of a file away; where one had replaced another, that one comes back.
-- Returns each point and UTC day that they touch, how many values went, and how many of these another one followed.
WITH before AS MATERIALIZED (
    SELECT DISTINCT ON (c.point_no, c.start, c.flow, c.step_min, c.nature)
        c.point_no, c.start, c.flow, c.step_min, c.nature, r.ctid AS revision,
        r.old_mean_w, r.old_quality, r.old_file_no
    FROM curve AS c
    LEFT JOIN curve_revision AS r
        ON (r.point_no, r.start, r.flow, r.step_min, r.nature) = (c.point_no, c.start, c.flow, c.step_min, c.nature)
        AND r.old_file_no IS NOT NULL
    WHERE c.file_no = %(file_no)s
    ORDER BY c.point_no, c.start, c.flow, c.step_min, c.nature, r.revised_at DESC
), back AS (
    UPDATE curve AS c
    SET mean_w = b.old_mean_w, quality = b.old_quality, file_no = b.old_file_no
    FROM before AS b
    WHERE (c.point_no, c.start, c.flow, c.step_min, c.nature) = (b.point_no, b.start, b.flow, b.step_min, b.nature)
        AND b.old_file_no IS NOT NULL
), gone AS (
    DELETE FROM curve AS c USING before AS b
    WHERE (c.point_no, c.start, c.flow, c.step_min, c.nature) = (b.point_no, b.start, b.flow, b.step_min, b.nature)
        AND b.old_file_no IS NULL
), used AS (
    DELETE FROM curve_revision WHERE ctid IN (SELECT revision FROM before)
)
SELECT
    point_no,
    (start AT TIME ZONE 'UTC')::date AS day,
    ((start + (step_min - 1) * '1 minute'::interval) AT TIME ZONE 'UTC')::date AS last_day,
    count(*) AS gone,
    count(old_file_no) AS back
FROM before
GROUP BY 1, 2, 3
