-- Forget a process that listened and was ended in order.
DELETE FROM listener WHERE id = %(id)s
