-- Remove all versions of the settled months of a community that ended before an instant: their balances are gone.
DELETE FROM settlement WHERE community_no = %(community_no)s AND month_end <= %(before)s
