-- From ?2 on: by then what clocks depend on has changed, or it will not.
INSERT INTO clock_reviews (tenant_id, from_at, after) VALUES (?1, ?2, '')
ON CONFLICT (tenant_id) DO UPDATE SET from_at = excluded.from_at, after = excluded.after
