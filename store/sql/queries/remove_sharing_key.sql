-- Remove a version of a community's sharing key.
DELETE FROM sharing_key AS k
USING community AS c
WHERE c.no = k.community_no AND c.id = %(community)s AND k.valid_from = %(valid_from)s
