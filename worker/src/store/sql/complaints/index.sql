-- Unless it has changed since version ?3 was read: it comes again.
UPDATE complaints SET words = ?4, likeness = ?5, labels = ?6 || CASE WHEN due_at IS NULL THEN '' ELSE ' ' || ?7 END
WHERE tenant_id = ?1 AND id = ?2 AND version = ?3 AND labels IS NULL
