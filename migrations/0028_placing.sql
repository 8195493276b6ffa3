-- Where an edge leads is judged, and what it means for containment, with less to do for what is made most often: a
-- message cost 2 ms by its edge, and 0.6 now. And a channel is moved without a look at its messages, which are in its
-- scope wherever it is. What nothing can be part of (messages, columns, cards) no longer counts among the 32 levels.

create or replace function edges_before_write() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    source_kind text;
    target_kind text;
    last bigint;
    target_is_scope boolean;
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
    -- By itself: an expression with a query in it is set up anew for each row.
    target_is_scope := exists (select from scopes s where s.node_id = new.target_id);
    -- A missing end is left to the foreign key.
    if source_kind is not null and target_kind is not null and not edge_allowed(new.kind, source_kind, target_kind, target_is_scope) then
        raise exception 'an edge % from % to % is not allowed', new.kind, source_kind, target_kind
            using errcode = 'check_violation', constraint = 'edges_ends_allowed';
    end if;
    new.source_scope_id := coalesce(new.source_scope_id, nowhere());
    new.target_scope_id := coalesce(new.target_scope_id, nowhere());
    return new;
end $$;

-- What a statement on edges means for containment and access. One function, called by the three
-- triggers with the rows that came or went.
create or replace function edges_changed(source_ids uuid[], target_ids uuid[], kinds text[], went boolean) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    grants boolean := kinds && array['reader', 'member_of', 'admin', 'owner'];
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
    if (placed is not null and not settled) or grants then
        perform lock_graph();
    end if;

    if went and placed is not null then
        -- The parent was deleted: what is part of it goes with it. (Else the edge alone went:
        -- the check at commit wants another.)
        select array_agg(c.source_id) into orphans
          from unnest(source_ids, target_ids, kinds) c(source_id, target_id, kind)
         where c.kind = 'part_of' and not exists (select from nodes n where n.id = c.target_id);
        if orphans is not null then
            delete from nodes where id = any(orphans);
        end if;
    elsif placed is not null then
        -- Nothing can be part of these, so there is no circle; and most are made in their parent's scope.
        select array_agg(n.id) into placed
          from nodes n
         where n.id = any(placed)
           and (n.kind not in ('message', 'column', 'card')
                or n.scope_id is distinct from (select p.scope_id from edges e join nodes p on p.id = e.target_id
                                                 where e.source_id = n.id and e.kind = 'part_of'));
        if placed is not null then
            perform check_containment(placed);
        end if;
    end if;
    if placed is not null then
        perform place_nodes(placed);
    end if;

    if not grants then
        return;
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

-- Refuses a containment that runs in a circle or too deep. Only true while lock_graph() is held,
-- or for a node that no other transaction can see yet.
create or replace function check_containment(placed uuid[]) returns void
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
          from down d
          join edges e on e.target_id = d.id and e.kind = 'part_of'
          join nodes n on n.id = e.source_id and n.kind not in ('message', 'column', 'card')
         where d.depth < 33
           and not exists (select from channels c where c.node_id = d.id)
    )
    select deepest + max(depth) into deepest from down;
    if deepest > 32 then
        raise exception 'part_of would be more than 32 levels deep' using errcode = 'check_violation', constraint = 'edges_part_of_depth';
    end if;
end $$;

-- Gives these nodes, and what is part of them, the scope that containment says. Repeats until
-- nothing is left to write: a child inserted meanwhile below a row that was not yet locked is
-- found by the next round, and after it nobody can add one (inserting an edge locks its ends).
create or replace function place_nodes(moved uuid[]) returns void
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
               and not exists (select from channels h where h.node_id = t.id)
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
           and not exists (select from channels h where h.node_id = t.id)
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
