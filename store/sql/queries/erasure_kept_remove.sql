-- Remove messages kept for later ones.
DELETE FROM kept_message WHERE topic = ANY (%(topics)s)
