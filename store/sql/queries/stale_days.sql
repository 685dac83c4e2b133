-- All that waits to be computed, or could not be.
SELECT DISTINCT kind, ref_no, day FROM stale
