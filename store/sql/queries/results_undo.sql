-- Take the operator's results of a file away; where one had replaced another, that one comes back.
-- Returns how many went, and how many of these another one followed.
WITH before AS MATERIALIZED (
    SELECT DISTINCT ON (x.community_no, x.month_start, x.point_no, x.flow, x.result)
        x.community_no, x.month_start, x.point_no, x.flow, x.result, r.ctid AS revision,
        r.old_energy_wh, r.old_rounding_wh, r.old_file_no
    FROM operator_result AS x
    LEFT JOIN operator_result_revision AS r
        ON (r.community_no, r.month_start, r.point_no, r.flow, r.result)
            = (x.community_no, x.month_start, x.point_no, x.flow, x.result)
        AND r.old_file_no IS NOT NULL
    WHERE x.file_no = %(file_no)s
    ORDER BY x.community_no, x.month_start, x.point_no, x.flow, x.result, r.revised_at DESC
), back AS (
    UPDATE operator_result AS x
    SET energy_wh = b.old_energy_wh, rounding_wh = b.old_rounding_wh, file_no = b.old_file_no
    FROM before AS b
    WHERE (x.community_no, x.month_start, x.point_no, x.flow, x.result)
        = (b.community_no, b.month_start, b.point_no, b.flow, b.result)
        AND b.old_file_no IS NOT NULL
), gone AS (
    DELETE FROM operator_result AS x USING before AS b
    WHERE (x.community_no, x.month_start, x.point_no, x.flow, x.result)
        = (b.community_no, b.month_start, b.point_no, b.flow, b.result)
        AND b.old_file_no IS NULL
), used AS (
    DELETE FROM operator_result_revision WHERE ctid IN (SELECT revision FROM before)
)
SELECT count(*) AS gone, count(old_file_no) AS back FROM before
