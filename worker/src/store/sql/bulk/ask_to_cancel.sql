-- Whoever drives it sees it when what is under way is done.
UPDATE bulk_jobs SET cancelling = 1 WHERE tenant_id = ?1 AND id = ?2 AND fence = ?3 AND open = 1
RETURNING fence
