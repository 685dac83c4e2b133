-- Store staged registers that are new or other than before; the one that is replaced is kept as a revision.
-- Returns how many were new and how many replaced another.
WITH changed AS MATERIALIZED (
    SELECT i.*, x.register_wh AS old_register_wh, x.quality AS old_quality, x.file_no AS old_file_no
    FROM index_incoming AS i
    LEFT JOIN operator_index AS x USING (point_no, at, flow, tariff, nature)
    WHERE (x.register_wh, x.quality) IS DISTINCT FROM (i.register_wh, i.quality)
), kept AS (
    INSERT INTO operator_index_revision
        (point_no, flow, tariff, at, nature, old_register_wh, old_quality, old_file_no)
    SELECT point_no, flow, tariff, at, nature, old_register_wh, old_quality, old_file_no
    FROM changed
    WHERE old_register_wh IS NOT NULL
), written AS (
    INSERT INTO operator_index (point_no, flow, tariff, at, nature, register_wh, quality, file_no)
    SELECT point_no, flow, tariff, at, nature, register_wh, quality, %(file_no)s FROM changed
    ON CONFLICT (point_no, at, flow, tariff, nature) DO UPDATE
    SET register_wh = excluded.register_wh, quality = excluded.quality, file_no = excluded.file_no
)
SELECT
    count(*) FILTER (WHERE old_register_wh IS NULL) AS added,
    count(*) FILTER (WHERE old_register_wh IS NOT NULL) AS replaced
FROM changed
