-- Of ?4 events after event ?3.
SELECT seq, audience, event, status, recorded_at
FROM deliveries
WHERE tenant_id = ?1 AND complaint_id = ?2 AND seq > ?3 AND seq <= ?3 + ?4
ORDER BY seq, audience
