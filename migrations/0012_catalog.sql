-- The catalog: saved selections, mailboxes, links of systems, and what depends on what: the state of a
-- system with that of what it depends on, and the system where it began.

-- Mailboxes stand beside what they are asked about, in a group too.
create or replace function edge_allowed(edge_kind text, source_kind text, target_kind text, target_is_scope boolean) returns boolean
language sql immutable parallel safe as $$
    select case edge_kind
        when 'part_of' then case target_kind
            when 'instance' then source_kind in ('workspace', 'team', 'person', 'maintenance', 'view', 'environment', 'contact',
                                                 'incident', 'announcement', 'status_page', 'connection')
            when 'workspace' then source_kind in ('team', 'group', 'system', 'maintenance', 'view', 'environment', 'contact',
                                                  'incident', 'announcement', 'status_page', 'connection')
            when 'group' then source_kind in ('group', 'system', 'maintenance', 'contact', 'incident')
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

create table views (
    node_id uuid primary key,
    kind text not null default 'view' check (kind = 'view'),
    -- {"states", "environment_ids", "group_ids", "text", "order"}; see domain/src/view.rs.
    filter jsonb not null default '{}',
    constraint views_node foreign key (node_id, kind) references nodes (id, kind) on delete cascade,
    constraint views_filter_object check (jsonb_typeof(filter) = 'object' and octet_length(filter::text) <= 16384)
);

-- The address of a mailbox. Not part of its node's body: that is told to whoever may read the node,
-- signed in or not.
create table contacts (
    node_id uuid primary key,
    kind text not null default 'contact' check (kind = 'contact'),
    email text not null,
    constraint contacts_node foreign key (node_id, kind) references nodes (id, kind) on delete cascade,
    constraint contacts_email_form check (email ~ '^[^[:space:]@]+@[^[:space:]@]+$' and char_length(email) <= 254)
);

do $$
declare
    facet text;
