-- What each point took, injected, was allocated and left in each step of a span, by its number; and what of it is a
-- share that it could not use, under a key by which that stays its own.
SELECT
    start, point_no, import_wh, export_wh, allocated_wh, surplus_wh,
    CASE
        WHEN import_wh IS NOT NULL AND key_no IN (
            SELECT v.no FROM key_version AS v
            WHERE v.community_no = %(community_no)s AND v.rule ->> 'surplus' = 'to_members'
        ) THEN share_wh - allocated_wh
        ELSE 0
    END AS kept_wh
FROM allocation
WHERE community_no = %(community_no)s AND start >= %(start)s AND start < %(end)s
