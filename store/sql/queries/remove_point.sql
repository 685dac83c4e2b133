-- Remove a point with what was computed for it and what the operator's files say of it; the readings of its devices
-- stay. So do allocations that its community keeps as they are: without a point that they name, they still add up to
-- the balance.
WITH gone AS (
    SELECT no FROM point WHERE id = %(id)s
), without_power AS (
    DELETE FROM power_now AS n USING gone AS g WHERE n.point_no = g.no
), without_allocations AS (
    DELETE FROM allocation AS a
    USING gone AS g, community AS c
    WHERE
        a.point_no = g.no AND c.no = a.community_no
        AND (c.frozen_before IS NULL OR a.start >= c.frozen_before)
), changed_statements AS (
    INSERT INTO statement_due (community_no, month, due_at)
    SELECT s.community_no, s.month, now() FROM statement AS s JOIN gone AS g ON s.point_no = g.no
    ON CONFLICT (community_no, month) DO UPDATE SET marks = statement_due.marks + 1
), without_pairs AS (
    DELETE FROM allocation_pair AS a
    USING gone AS g, community AS c
    WHERE
        g.no IN (a.point_no, a.producer_no) AND c.no = a.community_no
        AND (c.frozen_before IS NULL OR a.start >= c.frozen_before)
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
