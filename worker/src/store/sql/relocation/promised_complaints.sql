-- Promised names after number ?2; ?3 means nothing here.
SELECT nr || '' AS id, json_array(nr, id, reference, complaint_id) AS message
FROM promised_complaints
WHERE tenant_id = ?1 AND nr > ?2
ORDER BY nr
LIMIT ?4
