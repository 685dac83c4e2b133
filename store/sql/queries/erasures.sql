-- How many times something was erased: whoever remembers numbers of series asks them anew when this has changed.
SELECT coalesce(max(no), 0) FROM erasure
