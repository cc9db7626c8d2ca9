-- Jobs in the order of their changes by others than their drivers, after change ?2 (?3 means nothing here). Nobody drives one while the tenant leaves.
SELECT change || '' AS id,
  json_object(
    'id', id, 'nr', nr, 'change', change, 'key', key, 'fingerprint', fingerprint, 'action', action, 'filter', filter, 'named', named,
    'dry_run', dry_run, 'asked_by', asked_by, 'asked_at', asked_at, 'state', state, 'selected', selected, 'succeeded', succeeded,
    'skipped', skipped, 'failed', failed, 'started_at', started_at, 'ended_at', ended_at, 'failure', failure, 'through', through,
    'open', open, 'cancelling', cancelling
  ) AS message
FROM bulk_jobs
WHERE tenant_id = ?1 AND change > ?2
ORDER BY change
LIMIT ?4
