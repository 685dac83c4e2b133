-- Forget what was kept longest beyond a number.
DELETE FROM kept_message
WHERE topic IN (SELECT topic FROM kept_message ORDER BY kept_at DESC, topic OFFSET %(most)s)
