-- One worker at a time computes a point; locks are taken in the order of the array, so that workers cannot deadlock.
SELECT pg_advisory_xact_lock(hashtext('point'), point_no)
FROM unnest(%(points)s::int[]) WITH ORDINALITY AS p (point_no, place)
ORDER BY place
