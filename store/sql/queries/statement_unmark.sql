-- Take the mark of a statement away, unless something changed since it was read.
DELETE FROM statement_due WHERE community_no = %(community_no)s AND month = %(month)s AND marks = %(marks)s
