-- What a comparison found, null where it has not ended.
SELECT result FROM comparison WHERE community_no = %(community_no)s AND no = %(no)s
