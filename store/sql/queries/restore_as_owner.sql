-- Go on as the owner of the database, as `hub migrate` would: what it makes is then the owner's.
SELECT set_config('role', pg_get_userbyid(datdba), false) FROM pg_database WHERE datname = current_database()
