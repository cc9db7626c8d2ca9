-- People, in the order of change, after ?2 (?3 means nothing here).
SELECT change || '' AS id, json_array(id, change, version, user_name, email, external_id, active, admin, doc) AS message
FROM people
WHERE tenant_id = ?1 AND change > ?2
ORDER BY change
LIMIT ?4
