-- Take the registers of a file away; where one had replaced another, that one comes back.
-- Returns how many went, and how many of these another one followed.
WITH before AS MATERIALIZED (
    SELECT DISTINCT ON (x.point_no, x.at, x.flow, x.tariff, x.nature)
        x.point_no, x.at, x.flow, x.tariff, x.nature, r.ctid AS revision,
        r.old_register_wh, r.old_quality, r.old_file_no
    FROM operator_index AS x
    LEFT JOIN operator_index_revision AS r
        ON (r.point_no, r.at, r.flow, r.tariff, r.nature) = (x.point_no, x.at, x.flow, x.tariff, x.nature)
        AND r.old_file_no IS NOT NULL
    WHERE x.file_no = %(file_no)s
    ORDER BY x.point_no, x.at, x.flow, x.tariff, x.nature, r.revised_at DESC
), back AS (
    UPDATE operator_index AS x
    SET register_wh = b.old_register_wh, quality = b.old_quality, file_no = b.old_file_no
    FROM before AS b
    WHERE (x.point_no, x.at, x.flow, x.tariff, x.nature) = (b.point_no, b.at, b.flow, b.tariff, b.nature)
        AND b.old_file_no IS NOT NULL
), gone AS (
    DELETE FROM operator_index AS x USING before AS b
    WHERE (x.point_no, x.at, x.flow, x.tariff, x.nature) = (b.point_no, b.at, b.flow, b.tariff, b.nature)
        AND b.old_file_no IS NULL
), used AS (
    DELETE FROM operator_index_revision WHERE ctid IN (SELECT revision FROM before)
)
SELECT count(*) AS gone, count(old_file_no) AS back FROM before
