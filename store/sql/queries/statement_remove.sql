-- Remove the statement of a month of a community, to be made anew.
DELETE FROM statement WHERE community_no = %(community_no)s AND month = %(month)s
