-- Drops those that are not in the list ?2.
DELETE FROM counters WHERE tenant_id = ?1 AND name NOT IN (SELECT value ->> 'name' FROM json_each(?2))
