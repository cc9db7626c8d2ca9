-- Mails in the order of their changes, after change ?2; ?3 means nothing here.
SELECT change || '' AS id,
  json_array(id, change, arrived, doc, state, attempts, content, message_id, complaint_id) AS message
FROM inbound_mails
WHERE tenant_id = ?1 AND change > CAST(?2 AS INTEGER)
ORDER BY change
LIMIT ?4
