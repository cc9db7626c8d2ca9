-- The newest first, before number ?2, ?3 of them.
SELECT json_object('nr', nr, 'at', at, 'person', person_id, 'session', session_id, 'complaint', nullif(complaint_id, ''), 'what', what,
  'rows', row_count) AS doc
FROM access_log
WHERE tenant_id = ?1 AND complaint_id = ?4 AND nr < ?2
ORDER BY nr DESC
LIMIT ?3
