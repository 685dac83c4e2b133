-- Remember that a broker keeps messages for a client id.
INSERT INTO broker_session (id, group_name) VALUES (%(id)s, %(group)s)
ON CONFLICT (id) DO UPDATE SET group_name = excluded.group_name
