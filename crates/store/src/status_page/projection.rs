//! What a page tells: the one place that reads it from the graph. Everything here is by way of the page's entries:
//! a system that is on no entry, an update that is not for everybody, a person, a cause or a reason is not selected.

use crate::node::unknown;
use chrono::{Days, NaiveDate};
use domain::access::Visibility;
use domain::incident::IncidentState;
use domain::limits::{STATUS_AHEAD_MAX, STATUS_NOTICES_MAX, STATUS_SYSTEMS_MAX, STATUS_UPDATES_MAX};
use domain::maintenance::MaintenanceState;
use domain::status_page::{Day, Notice, NoticeKind, NoticeUpdate, Section, Shown, StatusView, shown_state};
use domain::system::State;
use sqlx::PgConnection;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// What the page with this slug says, if it is published; whoever asks: whether they may is for the caller to know.
/// In a transaction of one snapshot it is of one moment.
pub async fn find_status_view(db: &mut PgConnection, slug: &str) -> Result<Option<StatusView>> {
    let page = sqlx::query!(
        r#"select p.node_id, p.slug, n.title, p.headline, p.show_history_days, s.visibility,
                  (statement_timestamp() at time zone 'UTC')::date as "today!"
             from status_pages p join nodes n on n.id = p.node_id join scopes s on s.node_id = p.node_id
            where p.slug = $1 and p.published"#,
        slug
    )
    .fetch_optional(&mut *db)
    .await?;
    let Some(page) = page else { return Ok(None) };
    let visibility = Visibility::parse(&page.visibility).ok_or_else(|| unknown("visibility", &page.visibility))?;
    let systems = list_shown(db, page.node_id).await?;
    let ids: Vec<Uuid> = systems.iter().map(|system| system.id).collect();
    let days = list_days(db, &ids, page.today, page.show_history_days).await?;
    let notices = list_notices(db, &systems, &ids, page.show_history_days).await?;
    let under = list_under_maintenance(db, &ids).await?;
    let has_mail = crate::notification::find_mail_connection(&mut *db, page.node_id).await?.is_some();
    let sections = sections(&systems, &under, &days);
    Ok(Some(StatusView {
        page_id: page.node_id,
        slug: page.slug,
        title: page.title,
        headline: page.headline,
        visibility,
        has_mail,
        today: page.today,
        history_days: page.show_history_days,
        sections,
        notices,
    }))
}

/// A system on the page.
struct ShownRow {
    id: Uuid,
    entry_id: Uuid,
    /// Of the group it is shown with.
    section: Option<String>,
    label: String,
    state: State,
    is_checked: bool,
}

async fn list_shown(db: &mut PgConnection, page_id: Uuid) -> Result<Vec<ShownRow>> {
    let rows = sqlx::query!(
        r#"select x.system_id as "id!", e.id as entry_id,
                  case when t.kind = 'group' then coalesce(e.attrs ->> 'label', t.title) end as section,
                  case when t.kind = 'system' then coalesce(e.attrs ->> 'label', n.title) else n.title end as "label!",
                  s.effective_state as "state!",
                  ((s.enabled and s.check_spec is not null) or s.effective_state <> s.state) as "is_checked!"
             from shown_systems($1) x
             join edges e on e.id = x.entry_id
             join nodes t on t.id = e.target_id
             join nodes n on n.id = x.system_id
             join systems s on s.node_id = n.id
            order by entry_position(e.attrs), lower(t.title), e.id, n.position, lower(n.title), n.id
            limit $2"#,
        page_id,
        STATUS_SYSTEMS_MAX
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(ShownRow {
                id: row.id,
                entry_id: row.entry_id,
                section: row.section,
                label: row.label,
                state: State::parse(&row.state).ok_or_else(|| unknown("state", &row.state))?,
                is_checked: row.is_checked,
            })
        })
        .collect()
}

