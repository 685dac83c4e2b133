-- Whether somebody's pg_restore works on this database: a killed `hub restore` leaves its own at work.
SELECT EXISTS (
    SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'pg_restore'
)
