-- The kinds that the status domain adds, and the edges between them. What a kind has besides its node
-- comes with the migrations that follow.

alter table nodes drop constraint nodes_kind_known, add constraint nodes_kind_known
    check (kind in ('instance', 'workspace', 'group', 'system', 'team', 'person', 'maintenance',
                    'view', 'environment', 'contact', 'incident', 'announcement', 'status_page', 'connection'));
alter table edges drop constraint edges_kind_known, add constraint edges_kind_known
    check (kind in ('part_of', 'owner', 'admin', 'member_of', 'reader', 'depends_on', 'relates_to', 'affects',
                    'contact_of', 'runs_in', 'shows'));

create or replace function edge_allowed(edge_kind text, source_kind text, target_kind text, target_is_scope boolean) returns boolean
language sql immutable parallel safe as $$
    select case edge_kind
        when 'part_of' then case target_kind
            when 'instance' then source_kind in ('workspace', 'team', 'person', 'maintenance', 'view', 'environment', 'contact',
                                                 'incident', 'announcement', 'status_page', 'connection')
            when 'workspace' then source_kind in ('team', 'group', 'system', 'maintenance', 'view', 'environment', 'contact',
                                                  'incident', 'announcement', 'status_page', 'connection')
            when 'group' then source_kind in ('group', 'system', 'maintenance', 'incident')
            else false end
        when 'member_of' then (source_kind = 'person' and target_kind = 'team')
            or (source_kind in ('person', 'team') and target_is_scope)
        when 'owner' then source_kind in ('person', 'team') and target_is_scope
        when 'admin' then source_kind in ('person', 'team') and target_is_scope
        when 'reader' then source_kind in ('person', 'team') and target_is_scope
        when 'depends_on' then source_kind = 'system' and target_kind = 'system'
        when 'relates_to' then true
        when 'affects' then (source_kind = 'maintenance' and target_kind in ('system', 'group', 'instance'))
            or (source_kind = 'incident' and target_kind in ('system', 'group'))
        when 'contact_of' then source_kind in ('person', 'team', 'contact') and target_kind in ('system', 'group')
        when 'runs_in' then source_kind = 'system' and target_kind = 'environment'
        when 'shows' then source_kind = 'status_page' and target_kind in ('system', 'group')
        else false
    end
$$;

-- Announcements and status pages are for other readers than what is around them.
create function always_scope(node_kind text) returns boolean
language sql immutable parallel safe as $$ select node_kind in ('instance', 'workspace', 'announcement', 'status_page') $$;

create or replace function nodes_before_insert() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    last bigint;
begin
    select t.version into last from tombstones t where t.id = new.id;
    new.version := coalesce(last, 0) + 1;
    if always_scope(new.kind) then
        new.scope_id := new.id;
    end if;
    return new;
end $$;

drop trigger nodes_root_scope on nodes;
create trigger nodes_root_scope after insert on nodes for each row
    when (new.kind in ('instance', 'workspace', 'announcement', 'status_page')) execute function nodes_root_scope();
alter table nodes enable always trigger nodes_root_scope;

create or replace function scopes_changed() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    ids uuid[];
begin
    if tg_op = 'INSERT' then
        -- A scope root in the making: place_nodes follows with its part_of edge.
        select array_agg(r.node_id) into ids from new_rows r join nodes n on n.id = r.node_id where n.scope_id <> n.id;
    elsif tg_op = 'DELETE' then
        select array_agg(r.node_id) into ids from old_rows r join nodes n on n.id = r.node_id;
    else
        select array_agg(n.node_id) into ids from new_rows n join old_rows o using (node_id) where n.isolated <> o.isolated;
    end if;
    if ids is null then
        return null;
    end if;
    perform lock_graph();
    if tg_op = 'UPDATE' then
        perform recompute_access(ids);
        return null;
    end if;
    if tg_op = 'DELETE' then
        if exists (select from nodes where id = any(ids) and always_scope(kind)) then
            raise exception 'workspaces, announcements and status pages always are scope roots'
                using errcode = 'check_violation', constraint = 'scopes_workspace_kept';
        end if;
        delete from edges where target_id = any(ids)
           and (kind in ('owner', 'admin', 'reader') or (kind = 'member_of' and not exists (select from nodes n where n.id = target_id and n.kind = 'team')));
    end if;
    perform place_nodes(ids);
    perform recompute_access(ids);
    return null;
end $$;

-- Where a node stands among its neighbours in an ordered list; equals go by title.
alter table nodes add column position integer not null default 0;
create index nodes_in_order on nodes (kind, position, lower(title), id) where kind in ('group', 'announcement');
