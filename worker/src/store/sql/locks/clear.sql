UPDATE case_locks SET holder = NULL WHERE tenant_id = ?1 AND complaint_id = ?2 AND token = ?3
