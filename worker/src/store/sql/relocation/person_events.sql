-- What has happened to people, in the order of nr, after ?2 (?3 means nothing here).
SELECT nr || '' AS id, json_array(nr, person_id, at, actor, event) AS message
FROM person_events
WHERE tenant_id = ?1 AND nr > ?2
ORDER BY nr
LIMIT ?4
