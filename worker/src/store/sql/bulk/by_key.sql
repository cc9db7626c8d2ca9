-- What request ?2 asked for: its fingerprint, then the job as it was then.
SELECT fingerprint || json_set(
  shown, '$.state', 'queued', '$.started_at', NULL, '$.ended_at', NULL, '$.failure', NULL, '$.counts',
  json_object('selected', named, 'done', 0, 'succeeded', 0, 'skipped', 0, 'failed', 0)
) AS doc
FROM bulk_jobs
WHERE tenant_id = ?1 AND key = ?2
