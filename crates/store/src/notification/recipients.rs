//! Who is to be told of something: whoever has subscribed to what it is about, and may read it now.
//!
//! A subscription to a group or workspace counts for what is in it. It counts only while whoever holds it may
//! read what it is to: that something belongs there is told to nobody else.

use super::PreferencesRow;
use domain::connection::Channel;
use domain::notification::{Notice, Preferences};
use sqlx::PgExecutor;
use sqlx::types::chrono::NaiveTime;
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// A person who is told themselves.
#[derive(Clone, Debug)]
pub struct PersonToTell {
    pub person_id: Uuid,
    pub title: String,
    pub email: Option<String>,
    pub preferences: Preferences,
    /// Names of what it is about, as far as they may read it.
    pub systems: Vec<String>,
}

/// A connection that is told on somebody's subscription.
#[derive(Clone, Debug)]
pub struct ConnectionToTell {
    pub connection_id: Uuid,
    pub channel: Channel,
    pub title: String,
    pub subscriber_id: Uuid,
    /// The holder's, if a person holds the subscription.
    pub person_id: Option<Uuid>,
    pub preferences: Preferences,
    /// Names of what it is about, as far as all of those on whose behalf it is told may read it.
    pub systems: Vec<String>,
}

/// People whom a notice reaches by their own subscriptions or those of their teams, each once, by id.
pub async fn list_people_to_tell(
    db: impl PgExecutor<'_>,
    notice: &Notice,
    after: Option<Uuid>,
    systems_max: i64,
    limit: i64,
) -> Result<Vec<PersonToTell>> {
    let rows = sqlx::query!(
        r#"with recursive around(id) as (
             select unnest($2::uuid[])
             union
             select e.target_id from around a join edges e on e.source_id = a.id and e.kind = 'part_of'),
           subscribed as (
             -- By the index of targets, place for place (`offset 0`: nothing else is tried): there are few around, and
             -- many subscriptions in all.
             select s.* from around a cross join lateral (
               select s.target_id, s.subscriber_id, s.subscriber_kind from subscriptions s
                where s.target_id = a.id and s.connection_id is null and (s.kinds = '{}' or $3 = any(s.kinds)) offset 0) s
             union all
             select s.target_id, s.subscriber_id, s.subscriber_kind from subscriptions s
              where s.target_id is null and s.connection_id is null and (s.kinds = '{}' or $3 = any(s.kinds))),
           asked as (
             select subscriber_id as person_id, target_id from subscribed where subscriber_kind = 'person'
             union
             select m.source_id, s.target_id from subscribed s
               join edges m on m.target_id = s.subscriber_id and m.kind = 'member_of'
              where s.subscriber_kind = 'team')
           select p.node_id as "person_id!", n.title as "title!", p.email,
                  f.in_app as "in_app?", f.mail as "mail?", f.ntfy as "ntfy?", f.quiet_from, f.quiet_to, f.timezone,
                  array(select x.title from nodes x
                         where x.id = any($4) and x.id <> $1
                           and x.scope_id in (select r.scope_id from readable_scopes(p.node_id) r)
                         order by lower(x.title), x.id limit $7) as "systems!"
             from (select distinct person_id from asked a
                    where (a.target_id is null or exists (
                             select from nodes t where t.id = a.target_id
                                and t.scope_id in (select r.scope_id from readable_scopes(a.person_id) r)))
                      and $5 in (select r.scope_id from readable_scopes(a.person_id) r)
                      and ($6 <> 'internal' or exists (
                             select from scope_access g where g.scope_id = $5 and g.person_id = a.person_id and g.level >= 2))
                      and ($8::uuid is null or a.person_id > $8)) told
             join people p on p.node_id = told.person_id and not p.disabled
             join nodes n on n.id = p.node_id
             left join notification_preferences f on f.person_id = p.node_id
            order by p.node_id limit $9"#,
        notice.node_id,
        &about(notice),
        notice.kind.as_str(),
        &notice.about,
        notice.scope_id,
        notice.audience.as_str(),
        systems_max,
        after,
        limit
    )
    .fetch_all(db)
    .await?;
    let people = rows.into_iter().map(|r| PersonToTell {
        person_id: r.person_id,
        title: r.title,
        email: r.email,
        preferences: preferences(r.in_app, r.mail, r.ntfy, r.quiet_from, r.quiet_to, r.timezone),
        systems: r.systems,
    });
    Ok(people.collect())
}

