-- Who may do what where: derived from granting edges and containment, in the same transaction.

create table scope_access (
    scope_id uuid not null references scopes on delete cascade,
    person_id uuid not null references nodes on delete cascade,
    -- 1 reader, 2 member, 3 admin, 4 owner
    level smallint not null,
    primary key (person_id, scope_id)
);
create index scope_access_by_scope on scope_access (scope_id);

create function grant_level(edge_kind text) returns smallint
language sql immutable parallel safe as $$
    select case edge_kind when 'reader' then 1 when 'member_of' then 2 when 'admin' then 3 when 'owner' then 4 end::smallint
$$;

-- Brings scope_access of these scopes, and of those that inherit from them, level with the graph.
-- Set-wise, and writes only what differs. The caller holds lock_graph().
create function recompute_access(changed uuid[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    with recursive affected as (
        select s.node_id from scopes s where s.node_id = any(changed)
        union
        select s.node_id from scopes s join affected a on s.parent_scope_id = a.node_id where not s.isolated
    ),
    -- Each affected scope with itself and every scope it takes grants from.
    sources(scope_id, from_id) as (
        select node_id, node_id from affected
        union
        select x.scope_id, s.parent_scope_id from sources x join scopes s on s.node_id = x.from_id
         where not s.isolated and s.parent_scope_id is not null
    ),
    grants as (
        select x.scope_id, e.source_id as grantee_id, n.kind as grantee_kind, grant_level(e.kind) as level
          from sources x
          join edges e on e.target_id = x.from_id and e.kind in ('reader', 'member_of', 'admin', 'owner')
          join nodes n on n.id = e.source_id
    ),
    wanted as (
        select scope_id, person_id, max(level) as level
          from (
            select g.scope_id, g.grantee_id as person_id, g.level from grants g where g.grantee_kind = 'person'
            union all
            select g.scope_id, m.source_id, g.level
              from grants g join edges m on m.target_id = g.grantee_id and m.kind = 'member_of'
             where g.grantee_kind = 'team'
          ) each_way
         group by scope_id, person_id
    ),
    gone as (
        delete from scope_access a
         using affected f
         where a.scope_id = f.node_id
           and not exists (select from wanted w where w.scope_id = a.scope_id and w.person_id = a.person_id)
    )
    insert into scope_access as a (scope_id, person_id, level)
    select scope_id, person_id, level from wanted
    on conflict (person_id, scope_id) do update set level = excluded.level where a.level <> excluded.level;
end $$;

-- Gives these nodes, and what is part of them, the scope that containment says. Repeats until
-- nothing is left to write: a child inserted meanwhile below a row that was not yet locked is
-- found by the next round, and after it nobody can add one (inserting an edge locks its ends).
create function place_nodes(moved uuid[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    written bigint;
    rehung uuid[];
begin
    loop
        with recursive tree(id, scope_id, is_root, depth) as (
            select n.id,
                   case when s.node_id is not null then n.id else coalesce(p.scope_id, nowhere()) end,
                   s.node_id is not null,
                   0
              from nodes n
              left join scopes s on s.node_id = n.id
              left join edges e on e.source_id = n.id and e.kind = 'part_of'
              left join nodes p on p.id = e.target_id
             where n.id = any(moved)
            union all
            select c.id, t.scope_id, false, t.depth + 1
              from tree t
              join edges e on e.target_id = t.id and e.kind = 'part_of'
              join nodes c on c.id = e.source_id
             where t.depth < 64
               and not exists (select from scopes s where s.node_id = c.id)
        )
        update nodes n set scope_id = t.scope_id from tree t where n.id = t.id and n.scope_id <> t.scope_id;
        get diagnostics written = row_count;
        exit when written = 0;
    end loop;

    -- Scope roots among them, or directly below, may hang on another scope now.
    with recursive tree(id, depth) as (
        select unnest(moved), 0
        union
        select e.source_id, t.depth + 1
          from tree t join edges e on e.target_id = t.id and e.kind = 'part_of'
         where t.depth < 64
           and (t.depth = 0 or not exists (select from scopes s where s.node_id = t.id))
    ),
    changed as (
        update scopes s set parent_scope_id = p.scope_id
          from edges e join nodes p on p.id = e.target_id
         where s.node_id in (select id from tree)
           and e.source_id = s.node_id and e.kind = 'part_of'
           and s.parent_scope_id is distinct from p.scope_id
        returning s.node_id
    )
    select array_agg(node_id) into rehung from changed;
    if rehung is not null then
        perform recompute_access(rehung);
    end if;
end $$;

-- Refuses a containment that runs in a circle or too deep. Only true while lock_graph() is held,
-- or for a node that no other transaction can see yet.
create function check_containment(placed uuid[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    deepest int;
    circle boolean;
begin
    with recursive up(start_id, id, depth) as (
        select p, p, 0 from unnest(placed) p
        union all
        select u.start_id, e.target_id, u.depth + 1
          from up u join edges e on e.source_id = u.id and e.kind = 'part_of'
         where u.depth < 33 and not (u.depth > 0 and u.id = u.start_id)
    )
    select max(depth), bool_or(depth > 0 and id = start_id) into deepest, circle from up;
    if circle then
        raise exception 'part_of would run in a circle' using errcode = 'check_violation', constraint = 'edges_part_of_acyclic';
    end if;
    with recursive down(id, depth) as (
        select p, 0 from unnest(placed) p
        union all
        select e.source_id, d.depth + 1
          from down d join edges e on e.target_id = d.id and e.kind = 'part_of'
         where d.depth < 33
    )
    select deepest + max(depth) into deepest from down;
    if deepest > 32 then
        raise exception 'part_of would be more than 32 levels deep' using errcode = 'check_violation', constraint = 'edges_part_of_depth';
    end if;
end $$;

-- What a statement on edges means for containment and access. One function, called by the three
-- triggers with the rows that came or went.
create function edges_changed(source_ids uuid[], target_ids uuid[], kinds text[], went boolean) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    placed uuid[];
    orphans uuid[];
    granted uuid[];
    settled boolean;
begin
    select array_agg(c.source_id) into placed
      from unnest(source_ids, kinds) c(source_id, kind) where c.kind = 'part_of';

    -- A node made by this very transaction has no other readers and nothing to recompute, so that
    -- plain inserts run side by side: its version is still 1 and its row is ours.
    settled := not exists (
        select from nodes n
         where n.id = any(placed)
           and (went or n.version > 1 or n.xmin <> pg_current_xact_id()::xid
                -- A new scope inherits grants that another transaction may be changing.
                or exists (select from scopes s where s.node_id = n.id)));
    if (placed is not null and not settled)
        or exists (select from unnest(kinds) k where k in ('reader', 'member_of', 'admin', 'owner')) then
        perform lock_graph();
    end if;

    if placed is not null then
        if went then
            -- The parent was deleted: what is part of it goes with it. (Else the edge alone went:
            -- the check at commit wants another.)
            select array_agg(c.source_id) into orphans
              from unnest(source_ids, target_ids, kinds) c(source_id, target_id, kind)
             where c.kind = 'part_of' and not exists (select from nodes n where n.id = c.target_id);
            if orphans is not null then
                delete from nodes where id = any(orphans);
            end if;
        else
            perform check_containment(placed);
        end if;
        perform place_nodes(placed);
    end if;

    select array_agg(distinct s.node_id) into granted
      from (
        select c.target_id as node_id from unnest(target_ids, kinds) c(target_id, kind)
         where c.kind in ('reader', 'member_of', 'admin', 'owner')
        union
        -- A change of a team's members changes every scope the team is granted.
        select g.target_id from unnest(target_ids, kinds) c(target_id, kind)
          join edges g on g.source_id = c.target_id and g.kind in ('reader', 'member_of', 'admin', 'owner')
         where c.kind = 'member_of'
      ) touched join scopes s using (node_id);
    if granted is not null then
        perform recompute_access(granted);
    end if;
end $$;

create function edges_after_insert() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    s uuid[]; t uuid[]; k text[];
begin
    select array_agg(source_id), array_agg(target_id), array_agg(kind) into s, t, k from new_rows
     where kind in ('part_of', 'reader', 'member_of', 'admin', 'owner');
    if s is not null then
        perform edges_changed(s, t, k, false);
    end if;
    return null;
end $$;
create trigger edges_after_insert after insert on edges
    referencing new table as new_rows for each statement execute function edges_after_insert();

create function edges_after_delete() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    s uuid[]; t uuid[]; k text[];
begin
    select array_agg(source_id), array_agg(target_id), array_agg(kind) into s, t, k from old_rows
     where kind in ('part_of', 'reader', 'member_of', 'admin', 'owner');
    if s is not null then
        perform edges_changed(s, t, k, true);
    end if;
    return null;
end $$;
create trigger edges_after_delete after delete on edges
    referencing old table as old_rows for each statement execute function edges_after_delete();

-- Of an edge only part_of can change its target: a move. The moved node is touched even when its
-- scope stays, because what people see of it (its parent) is another.
create function edges_after_update() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    s uuid[]; t uuid[];
begin
    select array_agg(n.source_id), array_agg(n.target_id) into s, t
      from new_rows n join old_rows o using (id) where n.target_id <> o.target_id;
    if s is not null then
        perform lock_graph();
        perform edges_changed(s, t, array_fill('part_of'::text, array[cardinality(s)]), false);
        update nodes set updated_at = clock_timestamp() where id = any(s) and xmin <> pg_current_xact_id()::xid;
    end if;
    return null;
end $$;
create trigger edges_after_update after update on edges
    referencing old table as old_rows new table as new_rows for each statement execute function edges_after_update();

-- A node became a scope root, or stopped being one, or takes grants from elsewhere.
create function scopes_changed() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    ids uuid[];
begin
    if tg_op = 'INSERT' then
        -- A workspace in the making: place_nodes follows with its part_of edge.
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
        if exists (select from nodes where id = any(ids) and kind in ('instance', 'workspace')) then
            raise exception 'workspaces always are scope roots' using errcode = 'check_violation', constraint = 'scopes_workspace_kept';
        end if;
        delete from edges where target_id = any(ids)
           and (kind in ('owner', 'admin', 'reader') or (kind = 'member_of' and not exists (select from nodes n where n.id = target_id and n.kind = 'team')));
    end if;
    perform place_nodes(ids);
    perform recompute_access(ids);
    return null;
end $$;
create trigger scopes_after_insert after insert on scopes
    referencing new table as new_rows for each statement execute function scopes_changed();
create trigger scopes_after_update after update on scopes
    referencing old table as old_rows new table as new_rows for each statement execute function scopes_changed();
create trigger scopes_after_delete after delete on scopes
    referencing old table as old_rows for each statement execute function scopes_changed();

-- A facet write touches its node, so that its version rises (once a transaction is enough).
create function touch_node() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    update nodes set updated_at = clock_timestamp()
     where id in (select node_id from new_rows) and xmin <> pg_current_xact_id()::xid;
    return null;
end $$;
create trigger scopes_touch_insert after insert on scopes
    referencing new table as new_rows for each statement execute function touch_node();
create trigger scopes_touch_update after update on scopes
    referencing new table as new_rows for each statement execute function touch_node();

-- At commit every node stands where its parent stands. Checked late because a node comes before
-- the edge that places it.
create function check_placed() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    placed uuid;
begin
    if tg_op = 'INSERT' then
        placed := new.id;
    else
        placed := old.source_id;
    end if;
    if exists (
        select from nodes n
          left join edges e on e.source_id = n.id and e.kind = 'part_of'
          left join nodes p on p.id = e.target_id
          left join scopes s on s.node_id = n.id
         where n.id = placed and n.kind <> 'instance'
           and (p.id is null or n.scope_id <> case when s.node_id is not null then n.id else p.scope_id end))
    then
        raise exception 'node % is part of nothing, or not in the scope of what it is part of', placed
            using errcode = 'check_violation', constraint = 'nodes_placed',
                  hint = 'insert its part_of edge in the same transaction, and leave scope_id to it';
    end if;
    return null;
end $$;
create constraint trigger nodes_placed after insert on nodes
    deferrable initially deferred for each row execute function check_placed();
create constraint trigger nodes_kept_in_place after delete on edges
    deferrable initially deferred for each row when (old.kind = 'part_of') execute function check_placed();

-- The one rule of who reads what, for lists, single reads, feeds and sockets: the scopes that
-- somebody (null: nobody signed in) may read. crates/domain/src/access.rs says the same in memory.
create function readable_scopes(reader uuid) returns table (scope_id uuid)
language sql stable parallel safe as $$
    select s.node_id from scopes s where s.visibility = 'public' or (s.visibility = 'signed_in' and reader is not null)
    union all
    select a.scope_id from scope_access a where a.person_id = reader
$$;
