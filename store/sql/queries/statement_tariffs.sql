-- The tariffs of a community.
SELECT rule, valid_from, valid_to FROM tariff WHERE community_no = %(community_no)s ORDER BY valid_from