begin
    foreach facet in array array['views', 'contacts'] loop
        execute format('create trigger %I after insert on %I referencing new table as new_rows
            for each statement execute function touch_node()', facet || '_touch_insert', facet);
        execute format('create trigger %I after update on %I referencing new table as new_rows
            for each statement execute function touch_node()', facet || '_touch_update', facet);
        execute format('create trigger refuse_truncate before truncate on %I
            for each statement execute function refuse_truncate()', facet);
    end loop;
end $$;

-- How hard a failure hits what depends on it.
update edges set attrs = attrs - 'impact'
 where kind = 'depends_on' and attrs ? 'impact'
   and coalesce(attrs ->> 'impact', '') not in ('informational', 'degraded', 'critical');
alter table edges add constraint edges_impact_known
    check (kind <> 'depends_on' or coalesce(attrs ->> 'impact', case when attrs ? 'impact' then '' else 'degraded' end)
                                   in ('informational', 'degraded', 'critical'));
create index edges_dependencies on edges (id) where kind = 'depends_on';

alter table systems
    -- [{"title", "url"}]
    add column links jsonb not null default '[]',
    -- The worse of its own state and of what the systems that it depends on make of it. Derived.
    add column effective_state text not null default 'unknown',
    add column effective_since timestamptz not null default clock_timestamp(),
    -- Where it began, of a system that is not well because of another. Derived.
    add column cause_id uuid references nodes on delete set null,
    -- The same, told also of a system that fails by itself: itself, or what explains its failure. Not a
    -- reference: it is derived anew when that one goes.
    add column root_id uuid,
    -- Down for so long it gets an incident by itself; null: never.
    add column incident_after_s integer,
    -- That ends when it is up again.
    add column incident_auto_resolve boolean not null default false,
    add constraint systems_links_array check (jsonb_typeof(links) = 'array' and octet_length(links::text) <= 32768),
    add constraint systems_effective_state_known check (effective_state in ('up', 'degraded', 'down', 'unknown')),
    add constraint systems_incident_after_range check (incident_after_s between 0 and 86400);
create index systems_by_effective_state on systems (effective_state) where effective_state <> 'up';
create index systems_by_cause on systems (cause_id) where cause_id is not null;
create index systems_to_report on systems (state_since) where state = 'down' and incident_after_s is not null;

-- The one advisory lock of whoever changes what depends on what, or derives from it. Crossed changes
-- would miss each other: two edges that close a circle, two failures that meet in one dependant.
create function lock_dependencies() returns void
language plpgsql set search_path = public, pg_temp as $$
begin
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'dependencies and states can only be changed under read committed'
            using errcode = 'feature_not_supported',
                  hint = 'begin the transaction with "isolation level read committed"';
    end if;
    perform pg_advisory_xact_lock(1398361679, 5);
end $$;

-- 0 up or not known, 1 degraded, 2 down.
create function severity_of(state text) returns integer
language sql immutable parallel safe as $$ select case state when 'down' then 2 when 'degraded' then 1 else 0 end $$;

-- What the failure of a system makes of one that depends on it. The table in domain (dependency.rs) says
-- the same; a test compares them.
create function passed_on(severity integer, impact text) returns integer
language sql immutable parallel safe as $$
    select case when impact = 'informational' then 0
                when coalesce(impact, 'degraded') = 'degraded' then least(severity, 1)
                else severity end
$$;

-- How bad these systems are by themselves, without what they depend on.
create function own_severities(ids uuid[]) returns table (system_id uuid, severity integer)
language sql stable as $$
    select s.node_id, severity_of(s.state) from systems s where s.node_id = any(ids)
$$;

-- Whether the state of one of these has anything to do with that of others.
create function takes_part(ids uuid[]) returns boolean
language sql stable as $$
    select exists (select from edges e where e.source_id = any(ids) and e.kind = 'depends_on')
        or exists (select from edges e where e.target_id = any(ids) and e.kind = 'depends_on')
$$;

-- Brings the derived state of these systems, and of all that depend on them, level with what they depend
-- on. Set-wise, and writes only what differs. Reckoned from below in rounds, each of which reaches one
-- step further up: so nothing is down only because it was.
create function derive_states(changed uuid[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    ids uuid[];
    own integer[];
    severities integer[];
    roots uuid[];
    next_severities integer[];
    next_roots uuid[];
begin
    perform lock_dependencies();
    with recursive hit(id) as (
        select unnest(changed)
        union
        select e.source_id from hit h join edges e on e.target_id = h.id and e.kind = 'depends_on'
    )
    select array_agg(h.id order by h.id) into ids from hit h join systems s on s.node_id = h.id join nodes n on n.id = h.id;
    if ids is null then
        return;
    end if;
    -- Nodes first, as every writer of facets does it. What is written side by side is waited for here,
    -- and seen by the statements below.
    perform from nodes where id = any(ids) order by id for no key update;
    perform from systems where node_id = any(ids) order by node_id for update;

    select array_agg(o.severity order by k.at), array_agg(case when o.severity > 0 then k.id end order by k.at)
      into own, roots
      from unnest(ids) with ordinality k(id, at) join own_severities(ids) o on o.system_id = k.id;
    severities := own;
    for round in 1 .. cardinality(ids) + 1 loop
        with known as (
            select * from unnest(ids, own, severities, roots) with ordinality k(id, own, severity, root_id, at)
        ),
        led as (
            select distinct on (e.source_id) e.source_id, passed_on(t.severity, e.attrs ->> 'impact') as severity, t.root_id
              from edges e
              left join known k on k.id = e.target_id
              left join systems s on s.node_id = e.target_id
             cross join lateral (
                select coalesce(k.severity, severity_of(s.effective_state)) as severity,
                       case when k.id is null then s.root_id else k.root_id end as root_id) t
             where e.source_id = any(ids) and e.kind = 'depends_on'
             order by e.source_id, passed_on(t.severity, e.attrs ->> 'impact') desc, t.root_id
        )
        select array_agg(greatest(k.own, coalesce(l.severity, 0)) order by k.at),
               array_agg(case when coalesce(l.severity, 0) > 0 and l.severity >= k.own then l.root_id
                              when k.own > 0 then k.id end order by k.at)
          into next_severities, next_roots
          from known k left join led l on l.source_id = k.id;
        exit when next_severities = severities and next_roots is not distinct from roots;
        severities := next_severities;
        roots := next_roots;
    end loop;

    update systems s
       set effective_state = w.state, cause_id = w.cause_id, root_id = w.root_id
      from (select k.id, case k.severity when 2 then 'down' when 1 then 'degraded' else o.state end as state,
                   case when k.own = 0 then k.root_id end as cause_id, k.root_id
              from unnest(ids, own, severities, roots) k(id, own, severity, root_id)
              join systems o on o.node_id = k.id) w
     where s.node_id = w.id
       and (s.effective_state <> w.state or s.cause_id is distinct from w.cause_id or s.root_id is distinct from w.root_id);
end $$;

update systems set effective_state = state, effective_since = state_since,
       root_id = case when state in ('degraded', 'down') then node_id end;
do $$ begin perform derive_states(array_agg(node_id)) from systems where state in ('degraded', 'down'); end $$;

-- What is not checked is not known; a changed check is due at once. What is derived is not written by hand.
create or replace function systems_before_write() returns trigger
language plpgsql set search_path = public, pg_temp as $$
declare
    by_hand boolean := pg_trigger_depth() < 2;
    alone boolean;
begin
    if (new.check_spec is null or not new.enabled) and new.state <> 'unknown' then
        new.state := 'unknown';
        new.state_reason := null;
    end if;
    if tg_op = 'UPDATE' and new.state <> old.state then
        new.state_since := clock_timestamp();
    end if;
    if by_hand then
        -- Of a system that stands alone there is nothing to derive; of others the trigger behind does it.
        if tg_op = 'INSERT' then
            alone := true;
        else
            alone := new.state <> old.state and not takes_part(array[new.node_id]);
            new.effective_state := old.effective_state;
            new.effective_since := old.effective_since;
            new.cause_id := old.cause_id;
            new.root_id := old.root_id;
        end if;
        if alone then
            new.effective_state := new.state;
            new.cause_id := null;
            new.root_id := case when severity_of(new.state) > 0 then new.node_id end;
        end if;
    end if;
    if tg_op = 'INSERT' then
        new.effective_since := new.state_since;
    elsif new.effective_state <> old.effective_state then
        new.effective_since := clock_timestamp();
    end if;
    return new;
end $$;

-- Behind the trigger that touches the nodes (by its name): it holds what inserts an edge meanwhile, so
-- that one of the two sees the other.
create function systems_derive() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    ids uuid[];
begin
    if tg_op = 'INSERT' then
        select array_agg(n.node_id) into ids from new_rows n;
    else
        select array_agg(n.node_id) into ids from new_rows n join old_rows o using (node_id) where n.state <> o.state;
    end if;
    if ids is not null and (takes_part(ids) or exists (
        select from systems s where s.node_id = any(ids) and s.effective_state <> s.state)) then
        perform derive_states(ids);
    end if;
    return null;
end $$;
create trigger systems_z_derive_insert after insert on systems
    referencing new table as new_rows for each statement execute function systems_derive();
create trigger systems_z_derive_update after update on systems
    referencing old table as old_rows new table as new_rows for each statement execute function systems_derive();

-- Dependencies never run in a circle, and what depends on something follows it.
create function dependencies_changed() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    ids uuid[];
    circle boolean;
begin
    select array_agg(source_id) into ids from changed_rows where kind = 'depends_on';
    if ids is null then
        return null;
    end if;
    perform lock_dependencies();
    if tg_op = 'INSERT' then
        with recursive up(start_id, id) as (
            select c.source_id, c.target_id from changed_rows c where c.kind = 'depends_on'
            union
            select u.start_id, e.target_id from up u join edges e on e.source_id = u.id and e.kind = 'depends_on'
             where u.id <> u.start_id
        )
        select bool_or(start_id = id) into circle from up;
        if circle then
            raise exception 'depends_on would run in a circle'
                using errcode = 'check_violation', constraint = 'edges_depends_on_acyclic';
        end if;
    end if;
    perform derive_states(ids);
    return null;
end $$;
create trigger edges_depend_insert after insert on edges
    referencing new table as changed_rows for each statement execute function dependencies_changed();
create trigger edges_depend_update after update on edges
    referencing new table as changed_rows for each statement execute function dependencies_changed();
create trigger edges_depend_delete after delete on edges
    referencing old table as changed_rows for each statement execute function dependencies_changed();

do $$
declare
    logged text;
    trigger_name text;
begin
    for logged, trigger_name in
        select c.relname, t.tgname from pg_trigger t join pg_class c on c.oid = t.tgrelid
         where not t.tgisinternal and c.relnamespace = 'public'::regnamespace
           and (c.relname in ('views', 'contacts') or t.tgname like 'systems_z_%' or t.tgname like 'edges_depend_%')
    loop
        execute format('alter table %I enable always trigger %I', logged, trigger_name);
    end loop;
end $$;
