-- Compress chunks that ended long ago, the oldest first; return how many.
SELECT compress_old_chunks(%(before)s, %(most)s)
