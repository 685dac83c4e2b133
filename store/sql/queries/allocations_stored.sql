-- The allocations of a community in a span.
SELECT
    a.start, a.point_no, a.import_wh, a.export_wh, a.share_wh, a.allocated_wh, a.residual_wh, a.surplus_wh,
    a.quality, a.key_no
FROM allocation AS a
WHERE a.community_no = %(community_no)s AND a.start >= %(start)s AND a.start < %(end)s
