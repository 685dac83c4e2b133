-- Hear of balances that changed.
LISTEN live
