-- Let a role see a community.
INSERT INTO viewer (role_name, community_no) VALUES (%(role)s, %(community_no)s) ON CONFLICT DO NOTHING
