-- Reads of complaints, in the order of nr, after ?2 (?3 means nothing here).
SELECT nr || '' AS id, json_array(nr, at, person_id, session_id, complaint_id, what, row_count) AS message
FROM access_log
WHERE tenant_id = ?1 AND nr > ?2
ORDER BY nr
LIMIT ?4
