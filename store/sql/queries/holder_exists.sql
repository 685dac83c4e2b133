-- Whether somebody is declared.
SELECT EXISTS (SELECT FROM holder WHERE id = %(holder)s)
