-- The graph: everything with a name is a node, every relation is an edge.
-- Whoever writes here (the server, a person with psql) gets the same rules: they live in
-- constraints and triggers.

-- The one advisory lock taken by whatever changes a granting edge or moves a node. Locking only
-- the scope's row lets two crossed changes miss each other.
create function lock_graph() returns void
language plpgsql set search_path = public, pg_temp as $$
begin
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'grants and containment can only be changed under read committed'
            using errcode = 'feature_not_supported',
                  hint = 'begin the transaction with "isolation level read committed"';
    end if;
    -- 0x53594e4f is "SYNO"; the second number names the lock.
    perform pg_advisory_xact_lock(1398361679, 1);
end $$;

-- The scope of a node that has (not yet) a parent: nobody is ever granted it.
create function nowhere() returns uuid
language sql immutable parallel safe as $$ select '00000000-0000-0000-0000-000000000000'::uuid $$;

create table nodes (
    id uuid primary key,
    kind text not null,
    -- The nearest scope root, itself for a scope root. Kept by triggers.
    scope_id uuid not null default nowhere(),
    title text not null,
    body text not null default '',
    attrs jsonb not null default '{}',
    version bigint not null default 1,
    created_by uuid,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    constraint nodes_kind_known check (kind in ('instance', 'workspace', 'group', 'system', 'team', 'person')),
    constraint nodes_title_length check (char_length(title) between 1 and 200),
    constraint nodes_body_length check (octet_length(body) <= 65536),
    constraint nodes_attrs_object check (jsonb_typeof(attrs) = 'object'),
    constraint nodes_attrs_length check (octet_length(attrs::text) <= 16384),
    -- Lets a facet table refer to a node of its own kind only.
    constraint nodes_id_kind unique (id, kind)
);
create unique index nodes_one_instance on nodes (kind) where kind = 'instance';
create index nodes_by_title on nodes (kind, lower(title), id);
create index nodes_by_scope on nodes (scope_id, kind);

create table edges (
    id uuid primary key,
    source_id uuid not null references nodes on delete cascade,
    target_id uuid not null references nodes on delete cascade,
    kind text not null,
    attrs jsonb not null default '{}',
    -- Copies of the ends' scopes, so that an edge is judged (and a cascade logged) without its nodes.
    source_scope_id uuid not null default nowhere(),
    target_scope_id uuid not null default nowhere(),
    version bigint not null default 1,
    created_by uuid,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    constraint edges_kind_known check (kind in ('part_of', 'owner', 'admin', 'member_of', 'reader', 'depends_on', 'relates_to')),
    constraint edges_once unique (source_id, target_id, kind),
    constraint edges_not_to_itself check (source_id <> target_id),
    constraint edges_attrs_object check (jsonb_typeof(attrs) = 'object'),
    constraint edges_attrs_length check (octet_length(attrs::text) <= 16384)
);
create unique index edges_one_parent on edges (source_id) where kind = 'part_of';
create index edges_by_target on edges (target_id, kind, id);

-- A scope root: a node with its own grants or visibility.
create table scopes (
    node_id uuid primary key references nodes on delete cascade,
    -- The scope around it; null for the instance only. Kept by triggers.
    parent_scope_id uuid,
    visibility text not null default 'members',
    -- An isolated scope takes no grants from the scopes around it.
    isolated boolean not null default false,
    constraint scopes_visibility_known check (visibility in ('public', 'signed_in', 'members'))
);
create index scopes_by_parent on scopes (parent_scope_id);

-- The last version of what was deleted, so that an id made anew goes on from it.
create table tombstones (
    id uuid primary key,
    version bigint not null,
    deleted_at timestamptz not null default clock_timestamp()
);
create index tombstones_by_age on tombstones (deleted_at);

-- Which kinds an edge may join. The table in domain (edge.rs) says the same; a test compares them.
create function edge_allowed(edge_kind text, source_kind text, target_kind text, target_is_scope boolean) returns boolean
language sql immutable parallel safe as $$
    select case edge_kind
        when 'part_of' then (source_kind, target_kind) in (
            ('workspace', 'instance'), ('team', 'instance'), ('person', 'instance'),
            ('team', 'workspace'), ('group', 'workspace'), ('group', 'group'),
            ('system', 'workspace'), ('system', 'group'))
        when 'member_of' then (source_kind = 'person' and target_kind = 'team')
            or (source_kind in ('person', 'team') and target_is_scope)
        when 'owner' then source_kind in ('person', 'team') and target_is_scope
        when 'admin' then source_kind in ('person', 'team') and target_is_scope
        when 'reader' then source_kind in ('person', 'team') and target_is_scope
        when 'depends_on' then source_kind = 'system' and target_kind = 'system'
        when 'relates_to' then true
        else false
    end
