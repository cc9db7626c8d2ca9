SELECT seq, body, hash
FROM events
WHERE tenant_id = ?1 AND complaint_id = ?2 AND seq > ?3 AND seq <= ?4 AND at <= ?5
ORDER BY seq
LIMIT ?6
