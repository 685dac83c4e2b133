-- Remove what was computed for points, and what the operator's files say of them. Returns how many intervals, with the
-- values of the files, and how many allocations went. A file that others are in too loses its name, which may tell a
-- point.
WITH gone_intervals AS (
    DELETE FROM interval WHERE point_no = ANY (%(points)s) RETURNING point_no
), gone_allocations AS (
    DELETE FROM allocation WHERE point_no = ANY (%(points)s) RETURNING point_no
), gone_curves AS (
    DELETE FROM curve WHERE point_no = ANY (%(points)s) RETURNING point_no
), gone_revisions AS (
    DELETE FROM curve_revision WHERE point_no = ANY (%(points)s)
), gone_files AS (
    DELETE FROM curve_file WHERE points <@ %(points)s::int[]
), nameless_files AS (
    UPDATE curve_file
    SET name = '', points = ARRAY(SELECT unnest(points) EXCEPT SELECT unnest(%(points)s::int[]) ORDER BY 1)
    WHERE points && %(points)s::int[] AND NOT points <@ %(points)s::int[]
)
SELECT
    (SELECT count(*) FROM gone_intervals) + (SELECT count(*) FROM gone_curves),
    (SELECT count(*) FROM gone_allocations)
