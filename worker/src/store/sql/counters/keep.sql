-- Drops those that are not in the JSON list ?2.
DELETE FROM counters WHERE tenant_id = ?1 AND name NOT IN (SELECT value FROM json_each(?2))