$$;

create function nodes_before_insert() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    last bigint;
begin
    select t.version into last from tombstones t where t.id = new.id;
    new.version := coalesce(last, 0) + 1;
    if new.kind in ('instance', 'workspace') then
        new.scope_id := new.id;
    end if;
    return new;
end $$;
create trigger nodes_before_insert before insert on nodes for each row execute function nodes_before_insert();

create function nodes_before_update() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
    if new.id <> old.id or new.kind <> old.kind then
        raise exception 'the id and kind of a node never change' using errcode = 'check_violation', constraint = 'nodes_identity_fixed';
    end if;
    -- Scopes follow containment: only the triggers below (which run at depth 2 or more) write them.
    if new.scope_id <> old.scope_id and pg_trigger_depth() < 2 then
        raise exception 'scope_id follows part_of: change that edge instead' using errcode = 'check_violation', constraint = 'nodes_scope_derived';
    end if;
    new.version := old.version + 1;
    new.updated_at := clock_timestamp();
    return new;
end $$;
create trigger nodes_before_update before update on nodes for each row execute function nodes_before_update();

create function nodes_before_delete() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
    raise exception 'the instance node cannot be deleted' using errcode = 'check_violation', constraint = 'nodes_instance_kept';
end $$;
create trigger nodes_before_delete before delete on nodes for each row
    when (old.kind = 'instance') execute function nodes_before_delete();

-- Workspaces and the instance always are scope roots.
create function nodes_root_scope() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    insert into scopes (node_id) values (new.id) on conflict do nothing;
    return null;
end $$;
create trigger nodes_root_scope after insert on nodes for each row
    when (new.kind in ('instance', 'workspace')) execute function nodes_root_scope();

create function edges_before_write() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    source_kind text;
    target_kind text;
    last bigint;
begin
    if tg_op = 'UPDATE' then
        if new.id <> old.id or new.kind <> old.kind or new.source_id <> old.source_id
            or (new.target_id <> old.target_id and old.kind <> 'part_of') then
            raise exception 'an edge''s id, kind and ends never change (but for the target of part_of)'
                using errcode = 'check_violation', constraint = 'edges_identity_fixed';
        end if;
        new.version := old.version + 1;
        new.updated_at := clock_timestamp();
        if new.target_id = old.target_id then
            if (new.source_scope_id <> old.source_scope_id or new.target_scope_id <> old.target_scope_id)
                and pg_trigger_depth() < 2 then
                raise exception 'an edge''s scopes follow its ends' using errcode = 'check_violation', constraint = 'edges_scopes_derived';
            end if;
            return new;
        end if;
    else
        select t.version into last from tombstones t where t.id = new.id;
        new.version := coalesce(last, 0) + 1;
    end if;
    -- "for share" waits for a move that is rewriting an end's scope, and holds off the next.
    select n.kind, n.scope_id into source_kind, new.source_scope_id from nodes n where n.id = new.source_id for share;
    select n.kind, n.scope_id into target_kind, new.target_scope_id from nodes n where n.id = new.target_id for share;
    -- A missing end is left to the foreign key.
    if source_kind is not null and target_kind is not null
        and not edge_allowed(new.kind, source_kind, target_kind, exists (select from scopes s where s.node_id = new.target_id)) then
        raise exception 'an edge % from % to % is not allowed', new.kind, source_kind, target_kind
            using errcode = 'check_violation', constraint = 'edges_ends_allowed';
    end if;
    new.source_scope_id := coalesce(new.source_scope_id, nowhere());
    new.target_scope_id := coalesce(new.target_scope_id, nowhere());
    return new;
end $$;
create trigger edges_before_write before insert or update on edges for each row execute function edges_before_write();

-- Edges' copies follow their ends.
create function nodes_scope_copies() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if not exists (select from new_rows n join old_rows o using (id) where n.scope_id <> o.scope_id) then
        return null;
    end if;
    update edges e
       set source_scope_id = s.scope_id, target_scope_id = t.scope_id
      from nodes s, nodes t
     where s.id = e.source_id and t.id = e.target_id
       and (e.source_scope_id <> s.scope_id or e.target_scope_id <> t.scope_id)
       and e.id in (
            select x.id from edges x join new_rows n on x.source_id = n.id
            union
            select x.id from edges x join new_rows n on x.target_id = n.id);
    return null;
end $$;
create trigger nodes_scope_copies after update on nodes
    referencing old table as old_rows new table as new_rows
    for each statement execute function nodes_scope_copies();
