-- What was done to an edge belongs to the history of both its ends: a grant to that of the scope.
create index audit_log_by_target on audit_log ((summary #>> '{target,id}'), at desc, id desc) where edge_id is not null;
