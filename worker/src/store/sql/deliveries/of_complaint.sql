SELECT seq, audience, event, status, recorded_at
FROM deliveries
WHERE tenant_id = ?1 AND complaint_id = ?2 AND (seq, audience) > (?3, ?4)
ORDER BY seq, audience
LIMIT ?5
