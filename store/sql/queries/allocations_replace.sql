-- Make the stored allocations of a community equal to the computed ones in a span, touching only what differs.
WITH gone AS (
    DELETE FROM allocation AS a
    WHERE
        a.community_no = %(community_no)s AND a.start >= %(start)s AND a.start < %(end)s
        AND NOT EXISTS (SELECT FROM allocated AS n WHERE n.point_no = a.point_no AND n.start = a.start)
)
INSERT INTO allocation (
    community_no, point_no, start, import_wh, export_wh, share_wh, allocated_wh, residual_wh, surplus_wh, quality,
    key_no
)
SELECT
    %(community_no)s, point_no, start, import_wh, export_wh, share_wh, allocated_wh, residual_wh, surplus_wh, quality,
    key_no
FROM allocated
ON CONFLICT (community_no, start, point_no) DO UPDATE
SET
    import_wh = excluded.import_wh, export_wh = excluded.export_wh, share_wh = excluded.share_wh,
    allocated_wh = excluded.allocated_wh, residual_wh = excluded.residual_wh, surplus_wh = excluded.surplus_wh,
    quality = excluded.quality, key_no = excluded.key_no
WHERE
    (allocation.import_wh, allocation.export_wh, allocation.share_wh, allocation.allocated_wh,
     allocation.residual_wh, allocation.surplus_wh, allocation.quality, allocation.key_no)
    IS DISTINCT FROM
    (excluded.import_wh, excluded.export_wh, excluded.share_wh, excluded.allocated_wh,
     excluded.residual_wh, excluded.surplus_wh, excluded.quality, excluded.key_no)
