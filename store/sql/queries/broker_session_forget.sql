-- A client id was given up: no broker keeps anything for it.
DELETE FROM broker_session WHERE id = %(id)s
