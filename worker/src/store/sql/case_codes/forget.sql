DELETE FROM case_codes WHERE tenant_id = ?1 AND expires_at <= ?2
