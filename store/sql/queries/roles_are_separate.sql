-- Whether deploy/timescale/roles.sql has given this database an owner that nobody can log in as.
SELECT pg_get_userbyid(datdba) = 'hub_owner' FROM pg_database WHERE datname = current_database()
