-- Add or alter a holder.
INSERT INTO holder (id, kind, consent) VALUES (%(id)s, %(kind)s, %(consent)s)
ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, consent = excluded.consent
