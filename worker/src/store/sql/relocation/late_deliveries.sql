-- Deliveries that were recorded after note ?2, in that order.
SELECT late.id AS place, d.complaint_id, d.seq, d.audience, d.event, d.status, d.recorded_at
FROM late_deliveries late
JOIN deliveries d ON d.tenant_id = ?1 AND d.complaint_id = late.complaint_id AND d.seq = late.seq
  AND d.audience = late.audience
WHERE late.tenant_id = ?1 AND late.id > ?2
ORDER BY late.id
LIMIT ?3
