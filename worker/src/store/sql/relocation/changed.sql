-- Complaints of slot ?2 in the order of their newest events, after the event at position ?3.
SELECT e.slot, e.position, e.complaint_id AS id, e.seq AS version
FROM events e
WHERE e.tenant_id = ?1 AND e.slot = ?2 AND e.position > ?3
  AND NOT EXISTS (
    SELECT 1 FROM events later
    WHERE later.tenant_id = ?1 AND later.complaint_id = e.complaint_id AND later.seq = e.seq + 1
  )
ORDER BY e.position
LIMIT ?4
