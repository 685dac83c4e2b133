-- A statement is made: it is due again after a pause, unless its mark is taken away. Who marks it right now is waited
-- for, so that what takes the mark away sees every change since it was read.
UPDATE statement_due SET due_at = now() + %(pause)s, attempts = 0, error = NULL
WHERE community_no = %(community_no)s AND month = %(month)s
