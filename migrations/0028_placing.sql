-- Where an edge leads is judged, and what it means for containment, with less to do for what is made most often: a
-- message cost 2 ms by its edge, and 0.6 now. What is refused, and what follows, is as it was.

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
