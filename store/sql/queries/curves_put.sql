-- Store staged values that are new or other than before; the value that is replaced is kept as a revision.
-- Returns each point and UTC day that they touch, and how many were new and how many replaced another.
WITH changed AS MATERIALIZED (
    SELECT i.*, c.mean_w AS old_mean_w, c.quality AS old_quality, c.file_no AS old_file_no
    FROM curve_incoming AS i
    LEFT JOIN curve AS c USING (point_no, start, flow, step_min, nature)
    WHERE (c.mean_w, c.quality) IS DISTINCT FROM (i.mean_w, i.quality)
), kept AS (
    INSERT INTO curve_revision (point_no, flow, start, step_min, nature, old_mean_w, old_quality, old_file_no)
    SELECT point_no, flow, start, step_min, nature, old_mean_w, old_quality, old_file_no
    FROM changed
    WHERE old_mean_w IS NOT NULL
), written AS (
    INSERT INTO curve (point_no, flow, start, step_min, nature, mean_w, quality, file_no)
    SELECT point_no, flow, start, step_min, nature, mean_w, quality, %(file_no)s FROM changed
    ON CONFLICT (point_no, start, flow, step_min, nature) DO UPDATE
    SET mean_w = excluded.mean_w, quality = excluded.quality, file_no = excluded.file_no
)
SELECT
    point_no,
    (start AT TIME ZONE 'UTC')::date AS day,
    ((start + (step_min - 1) * '1 minute'::interval) AT TIME ZONE 'UTC')::date AS last_day,
    count(*) FILTER (WHERE old_mean_w IS NULL) AS added,
    count(*) FILTER (WHERE old_mean_w IS NOT NULL) AS replaced
FROM changed
GROUP BY 1, 2, 3
