"""The only PostgreSQL code: connections, migrations, and queries kept as .sql files."""
