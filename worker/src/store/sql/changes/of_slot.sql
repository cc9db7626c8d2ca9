-- Events of slot ?2 from position ?3 to ?4: at most ?5, and no more after the first ?6 bytes of them.
SELECT slot, position, complaint_id, body, hash
FROM (
  SELECT slot, position, complaint_id, body, hash,
    sum(octet_length(body)) OVER (ORDER BY position) - octet_length(body) AS bytes_before
  FROM events
  WHERE tenant_id = ?1 AND slot = ?2 AND position >= ?3 AND position <= ?4
  ORDER BY position
  LIMIT ?5
)
WHERE bytes_before < ?6
ORDER BY position
