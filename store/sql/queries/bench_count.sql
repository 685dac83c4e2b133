-- How many readings there are.
SELECT count(*) FROM reading
