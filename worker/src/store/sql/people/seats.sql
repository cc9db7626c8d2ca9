-- How many seats are taken.
SELECT count(*) || '' AS doc FROM people WHERE tenant_id = ?1 AND active = 1
