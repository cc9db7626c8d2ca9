DELETE FROM tenant_departures WHERE tenant_id = ?1 AND job <= ?2
