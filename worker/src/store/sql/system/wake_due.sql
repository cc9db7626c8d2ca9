-- How many complaints something has come to by ?1, ?2 at most, and when the first of it came. (0: to be looked at anew.)
SELECT count(*) AS n, CAST(min(nullif(wake_at, 0)) AS TEXT) AS oldest
FROM (SELECT wake_at FROM complaints WHERE wake_at <= ?1 ORDER BY wake_at LIMIT ?2)
