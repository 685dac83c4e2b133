-- Write a sentence on a relation, or on one of its columns.
SELECT describe(format('%%I.%%I', %(schema)s::text, %(relation)s::text)::regclass, %(column)s, %(sentence)s)
