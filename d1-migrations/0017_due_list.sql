-- What is due, the soonest first: shared::http::list_query, `order=due`.
CREATE INDEX complaints_due ON complaints (tenant_id, due_at, id DESC) WHERE due_at IS NOT NULL;

-- They have a label more, with which cron indexes them anew.
UPDATE complaints SET labels = NULL WHERE due_at IS NOT NULL;
