-- Hear of spans that were marked stale.
LISTEN stale
