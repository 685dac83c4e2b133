-- Write the allocations of a day anew on others, counted from it.
INSERT INTO allocation (
    community_no, point_no, start, import_wh, export_wh, share_wh, allocated_wh, residual_wh, surplus_wh, quality,
    key_no
)
SELECT
    a.community_no, a.point_no, a.start + n * '1 day'::interval,
    a.import_wh, a.export_wh, a.share_wh, a.allocated_wh, a.residual_wh, a.surplus_wh,
    a.quality, a.key_no
FROM allocation AS a
CROSS JOIN generate_series(%(first)s::int, %(last)s::int) AS n
WHERE a.start >= %(day)s AND a.start < %(day)s + '1 day'::interval
ON CONFLICT (community_no, start, point_no) DO UPDATE
SET
    import_wh = excluded.import_wh, export_wh = excluded.export_wh, share_wh = excluded.share_wh,
    allocated_wh = excluded.allocated_wh, residual_wh = excluded.residual_wh, surplus_wh = excluded.surplus_wh,
    quality = excluded.quality, key_no = excluded.key_no
