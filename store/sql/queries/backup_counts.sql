-- The rows of each table, as they were last counted.
SELECT current_setting('enercommons.rows', true)::jsonb
