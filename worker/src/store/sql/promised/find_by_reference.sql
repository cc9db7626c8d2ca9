SELECT complaint_id FROM promised_complaints WHERE tenant_id = ?1 AND reference = ?2
