-- Note how far the nightly check has come, and what its last days added.
UPDATE recomputation
SET
    done_before = %(done_before)s, compared = compared + %(compared)s, differing = differing + %(differing)s,
    waiting = waiting + %(waiting)s
WHERE no = %(no)s
