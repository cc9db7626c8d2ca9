-- How many bulk jobs are not over, ?1 at most.
SELECT count(*) AS n, NULL AS oldest FROM (SELECT 1 FROM bulk_jobs WHERE open = 1 LIMIT ?1)
