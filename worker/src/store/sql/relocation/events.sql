-- Events of the complaints in the JSON list ?2, in the order of their ids, of complaint ?3 those after ?4: at most ?5, and
-- no more after the first ?6 bytes.
SELECT complaint_id, seq, at, body, hash, slot, position
FROM (
  SELECT complaint_id, seq, at, body, hash, slot, position,
    sum(octet_length(body)) OVER (ORDER BY complaint_id, seq) - octet_length(body) AS bytes_before
  FROM (
    SELECT complaint_id, seq, at, body, hash, slot, position
    FROM events
    WHERE tenant_id = ?1 AND complaint_id IN (SELECT value FROM json_each(?2)) AND (complaint_id > ?3 OR seq > ?4)
    ORDER BY complaint_id, seq
    LIMIT ?5
  )
)
WHERE bytes_before < ?6
ORDER BY complaint_id, seq
