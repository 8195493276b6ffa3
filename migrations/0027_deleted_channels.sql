-- A channel with much in it is deleted in two steps: it leaves everybody's sight at once, and its messages go for good
-- bit by bit. In one step it would hold the graph's lock for half a minute, or end at the limit of a statement.

alter table channels add column deleted_at timestamptz;
create index channels_deleted on channels (deleted_at) where deleted_at is not null;

-- Nobody may read them from now on, nothing names them, and nothing that goes takes them along. The caller holds
-- lock_graph(), and has judged.
create function set_channels_aside(ids uuid[]) returns void
language plpgsql set search_path = public, pg_temp as $$
begin
    -- Nodes first, as those do who speak there.
    perform from nodes where id = any(ids) order by id for update;
    update channels set deleted_at = clock_timestamp(), beside_id = null where node_id = any(ids);
    update scopes set visibility = 'members', isolated = true where node_id = any(ids);
    delete from edges where target_id = any(ids) and kind <> 'part_of';
    delete from edges where source_id = any(ids) and kind <> 'part_of';
    update edges set target_id = (select id from nodes where kind = 'instance') where source_id = any(ids) and kind = 'part_of';
end $$;
