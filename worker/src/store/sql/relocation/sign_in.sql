-- How staff sign in, in the order of change, after ?2 (?3 means nothing here).
SELECT change || '' AS id, json_array(change, version, doc, secret) AS message
FROM sign_in
WHERE tenant_id = ?1 AND change > ?2
ORDER BY change
LIMIT ?4
