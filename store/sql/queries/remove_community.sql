-- Remove a community with its balances; its members stay points.
WITH gone AS (
    DELETE FROM community WHERE id = %(id)s RETURNING no
), without_allocations AS (
    DELETE FROM allocation AS a USING gone AS g WHERE a.community_no = g.no
)
DELETE FROM balance AS b USING gone AS g WHERE b.community_no = g.no
