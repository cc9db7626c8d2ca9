INSERT INTO tenant_holds (tenant_id, reason, number) VALUES (?1, 'relocation', ?2)
ON CONFLICT (tenant_id) DO UPDATE SET reason = excluded.reason, number = excluded.number
WHERE tenant_holds.tenant_id = ?1 AND excluded.number > tenant_holds.number
