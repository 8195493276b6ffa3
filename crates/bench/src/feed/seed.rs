//! Who and what there is: workspaces with systems and members, and one public workspace.

use crate::load::Member;
use crate::machine::Postgres;
use sqlx::Row;
use std::net::SocketAddr;
use store::bootstrap::DATABASE;
use uuid::Uuid;

/// Of each workspace.
const SYSTEMS_PER_SCOPE: u32 = 50;
/// In the public workspace: the stream that everybody follows. So many that no writer comes back to
/// one while another, held up, is still at it: the feed would tell both changes as one.
const GROUPS: u32 = 512;
/// Of a person who may write everywhere.
pub(crate) const WRITER_TOKEN: &str = "syn_bench_writer";
pub(crate) const LIVE_PATH: &str = "/api/v1/live";

/// How many people, spread evenly over how many workspaces.
pub(crate) struct Shape {
    pub(crate) scopes: u32,
    pub(crate) people: u32,
}

impl Shape {
    /// How many see a change of a system.
    pub(crate) fn audience(&self) -> u32 {
        self.people / self.scopes
    }
}

/// A node and its version.
#[derive(Clone, Copy)]
pub(crate) struct Target {
    pub(crate) id: Uuid,
    pub(crate) version: i64,
}

/// Fills the product's database.
pub(crate) async fn fill(postgres: &Postgres, shape: &Shape) -> anyhow::Result<()> {
    let (scopes, people, systems) = (shape.scopes, shape.people, shape.scopes * SYSTEMS_PER_SCOPE);
    let instance = domain::node::INSTANCE_ID;
    // Ids are made from names, so that edges know their ends.
    let place = |kind: &str, count: u32, parent: &str| {
        format!(
            "insert into edges (id, kind, source_id, target_id)
               select md5('{kind} place '||n)::uuid, 'part_of', md5('{kind} '||n)::uuid, {parent} from generate_series(1, {count}) n;"
        )
    };
    let nodes = |kind: &str, count: u32, body: &str| {
        format!(
            "insert into nodes (id, kind, title, body)
               select md5('{kind} '||n)::uuid, '{kind}', initcap('{kind}')||' '||n, {body} from generate_series(1, {count}) n;"
        )
    };
    // About as much text as people write.
    let body = "rpad('Runs behind the balancer, on the second shelf. ', 200, 'Call the owner first. ')";
    let in_scope = |n: &str| format!("md5('workspace '||(1 + {n} % {scopes}))::uuid");
    let the_instance = format!("'{instance}'::uuid");
    let public = scopes + 1;
    let statements = [
        "begin;".to_owned(),
        nodes("workspace", public, "''"),
        place("workspace", public, &the_instance),
        format!("update scopes set visibility = 'public' where node_id = md5('workspace {public}')::uuid;"),
        nodes("system", systems, body),
        place("system", systems, &in_scope("n")),
        format!("insert into systems (node_id) select md5('system '||n)::uuid from generate_series(1, {systems}) n;"),
        nodes("group", GROUPS, body),
        place("group", GROUPS, &format!("md5('workspace {public}')::uuid")),
        nodes("person", people + 1, "''"),
        place("person", people + 1, &the_instance),
        format!(
            "insert into people (node_id, login) select md5('person '||n)::uuid, 'person-'||n from generate_series(1, {people} + 1) n;
             insert into accounts (person_id) select node_id from people;
             insert into edges (id, kind, source_id, target_id)
               select md5('member '||n)::uuid, 'member_of', md5('person '||n)::uuid, {} from generate_series(1, {people}) n;
             insert into edges (id, kind, source_id, target_id)
               values (gen_random_uuid(), 'owner', md5('person '||({people} + 1))::uuid, {the_instance});
             insert into api_tokens (id, token_hash, person_id, name, access)
               select gen_random_uuid(), sha256(convert_to('syn_bench_'||n, 'UTF8')), md5('person '||n)::uuid, 'bench', 'read'
                 from generate_series(1, {people}) n;
             insert into api_tokens (id, token_hash, person_id, name, access)
               values (gen_random_uuid(), sha256(convert_to('{WRITER_TOKEN}', 'UTF8')), md5('person '||({people} + 1))::uuid, 'bench', 'write');",
            in_scope("n")
        ),
        "commit;".to_owned(),
        // As upkeep makes them: the variants that no server runs on have them too.
        "do $$ begin while keep_partitions('change_log', interval '48 hours') is not null loop end loop; end $$;".to_owned(),
    ];
    postgres.run(DATABASE, &statements.concat()).await?;
    postgres.run(DATABASE, "vacuum analyze").await
}

/// The systems, or the groups of the public workspace, as they are now, in a fixed order.
pub(crate) async fn targets(postgres: &Postgres, database: &str, kind: &str) -> anyhow::Result<Vec<Target>> {
    let mut db = postgres.superuser(database).await?;
    let rows = sqlx::query("select id, version from nodes where kind = $1 order by id").bind(kind).fetch_all(&mut db).await?;
    rows.iter().map(|row| Ok(Target { id: row.try_get("id")?, version: row.try_get("version")? })).collect()
}

/// The first `count` people as subscribers: everybody follows the systems that they may see, and the
/// public stream. Each in turn at another of `servers`.
pub(crate) fn members(count: u32, servers: &[SocketAddr]) -> Vec<Member> {
    let topics = vec!["kind:system".to_owned(), "kind:group".to_owned()];
    let member = |(n, address): (u32, &SocketAddr)| Member {
        address: *address,
        path: LIVE_PATH,
        token: Some(format!("syn_bench_{n}")),
        topics: topics.clone(),
    };
    (1..=count).zip(servers.iter().cycle()).map(member).collect()
}