/// The people among these, and the members of the teams among them, who may read this scope; without `but`, by id.
pub async fn list_named_people(
    db: impl PgExecutor<'_>,
    ids: &[Uuid],
    scope_id: Uuid,
    but: Option<Uuid>,
    limit: i64,
) -> Result<Vec<PersonToTell>> {
    let rows = sqlx::query!(
        r#"with named as (
             select unnest($1::uuid[]) as id
             union
             select m.source_id from edges m where m.target_id = any($1) and m.kind = 'member_of')
           select p.node_id as "person_id!", n.title as "title!", p.email,
                  f.in_app as "in_app?", f.mail as "mail?", f.ntfy as "ntfy?", f.quiet_from, f.quiet_to, f.timezone
             from named join people p on p.node_id = named.id and not p.disabled
             join nodes n on n.id = p.node_id
             left join notification_preferences f on f.person_id = p.node_id
            where p.node_id is distinct from $3 and exists (
                select from scopes s left join scope_access a on a.scope_id = s.node_id and a.person_id = p.node_id
                 where s.node_id = $2 and (s.visibility <> 'members' or a.level is not null))
            order by p.node_id limit $4"#,
        ids,
        scope_id,
        but,
        limit
    )
    .fetch_all(db)
    .await?;
    let people = rows.into_iter().map(|r| PersonToTell {
        person_id: r.person_id,
        title: r.title,
        email: r.email,
        preferences: preferences(r.in_app, r.mail, r.ntfy, r.quiet_from, r.quiet_to, r.timezone),
        systems: Vec::new(),
    });
    Ok(people.collect())
}

/// Connections that a notice reaches, each once. A connection carries what all of those may read on whose
/// behalf it does: of a team, every member. Whoever subscribed it must still be a member where it is.
pub async fn list_connections_to_tell(
    db: impl PgExecutor<'_>,
    notice: &Notice,
    systems_max: i64,
    limit: i64,
) -> Result<Vec<ConnectionToTell>> {
    let rows = sqlx::query_as!(
        ConnectionRow,
        r#"with recursive around(id) as (
             select unnest($2::uuid[])
             union
             select e.target_id from around a join edges e on e.source_id = a.id and e.kind = 'part_of'),
           subscribed as (
             -- As above.
             select s.* from around a cross join lateral (
               select s.* from subscriptions s
                where s.target_id = a.id and s.connection_id is not null and (s.kinds = '{}' or $3 = any(s.kinds)) offset 0) s
             union all
             select s.* from subscriptions s
              where s.target_id is null and s.connection_id is not null and (s.kinds = '{}' or $3 = any(s.kinds))),
           behalf as (
             select id, subscriber_id as person_id from subscribed where subscriber_kind = 'person'
             union all
             select s.id, m.source_id from subscribed s
               join edges m on m.target_id = s.subscriber_id and m.kind = 'member_of'
              where s.subscriber_kind = 'team'),
           allowed as (
             select s.id, s.connection_id, s.subscriber_id, s.subscriber_kind, c.channel, k.title, k.scope_id
               from subscribed s
               join connections c on c.node_id = s.connection_id and c.enabled join nodes k on k.id = c.node_id
              where exists (select from behalf b join people p on p.node_id = b.person_id and not p.disabled where b.id = s.id)
                and not exists (
                  select from behalf b join people p on p.node_id = b.person_id and not p.disabled
                   where b.id = s.id
                     and not ($5 in (select r.scope_id from readable_scopes(b.person_id) r)
                              and ($6 <> 'internal' or exists (
                                    select from scope_access g where g.scope_id = $5 and g.person_id = b.person_id and g.level >= 2))
                              and (s.target_id is null or exists (
                                    select from nodes t where t.id = s.target_id
                                       and t.scope_id in (select r.scope_id from readable_scopes(b.person_id) r)))))
                and exists (
                  select from scope_access g
                   where g.scope_id = k.scope_id and g.level >= 2
                     and g.person_id = case when s.subscriber_kind = 'person' then s.subscriber_id else s.created_by end))
           select distinct on (a.connection_id) a.connection_id as "connection_id!", a.channel as "channel!", a.title as "title!",
                  a.subscriber_id as "subscriber_id!",
                  case when a.subscriber_kind = 'person' then a.subscriber_id end as person_id,
                  f.in_app as "in_app?", f.mail as "mail?", f.ntfy as "ntfy?", f.quiet_from, f.quiet_to, f.timezone,
                  array(select x.title from nodes x
                         where x.id = any($4) and x.id <> $1
                           and not exists (
                             select from behalf b join people p on p.node_id = b.person_id and not p.disabled
                              where b.id = a.id and x.scope_id not in (select r.scope_id from readable_scopes(b.person_id) r))
                         order by lower(x.title), x.id limit $7) as "systems!"
             from allowed a
             left join notification_preferences f on a.subscriber_kind = 'person' and f.person_id = a.subscriber_id
            order by a.connection_id, a.id limit $8"#,
        notice.node_id,
        &about(notice),
        notice.kind.as_str(),
        &notice.about,
        notice.scope_id,
        notice.audience.as_str(),
        systems_max,
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().filter_map(ConnectionRow::into_connection).collect())
}

