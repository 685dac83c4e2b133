-- Remove what was computed for points, and what the operator's files say of them. Returns how many intervals, with the
-- values of the files, and how many allocations went, with those of old versions of settled months. With these go the
-- pairs, also those of others with a producer that goes: they would tell what it injected. A file that others are in
-- too loses its name, which may tell a point. How evenly a community shares goes too: of a group of one it tells what
-- that one consumed. It is computed anew without them, with the statements of the others.
WITH shared AS (
    SELECT community_no FROM membership WHERE point_no = ANY (%(points)s)
    UNION
    SELECT community_no FROM statement WHERE point_no = ANY (%(points)s)
), gone_intervals AS (
    DELETE FROM interval WHERE point_no = ANY (%(points)s) RETURNING point_no
), gone_allocations AS (
    DELETE FROM allocation WHERE point_no = ANY (%(points)s) RETURNING point_no
), gone_old_allocations AS (
    DELETE FROM allocation_revision WHERE point_no = ANY (%(points)s) RETURNING point_no
), gone_pairs AS (
    DELETE FROM allocation_pair WHERE point_no = ANY (%(points)s) OR producer_no = ANY (%(points)s)
), gone_old_pairs AS (
    DELETE FROM allocation_pair_revision WHERE point_no = ANY (%(points)s) OR producer_no = ANY (%(points)s)
), gone_curves AS (
    DELETE FROM curve WHERE point_no = ANY (%(points)s) RETURNING point_no
), gone_revisions AS (
    DELETE FROM curve_revision WHERE point_no = ANY (%(points)s)
), gone_indexes AS (
    DELETE FROM operator_index WHERE point_no = ANY (%(points)s) RETURNING point_no
), gone_index_revisions AS (
    DELETE FROM operator_index_revision WHERE point_no = ANY (%(points)s)
), gone_results AS (
    DELETE FROM operator_result WHERE point_no = ANY (%(points)s) RETURNING point_no
), gone_result_revisions AS (
    DELETE FROM operator_result_revision WHERE point_no = ANY (%(points)s)
), gone_statements AS (
    DELETE FROM statement WHERE point_no = ANY (%(points)s)
), gone_equity AS (
    DELETE FROM equity WHERE community_no IN (SELECT community_no FROM shared)
), due_statements AS (
    INSERT INTO statement_due (community_no, month, due_at)
    SELECT DISTINCT community_no, month, now() FROM statement WHERE community_no IN (SELECT community_no FROM shared)
    ON CONFLICT (community_no, month) DO UPDATE SET marks = statement_due.marks + 1
), gone_files AS (
    DELETE FROM curve_file WHERE points <@ %(points)s::int[]
), nameless_files AS (
    UPDATE curve_file
    SET name = '', points = ARRAY(SELECT unnest(points) EXCEPT SELECT unnest(%(points)s::int[]) ORDER BY 1)
    WHERE points && %(points)s::int[] AND NOT points <@ %(points)s::int[]
)
SELECT
    (SELECT count(*) FROM gone_intervals) + (SELECT count(*) FROM gone_curves) + (SELECT count(*) FROM gone_indexes)
    + (SELECT count(*) FROM gone_results),
    (SELECT count(*) FROM gone_allocations) + (SELECT count(*) FROM gone_old_allocations)
