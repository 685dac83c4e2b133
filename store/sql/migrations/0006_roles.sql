-- A viewer's rights are granted by the command that makes its login, and anew at the end of every migration
-- (store/sql/grants.sql): the function that granted them is not needed.
DROP FUNCTION grant_viewer(text);
