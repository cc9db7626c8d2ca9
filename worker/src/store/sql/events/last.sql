SELECT max(seq) AS last FROM events WHERE tenant_id = ?1 AND complaint_id = ?2
