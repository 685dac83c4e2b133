-- Note that the nightly check has come to its end, and return what it found.
UPDATE recomputation SET ended_at = now() WHERE no = %(no)s RETURNING compared, differing, waiting
