-- Drops those that are not in the list ?2, and what is hidden of them from whom.
DELETE FROM counters WHERE tenant_id = ?1 AND substr(name, 1, 17) NOT IN (SELECT value ->> 'name' FROM json_each(?2))
