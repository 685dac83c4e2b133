-- The chunks of a table that ended before an instant, the oldest first.
SELECT chunk, starts_at, ends_at, size_bytes, about_rows FROM old_chunks(%(table)s, %(before)s)
