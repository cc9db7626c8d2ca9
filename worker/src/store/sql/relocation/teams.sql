-- Teams, in the order of change, after ?2 (?3 means nothing here).
SELECT change || '' AS id, json_array(id, change, version, name, external_id, doc, deleted) AS message
FROM teams
WHERE tenant_id = ?1 AND change > ?2
ORDER BY change
LIMIT ?4
