-- Keep the old value of stored readings that come again with another one: the newest delivery wins.
INSERT INTO reading_revision (series_no, at, old_value)
SELECT r.series_no, r.at, r.value
FROM incoming AS i
JOIN reading AS r USING (series_no, at)
WHERE r.value IS DISTINCT FROM i.value
