-- A page of a case file: at most ?6 events, and no more after the first ?7 bytes of them.
SELECT seq, body, hash
FROM (
  SELECT seq, body, hash, sum(octet_length(body)) OVER (ORDER BY seq) - octet_length(body) AS bytes_before
  FROM events
  WHERE tenant_id = ?1 AND complaint_id = ?2 AND seq > ?3 AND seq <= ?4 AND at <= ?5
  ORDER BY seq
  LIMIT ?6
)
WHERE bytes_before < ?7
ORDER BY seq
