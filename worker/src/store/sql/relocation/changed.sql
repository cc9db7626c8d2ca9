-- Complaints in the order of their newest events, after the event at place ?2.
SELECT e.rowid AS place, e.complaint_id AS id, e.seq AS version
FROM events e
WHERE e.tenant_id = ?1 AND e.rowid > ?2
  AND NOT EXISTS (
    SELECT 1 FROM events later
    WHERE later.tenant_id = ?1 AND later.complaint_id = e.complaint_id AND later.seq = e.seq + 1
  )
ORDER BY e.rowid
LIMIT ?3
