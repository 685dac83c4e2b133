-- Remove a community with its balances, and all versions of its settled months; its members stay points.
WITH gone AS (
    DELETE FROM community WHERE id = %(id)s RETURNING no
), without_allocations AS (
    DELETE FROM allocation AS a USING gone AS g WHERE a.community_no = g.no
), without_old_allocations AS (
    DELETE FROM allocation_revision AS a USING gone AS g WHERE a.community_no = g.no
), without_pairs AS (
    DELETE FROM allocation_pair AS a USING gone AS g WHERE a.community_no = g.no
), without_old_pairs AS (
    DELETE FROM allocation_pair_revision AS a USING gone AS g WHERE a.community_no = g.no
), without_old_balances AS (
    DELETE FROM balance_revision AS b USING gone AS g WHERE b.community_no = g.no
)
DELETE FROM balance AS b USING gone AS g WHERE b.community_no = g.no
