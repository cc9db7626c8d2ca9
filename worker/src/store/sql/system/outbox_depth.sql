-- How many rows there are, ?1 at most, and the oldest of them.
SELECT count(*) AS n, min(id) AS oldest FROM (SELECT id FROM outbox WHERE id > '' ORDER BY id LIMIT ?1)
