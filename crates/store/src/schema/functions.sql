-- Functions: what they take and answer, how they run, and their source as a digest.
select format('function %s(%s) %s %s %s%s%s%s%s%s source %s', p.proname, pg_get_function_arguments(p.oid),
           coalesce('returns ' || pg_get_function_result(p.oid), 'procedure'), l.lanname,
           case p.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end,
           case when p.proisstrict then ' strict' else '' end,
           case when p.prosecdef then ' security definer' else '' end,
           case p.proparallel when 's' then ' parallel safe' when 'r' then ' parallel restricted' else '' end,
           coalesce((select string_agg(' set ' || s, '' order by s) from unnest(p.proconfig) s), ''),
           case when exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a where a.grantee = 0)
                then ' execute by all' else '' end,
           md5(p.prosrc)) as "line!"
  from pg_proc p join pg_language l on l.oid = p.prolang
 where p.pronamespace = 'public'::regnamespace
   and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
