SELECT complaint_id FROM promised_complaints WHERE tenant_id = ?1 AND id = ?2