/// A connection as it is read.
struct ConnectionRow {
    connection_id: Uuid,
    channel: String,
    title: String,
    subscriber_id: Uuid,
    person_id: Option<Uuid>,
    in_app: Option<bool>,
    mail: Option<bool>,
    ntfy: Option<bool>,
    quiet_from: Option<NaiveTime>,
    quiet_to: Option<NaiveTime>,
    timezone: Option<String>,
    systems: Vec<String>,
}

impl ConnectionRow {
    /// `None`: by a channel that this version does not know.
    fn into_connection(self) -> Option<ConnectionToTell> {
        Some(ConnectionToTell {
            connection_id: self.connection_id,
            channel: Channel::parse(&self.channel)?,
            title: self.title,
            subscriber_id: self.subscriber_id,
            person_id: self.person_id,
            preferences: preferences(self.in_app, self.mail, self.ntfy, self.quiet_from, self.quiet_to, self.timezone),
            systems: self.systems,
        })
    }
}

/// The mail server by which people are told about a node: of the workspace around it, else of the instance.
/// Answers the connection and what it sends from.
pub async fn find_mail_connection(db: impl PgExecutor<'_>, node_id: Uuid) -> Result<Option<(Uuid, String)>> {
    let row = sqlx::query!(
        r#"with recursive around(id, depth) as (
             select $1::uuid, 0
             union all
             select e.target_id, a.depth + 1 from around a join edges e on e.source_id = a.id and e.kind = 'part_of'
              where a.depth < 64)
           select c.node_id as "id!", c.sender as "sender!"
             from around a
             join edges p on p.target_id = a.id and p.kind = 'part_of'
             join connections c on c.node_id = p.source_id and c.channel = 'smtp' and c.enabled
             join nodes n on n.id = c.node_id
            order by a.depth, n.created_at, c.node_id limit 1"#,
        node_id
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|r| (r.id, r.sender)))
}

fn about(notice: &Notice) -> Vec<Uuid> {
    let mut all = notice.about.clone();
    all.push(notice.node_id);
    all
}

fn preferences(
    in_app: Option<bool>,
    mail: Option<bool>,
    ntfy: Option<bool>,
    quiet_from: Option<NaiveTime>,
    quiet_to: Option<NaiveTime>,
    timezone: Option<String>,
) -> Preferences {
    PreferencesRow { in_app, mail, ntfy, quiet_from, quiet_to, timezone }.into_preferences()
}

/// Whether a delivery may still go out: whom it is for may read what it is about, and its words. To who follows a
/// status page, while everybody may read it; and before they have confirmed, what asks them to.
pub async fn may_still_be_told(db: impl PgExecutor<'_>, delivery_id: Uuid) -> Result<bool> {
    sqlx::query_scalar!(
        r#"with d as (select d.*, n.scope_id from deliveries d join nodes n on n.id = d.node_id where d.id = $1),
           behalf as (
             select d.person_id from d where d.person_id is not null
             union
             select m.source_id from d join edges m on m.target_id = d.subscriber_id and m.kind = 'member_of'
              where d.person_id is null)
           select exists (
             select from d join status_subscribers t on t.id = d.status_subscriber_id
               join status_pages p on p.node_id = t.page_id and p.published
               join scopes s on s.node_id = t.page_id and s.visibility = 'public'
              where t.confirmed_at is not null or d.kind = 'status_confirmation')
           or exists (select from behalf) and not exists (
             select from d cross join behalf b
              where not (d.scope_id in (select r.scope_id from readable_scopes(b.person_id) r)
                         and (d.audience <> 'internal' or exists (
                               select from scope_access g
                                where g.scope_id = d.scope_id and g.person_id = b.person_id and g.level >= 2)))) as "may!""#,
        delivery_id
    )
    .fetch_one(db)
    .await
}
