-- Forget why days could not be computed where it names somebody: these days are tried again at once.
UPDATE stale SET error = NULL, attempts = 0, not_before = now() WHERE error ~* ANY (%(patterns)s::text[])
