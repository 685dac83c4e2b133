-- Store staged results of the operator for a community that are new or other than before; the one that is replaced is
-- kept as a revision. Returns how many were new and how many replaced another.
WITH changed AS MATERIALIZED (
    SELECT
        i.*, x.energy_wh AS old_energy_wh, x.rounding_wh AS old_rounding_wh, x.file_no AS old_file_no
    FROM result_incoming AS i
    LEFT JOIN operator_result AS x
        ON x.community_no = %(community_no)s
        AND (x.month_start, x.point_no, x.flow, x.result) = (i.month_start, i.point_no, i.flow, i.result)
    WHERE (x.energy_wh, x.rounding_wh) IS DISTINCT FROM (i.energy_wh, i.rounding_wh)
), kept AS (
    INSERT INTO operator_result_revision
        (community_no, point_no, flow, result, month_start, old_energy_wh, old_rounding_wh, old_file_no)
    SELECT %(community_no)s, point_no, flow, result, month_start, old_energy_wh, old_rounding_wh, old_file_no
    FROM changed
    WHERE old_energy_wh IS NOT NULL
), written AS (
    INSERT INTO operator_result
        (community_no, point_no, flow, result, month_start, month_end, energy_wh, rounding_wh, file_no)
    SELECT
        %(community_no)s, point_no, flow, result, month_start, month_end, energy_wh, rounding_wh, %(file_no)s
    FROM changed
    ON CONFLICT (community_no, month_start, point_no, flow, result) DO UPDATE
    SET
        month_end = excluded.month_end, energy_wh = excluded.energy_wh, rounding_wh = excluded.rounding_wh,
        file_no = excluded.file_no
)
SELECT
    count(*) FILTER (WHERE old_energy_wh IS NULL) AS added,
    count(*) FILTER (WHERE old_energy_wh IS NOT NULL) AS replaced
FROM changed
