INSERT INTO tenant_departures (tenant_id) VALUES (?1) ON CONFLICT DO NOTHING
