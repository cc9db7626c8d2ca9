-- All of a tenant's complaints in the order of lists: an index ends with the row's own key, which is its place.
CREATE INDEX complaints_of_tenant ON complaints (tenant_id);
