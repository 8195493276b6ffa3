-- Tables, views, sequences, types and columns.
with relations as (
    select c.* from pg_class c
     where c.relnamespace = 'public'::regnamespace
       and c.relname <> '_sqlx_migrations'
       and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
)
select format('table %s%s%s%s%s', c.relname,
           coalesce(' partition by ' || pg_get_partkeydef(c.oid), ''),
           coalesce(' with (' || (select string_agg(o, ', ' order by o) from unnest(c.reloptions) o) || ')', ''),
           case c.relpersistence when 'p' then '' else ' persistence ' || c.relpersistence::text end,
           case when c.relrowsecurity then ' row security' else '' end) as "line!"
  from relations c where c.relkind in ('r', 'p', 'f') and not c.relispartition
union all
-- Of the leaves only the nets, which the migrations make.
select format('default partition %s of %s', c.relname, i.inhparent::regclass)
  from relations c join pg_inherits i on i.inhrelid = c.oid
 where c.relispartition and c.relkind = 'r' and pg_get_expr(c.relpartbound, c.oid) = 'DEFAULT'
union all
select format('view %s %s', c.relname, md5(pg_get_viewdef(c.oid))) from relations c where c.relkind in ('v', 'm')
union all
select format('sequence %s %s start %s increment %s min %s max %s%s', c.relname, format_type(s.seqtypid, null), s.seqstart, s.seqincrement,
           s.seqmin, s.seqmax, case when s.seqcycle then ' cycle' else '' end)
  from relations c join pg_sequence s on s.seqrelid = c.oid
union all
select format('type %s %s', t.typname, t.typtype) from pg_type t
 where t.typnamespace = 'public'::regnamespace and t.typtype in ('d', 'e', 'r')
   and not exists (select from pg_depend d where d.classid = 'pg_type'::regclass and d.objid = t.oid and d.deptype = 'e')
union all
select format('column %s.%s %s%s%s%s%s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
           case when a.attcollation not in (0, t.typcollation) then ' collate ' || l.collname else '' end,
           case when a.attnotnull then ' not null' else '' end,
           case when a.attidentity <> '' then ' identity ' || a.attidentity::text else '' end,
           coalesce(case when a.attgenerated <> '' then ' generated ' else ' default ' end || pg_get_expr(d.adbin, d.adrelid), ''))
  from relations c
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  join pg_type t on t.oid = a.atttypid
  left join pg_collation l on l.oid = a.attcollation
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
 where c.relkind in ('r', 'p', 'f') and not c.relispartition
