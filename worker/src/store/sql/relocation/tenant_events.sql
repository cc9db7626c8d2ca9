-- What has happened to the tenant, in the order of nr, after ?2 (?3 means nothing here).
SELECT nr || '' AS id, json_array(nr, at, actor, event) AS message
FROM tenant_events
WHERE tenant_id = ?1 AND nr > ?2
ORDER BY nr
LIMIT ?4
