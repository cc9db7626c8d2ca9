-- The state, a line feed, and the job as it is answered.
SELECT state || char(10) || shown AS doc FROM bulk_jobs WHERE tenant_id = ?1 AND id = ?2
