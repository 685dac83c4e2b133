-- Remove a point with its intervals and what the operator's files say of it; the readings of its devices stay. So do
-- its allocations, which without a point that they name still add up to the balance: when its communities are computed
-- anew they go, and settled months keep them in an old version; what is kept as it is keeps them for good.
WITH gone AS (
    SELECT no FROM point WHERE id = %(id)s
), without_power AS (
    DELETE FROM power_now AS n USING gone AS g WHERE n.point_no = g.no
), changed_statements AS (
    INSERT INTO statement_due (community_no, month, due_at)
    SELECT s.community_no, s.month, now() FROM statement AS s JOIN gone AS g ON s.point_no = g.no
    ON CONFLICT (community_no, month) DO UPDATE SET marks = statement_due.marks + 1
), without_files AS (
    DELETE FROM curve_file AS f USING gone AS g WHERE f.points <@ ARRAY[g.no]
), nameless_files AS (
    UPDATE curve_file AS f SET name = '', points = array_remove(f.points, g.no)
    FROM gone AS g WHERE g.no = ANY (f.points) AND NOT f.points <@ ARRAY[g.no]
), without_marks AS (
    DELETE FROM stale AS s USING gone AS g WHERE s.kind = 'curve' AND s.ref_no = g.no
), without_intervals AS (
    DELETE FROM interval AS i USING gone AS g WHERE i.point_no = g.no
)
DELETE FROM point AS p USING gone AS g WHERE p.no = g.no
