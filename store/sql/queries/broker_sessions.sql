-- The client ids for which a broker keeps messages, and their groups.
SELECT id, group_name FROM broker_session ORDER BY id
