-- Put a statement that could not be made aside with its reason; it is tried again ever more rarely, up to every hour.
UPDATE statement_due
SET attempts = least(attempts + 1, 1000), error = %(error)s,
    due_at = now() + least(power(4, least(attempts + 1, 6)), 3600) * '1 second'::interval
WHERE community_no = %(community_no)s AND month = %(month)s
