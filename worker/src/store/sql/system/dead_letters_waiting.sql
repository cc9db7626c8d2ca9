-- How many nobody has replayed, ?1 at most.
SELECT count(*) AS n, NULL AS oldest FROM (SELECT 1 FROM dead_letters WHERE replayed_at IS NULL LIMIT ?1)
