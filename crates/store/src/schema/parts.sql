-- Constraints, indexes, triggers, rules and policies of the tables. Not-null constraints are part
-- of their columns: PostgreSQL 18 keeps them as constraints too, with names of its own.
with tables as (
    select c.* from pg_class c
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'f') and not c.relispartition
       and c.relname <> '_sqlx_migrations'
       and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
)
select format('constraint %s.%s %s%s', c.relname, k.conname, pg_get_constraintdef(k.oid),
           case when k.convalidated then '' else ' (not validated)' end) as "line!"
  from tables c join pg_constraint k on k.conrelid = c.oid
 where k.contype not in ('n', 't') and k.conparentid = 0
union all
select format('index %s.%s %s%s', c.relname, x.relname, pg_get_indexdef(i.indexrelid), case when i.indisvalid then '' else ' (invalid)' end)
  from tables c join pg_index i on i.indrelid = c.oid join pg_class x on x.oid = i.indexrelid
union all
select format('trigger %s.%s enabled %s %s', c.relname, g.tgname, g.tgenabled, pg_get_triggerdef(g.oid))
  from tables c join pg_trigger g on g.tgrelid = c.oid where not g.tgisinternal
union all
select format('rule %s.%s %s', c.relname, r.rulename, pg_get_ruledef(r.oid)) from tables c join pg_rewrite r on r.ev_class = c.oid
union all
select format('policy %s.%s', c.relname, p.polname) from tables c join pg_policy p on p.polrelid = c.oid