/// Those of these systems that a window affects now.
async fn list_under_maintenance(db: &mut PgConnection, ids: &[Uuid]) -> Result<HashSet<Uuid>> {
    let ids = sqlx::query_scalar!(
        r#"select distinct a.system_id as "system_id!" from affecting($1) a join maintenances m on m.node_id = a.node_id
            where m.state in ('in_progress', 'verifying') or (m.state = 'scheduled' and m.starts_at <= statement_timestamp())"#,
        ids
    )
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().collect())
}

/// Runs and failures by system and day, where there are any.
type Found = HashMap<(Uuid, NaiveDate), (i32, i32)>;

struct DayTable {
    found: Found,
    dates: Vec<NaiveDate>,
}

async fn list_days(db: &mut PgConnection, ids: &[Uuid], today: NaiveDate, days: i32) -> Result<DayTable> {
    let days = u64::try_from(days).unwrap_or(0);
    let dates: Vec<NaiveDate> = (0..days).rev().filter_map(|ago| today.checked_sub_days(Days::new(ago))).collect();
    let Some(first) = dates.first() else { return Ok(DayTable { found: HashMap::new(), dates }) };
    let rows = sqlx::query!(
        r#"select system_id, (starts_at at time zone 'UTC')::date as "date!", runs, failures from check_rollups
            where system_id = any($1) and span = 'day' and starts_at >= ($2::date)::timestamp at time zone 'UTC'"#,
        ids,
        *first
    )
    .fetch_all(db)
    .await?;
    Ok(DayTable { found: rows.into_iter().map(|row| ((row.system_id, row.date), (row.runs, row.failures))).collect(), dates })
}

fn sections(systems: &[ShownRow], under: &HashSet<Uuid>, days: &DayTable) -> Vec<Section> {
    let mut sections: Vec<(Option<Uuid>, Section)> = Vec::new();
    for row in systems {
        let of_day = |date: &NaiveDate| {
            let (runs, failures) = days.found.get(&(row.id, *date)).copied().unwrap_or_default();
            Day { date: *date, runs, failures }
        };
        let shown = Shown {
            label: row.label.clone(),
            state: shown_state(row.state, row.is_checked, under.contains(&row.id)),
            days: days.dates.iter().map(of_day).collect(),
        };
        // Systems that are named one by one, one after the other, stand together.
        let key = row.section.as_ref().map(|_| row.entry_id);
        match sections.last_mut() {
            Some((same, section)) if *same == key => section.systems.push(shown),
            _ => sections.push((key, Section { title: row.section.clone(), systems: vec![shown] })),
        }
    }
    sections.into_iter().map(|(_, section)| section).collect()
}

/// What goes on, what is planned (the next first), what was (the last first); of incidents and maintenances.
async fn list_notices(db: &mut PgConnection, systems: &[ShownRow], ids: &[Uuid], days: i32) -> Result<Vec<Notice>> {
    let mut notices = list_incidents(db, systems, ids, days).await?;
    notices.extend(list_maintenances(db, systems, ids, days).await?);
    let notice_ids: Vec<Uuid> = notices.iter().map(|notice| notice.id).collect();
    let mut updates = list_public_updates(db, &notice_ids).await?;
    for notice in &mut notices {
        notice.updates = updates.remove(&notice.id).unwrap_or_default();
    }
    // Stable: each list has its order already; what is over is one list.
    let over = |notice: &Notice| if notice.is_over { notice.ends_at } else { None };
    notices.sort_by_key(|notice| (!notice.is_active, notice.is_over, std::cmp::Reverse(over(notice))));
    Ok(notices)
}

