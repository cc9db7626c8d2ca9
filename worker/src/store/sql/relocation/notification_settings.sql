-- What was set, in the order of its changes, after change ?2 (?3 means nothing here).
SELECT change || '' AS id, json_array(subject, version, doc, change) AS message
FROM notification_settings
WHERE tenant_id = ?1 AND change > ?2
ORDER BY change
LIMIT ?4
