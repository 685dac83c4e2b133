-- Remove all versions of the settled months of a community that ended before an instant, their statements and the
-- equity of periods that ended with them: their balances are gone.
WITH without_statements AS (
    DELETE FROM statement AS s
    USING community AS c
    WHERE c.no = %(community_no)s AND s.community_no = c.no
        AND (s.month::timestamp + '1 month'::interval) AT TIME ZONE c.zone <= %(before)s::timestamptz
), without_equity AS (
    DELETE FROM equity AS e
    USING community AS c
    WHERE c.no = %(community_no)s AND e.community_no = c.no
        AND (e.last_month::timestamp + '1 month'::interval) AT TIME ZONE c.zone <= %(before)s::timestamptz
)
DELETE FROM settlement WHERE community_no = %(community_no)s AND month_end <= %(before)s
