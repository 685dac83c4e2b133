-- Keep the old value of readings that came again with another one before they were even stored.
INSERT INTO reading_revision (series_no, at, old_value)
SELECT series_no, at, old_value
FROM unnest(%(series)s::int[], %(ats)s::timestamptz[], %(values)s::float8[]) AS r (series_no, at, old_value)
