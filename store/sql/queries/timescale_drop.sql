-- Drop chunks of a table that ended before an instant, the oldest first; return how many.
SELECT drop_old_chunks(%(table)s, %(before)s, %(most)s)
