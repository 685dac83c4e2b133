-- Add or alter a version of a community's sharing key. A rule by which it never shared before gets a number.
WITH numbered AS (
    INSERT INTO key_version (community_no, rule)
    SELECT c.no, %(rule)s::jsonb
    FROM community AS c
    WHERE c.id = %(community)s
        AND NOT EXISTS (SELECT FROM key_version AS v WHERE v.community_no = c.no AND v.rule = %(rule)s::jsonb)
)
INSERT INTO sharing_key (community_no, rule, valid_from, valid_to)
SELECT c.no, %(rule)s::jsonb, %(valid_from)s, %(valid_to)s FROM community AS c WHERE c.id = %(community)s
ON CONFLICT (community_no, valid_from) DO UPDATE SET rule = excluded.rule, valid_to = excluded.valid_to
