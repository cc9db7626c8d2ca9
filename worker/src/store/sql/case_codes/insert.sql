-- ?2 the handle, ?3 the complaint, ?4 the code, ?5 until when, ?6 now. Nothing where ?7 are good already.
INSERT INTO case_codes (tenant_id, handle, complaint_id, code, expires_at)
SELECT ?1, ?2, ?3, ?4, ?5
WHERE (
  SELECT count(*) FROM case_codes WHERE tenant_id = ?1 AND complaint_id = ?3 AND expires_at > ?6
) < ?7
RETURNING complaint_id