async fn list_maintenances(db: &mut PgConnection, systems: &[ShownRow], ids: &[Uuid], days: i32) -> Result<Vec<Notice>> {
    let rows = sqlx::query!(
        r#"select m.node_id, n.title, n.created_at, m.state, m.starts_at, m.ends_at, m.finished_at, m.fence,
                  (m.state in ('in_progress', 'verifying') or (m.state = 'scheduled' and m.starts_at <= statement_timestamp())) as "is_active!",
                  a.ids as "affects!"
             from (select x.node_id, array_agg(x.system_id) as ids from affecting($1) x group by x.node_id) a
             join maintenances m on m.node_id = a.node_id join nodes n on n.id = m.node_id
            where m.state in ('in_progress', 'verifying')
               or (m.state = 'scheduled' and m.starts_at < statement_timestamp() + make_interval(secs => $2))
               or m.finished_at > statement_timestamp() - make_interval(days => $3)
            order by m.finished_at is not null, case when m.finished_at is null then m.starts_at end, m.finished_at desc, m.node_id
            limit $4"#,
        ids,
        STATUS_AHEAD_MAX.as_secs_f64(),
        days,
        STATUS_NOTICES_MAX
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let state = MaintenanceState::parse(&row.state).ok_or_else(|| unknown("state", &row.state))?;
            Ok(Notice {
                id: row.node_id,
                kind: NoticeKind::Maintenance,
                title: row.title,
                state: state.as_str().to_owned(),
                announced_at: row.created_at,
                starts_at: row.starts_at,
                ends_at: Some(row.ends_at),
                is_active: row.is_active,
                is_over: state.is_over(),
                sequence: row.fence,
                affects: labels(systems, &row.affects),
                updates: Vec::new(),
            })
        })
        .collect()
}

/// Those that are open, and those that were resolved within the page's history.
async fn list_incidents(db: &mut PgConnection, systems: &[ShownRow], ids: &[Uuid], days: i32) -> Result<Vec<Notice>> {
    let rows = sqlx::query!(
        r#"select i.node_id, n.title, n.created_at, i.state, i.started_at, i.resolved_at, i.fence, i.automatic, a.ids as "affects!"
             from (select x.node_id, array_agg(x.system_id) as ids from affecting($1) x group by x.node_id) a
             join incidents i on i.node_id = a.node_id join nodes n on n.id = i.node_id
            where i.state <> 'resolved' or i.resolved_at > statement_timestamp() - make_interval(days => $2)
            order by i.resolved_at is not null, coalesce(i.resolved_at, i.started_at) desc, i.node_id
            limit $3"#,
        ids,
        days,
        STATUS_NOTICES_MAX
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let state = IncidentState::parse(&row.state).ok_or_else(|| unknown("state", &row.state))?;
            let affects = labels(systems, &row.affects);
            Ok(Notice {
                id: row.node_id,
                kind: NoticeKind::Incident,
                // A rule names its cause, by a title that need not be the page's, if it is on the page at all.
                title: if row.automatic { affects.join(", ") } else { row.title },
                state: state.as_str().to_owned(),
                announced_at: row.created_at,
                starts_at: row.started_at,
                ends_at: row.resolved_at,
                is_active: state != IncidentState::Resolved,
                is_over: state == IncidentState::Resolved,
                sequence: row.fence,
                affects,
                updates: Vec::new(),
            })
        })
        .collect()
}

/// As the page calls them, in its order, each once.
fn labels(systems: &[ShownRow], ids: &[Uuid]) -> Vec<String> {
    let mut labels: Vec<String> = Vec::new();
    for system in systems.iter().filter(|system| ids.contains(&system.id)) {
        if !labels.contains(&system.label) {
            labels.push(system.label.clone());
        }
    }
    labels
}

/// What everybody was told, newest first.
async fn list_public_updates(db: &mut PgConnection, ids: &[Uuid]) -> Result<HashMap<Uuid, Vec<NoticeUpdate>>> {
    let rows = sqlx::query!(
        r#"select u.node_id, u.id, u.at, u.message, u.state_change
             from unnest($1::uuid[]) m(id)
             cross join lateral (
               select * from timeline_updates u where u.node_id = m.id and u.audience = 'public'
                order by u.at desc, u.id desc limit $2) u
            order by u.at desc, u.id desc"#,
        ids,
        STATUS_UPDATES_MAX
    )
    .fetch_all(db)
    .await?;
    let mut by_notice: HashMap<Uuid, Vec<NoticeUpdate>> = HashMap::new();
    for row in rows {
        let update = NoticeUpdate { id: row.id, at: row.at, message: row.message, state: row.state_change };
        by_notice.entry(row.node_id).or_default().push(update);
    }
    Ok(by_notice)
}
