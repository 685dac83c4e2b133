-- Write a sharing key without the names of those who were forgotten.
UPDATE sharing_key SET rule = %(rule)s::jsonb WHERE community_no = %(community_no)s AND valid_from = %(valid_from)s
