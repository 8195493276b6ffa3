//! Status pages. What a page may tell of the graph is read in `projection.rs`, and nowhere else.

mod projection;
mod subscriber;

pub use projection::find_status_view;
pub use subscriber::{
    Confirmed, Follower, PageToTell, Subscriber, SubscriberCounts, confirm_subscriber, count_subscribers,
    delete_oldest_unconfirmed, delete_subscriber, delete_subscriber_of, delete_unconfirmed, list_followers, list_pages_to_tell,
    list_subscribers, upsert_subscriber,
};

use domain::access::Visibility;
use domain::status_page::{StatusPage, StatusPagePatch};
use serde::Deserialize;
use sqlx::PgExecutor;
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// A row of `status_pages` as PostgreSQL writes it in JSON: one column of a node's row.
#[derive(Deserialize)]
pub(crate) struct StatusPageRow {
    slug: String,
    headline: String,
    show_history_days: i32,
    published: bool,
}

impl From<StatusPageRow> for StatusPage {
    fn from(row: StatusPageRow) -> Self {
        let StatusPageRow { slug, headline, show_history_days, published } = row;
        Self { slug, headline, show_history_days, published }
    }
}

/// The facet of a new node. The slug is given; what else is absent has its default.
pub async fn insert_status_page(db: impl PgExecutor<'_>, id: Uuid, slug: &str, patch: &StatusPagePatch) -> Result<()> {
    sqlx::query!(
        "insert into status_pages (node_id, slug, headline, show_history_days, published)
         values ($1, $2, coalesce($3, ''), coalesce($4, 90), coalesce($5, false))",
        id,
        slug,
        patch.headline,
        patch.show_history_days,
        patch.published
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Sets what is given.
pub async fn update_status_page(db: impl PgExecutor<'_>, id: Uuid, patch: &StatusPagePatch) -> Result<()> {
    sqlx::query!(
        "update status_pages set slug = coalesce($2, slug), headline = coalesce($3, headline),
           show_history_days = coalesce($4, show_history_days), published = coalesce($5, published)
         where node_id = $1",
        id,
        patch.slug,
        patch.headline,
        patch.show_history_days,
        patch.published
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Where a published page is, and who may read it.
pub struct Address {
    pub page_id: Uuid,
    pub visibility: Visibility,
}

/// The published page with this slug, whoever asks.
pub async fn find_status_page(db: impl PgExecutor<'_>, slug: &str) -> Result<Option<Address>> {
    let row = sqlx::query!(
        "select p.node_id, s.visibility from status_pages p join scopes s on s.node_id = p.node_id
          where p.slug = $1 and p.published",
        slug
    )
    .fetch_optional(db)
    .await?;
    row.map(|row| {
        let visibility = Visibility::parse(&row.visibility).ok_or_else(|| crate::node::unknown("visibility", &row.visibility))?;
        Ok(Address { page_id: row.node_id, visibility })
    })
    .transpose()
}

/// An entry of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub edge_id: Uuid,
    pub target_id: Uuid,
    pub kind: String,
    pub title: String,
    pub label: Option<String>,
    pub position: i32,
    /// Whether `reader` may see what it shows.
    pub is_readable: bool,
}

/// The entries of a page in their order, as `reader` may see them. There are at most some hundreds.
pub async fn list_entries(db: impl PgExecutor<'_>, reader: Option<Uuid>, page_id: Uuid) -> Result<Vec<Entry>> {
    sqlx::query_as!(
        Entry,
        r#"select e.id as edge_id, e.target_id, n.kind, n.title, e.attrs ->> 'label' as label,
                  entry_position(e.attrs) as "position!",
                  (n.scope_id in (select r.scope_id from readable_scopes($1) r)) as "is_readable!"
             from edges e join nodes n on n.id = e.target_id
            where e.source_id = $2 and e.kind = 'shows'
            order by entry_position(e.attrs), lower(n.title), e.id"#,
        reader,
        page_id
    )
    .fetch_all(db)
    .await
}
