INSERT INTO access_log (tenant_id, nr, at, person_id, session_id, complaint_id, what, row_count)
SELECT ?1, coalesce(max(nr), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?7 FROM access_log WHERE tenant_id = ?1
