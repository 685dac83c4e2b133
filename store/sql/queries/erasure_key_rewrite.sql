-- Write a rule of a community's sharing keys without the names of those who were forgotten.
WITH in_versions AS (
    UPDATE key_version SET rule = %(new)s::jsonb WHERE community_no = %(community_no)s AND rule = %(old)s::jsonb
)
UPDATE sharing_key SET rule = %(new)s::jsonb WHERE community_no = %(community_no)s AND rule = %(old)s::jsonb
