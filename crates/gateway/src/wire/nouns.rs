//! Typed forms of nodes: a node's own fields and its facet's, flat.

use domain::Visibility;
use domain::check::CheckSpec;
use domain::intention::present;
use domain::link::Link;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

/// A new workspace. It is a scope root, and whoever makes it owns it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewWorkspace {
    /// Made by the caller, if at all.
    #[schema(nullable = false)]
    pub(crate) id: Option<Uuid>,
    #[schema(min_length = 1, max_length = 200, example = "Payments")]
    pub(crate) title: String,
    /// Markdown.
    #[serde(default)]
    pub(crate) body: String,
    #[serde(default)]
    pub(crate) attrs: Map<String, Value>,
    /// By default `members`.
    #[schema(nullable = false)]
    pub(crate) visibility: Option<Visibility>,
    #[schema(nullable = false)]
    pub(crate) isolated: Option<bool>,
}

/// A new group, in a workspace or another group. With `visibility` or `isolated` it becomes a
/// scope root.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewGroup {
    /// Made by the caller, if at all.
    #[schema(nullable = false)]
    pub(crate) id: Option<Uuid>,
    pub(crate) parent_id: Uuid,
    #[schema(min_length = 1, max_length = 200, example = "Databases")]
    pub(crate) title: String,
    /// Markdown.
    #[serde(default)]
    pub(crate) body: String,
    #[serde(default)]
    pub(crate) attrs: Map<String, Value>,
    /// Among its neighbours; by default 0, and equals go by title.
    #[schema(nullable = false)]
    pub(crate) position: Option<i32>,
    #[schema(nullable = false)]
    pub(crate) visibility: Option<Visibility>,
    #[schema(nullable = false)]
    pub(crate) isolated: Option<bool>,
}

/// A new environment, in a workspace or the instance.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewEnvironment {
    /// Made by the caller, if at all.
    #[schema(nullable = false)]
    pub(crate) id: Option<Uuid>,
    pub(crate) parent_id: Uuid,
    #[schema(min_length = 1, max_length = 200, example = "Production")]
    pub(crate) title: String,
    /// Markdown.
    #[serde(default)]
    pub(crate) body: String,
    #[serde(default)]
    pub(crate) attrs: Map<String, Value>,
}

/// Changes of an environment; absent fields stay. `parent_id` moves it, and goes alone.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnvironmentChange {
    #[schema(nullable = false)]
    pub(crate) title: Option<String>,
    #[schema(nullable = false)]
    pub(crate) body: Option<String>,
    #[schema(nullable = false)]
    pub(crate) attrs: Option<Map<String, Value>>,
    #[schema(nullable = false)]
    pub(crate) parent_id: Option<Uuid>,
}

/// A new team.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTeam {
    /// Made by the caller, if at all.
    #[schema(nullable = false)]
    pub(crate) id: Option<Uuid>,
    /// A workspace; by default the instance, where everybody may meet the team.
    #[schema(nullable = false)]
    pub(crate) parent_id: Option<Uuid>,
    #[schema(min_length = 1, max_length = 200, example = "On call")]
    pub(crate) title: String,
    /// Markdown.
    #[serde(default)]
    pub(crate) body: String,
    #[serde(default)]
    pub(crate) attrs: Map<String, Value>,
}

/// A new person. A password comes later, by a sign-in link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPerson {
    /// Made by the caller, if at all.
    #[schema(nullable = false)]
    pub(crate) id: Option<Uuid>,
    #[schema(min_length = 1, max_length = 200, example = "Kari Nordmann")]
    pub(crate) title: String,
    /// Markdown.
    #[serde(default)]
    pub(crate) body: String,
    #[serde(default)]
    pub(crate) attrs: Map<String, Value>,
    /// 1 to 64 lower-case letters, digits or `._@+-`.
    #[schema(example = "kari")]
    pub(crate) login: String,
    pub(crate) email: Option<String>,
}

/// A new system, in a workspace or a group.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSystem {
    /// Made by the caller, if at all.
    #[schema(nullable = false)]
    pub(crate) id: Option<Uuid>,
    pub(crate) parent_id: Uuid,
    #[schema(min_length = 1, max_length = 200, example = "Checkout")]
    pub(crate) title: String,
    /// Markdown.
    #[serde(default)]
    pub(crate) body: String,
    #[serde(default)]
    pub(crate) attrs: Map<String, Value>,
    /// Null or absent: it is not checked.
    pub(crate) check: Option<CheckSpec>,
    /// By default true.
    #[schema(nullable = false)]
    pub(crate) enabled: Option<bool>,
    /// By default 60.
    #[schema(nullable = false, minimum = 5, maximum = 86400)]
    pub(crate) interval_s: Option<i32>,
    /// By default 5000.
    #[schema(nullable = false, minimum = 100, maximum = 60000)]
    pub(crate) timeout_ms: Option<i32>,
    /// By default 3.
    #[schema(nullable = false, minimum = 1, maximum = 20)]
    pub(crate) failures_to_down: Option<i16>,
    /// Of a `postgres` check; stored apart and never answered.
    #[schema(nullable = false, format = Password)]
    pub(crate) password: Option<String>,
    #[schema(nullable = false, max_items = 20)]
    pub(crate) links: Option<Vec<Link>>,
    /// Down for so long it gets an incident by itself; by default never.
    #[schema(minimum = 0, maximum = 86400)]
    pub(crate) incident_after_s: Option<i32>,
    /// That ends when it is up again; by default false.
    #[schema(nullable = false)]
    pub(crate) incident_auto_resolve: Option<bool>,
}

/// Changes of a group; absent fields stay. `parent_id` moves it, and goes alone.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupChange {
    #[schema(nullable = false)]
    pub(crate) title: Option<String>,
    #[schema(nullable = false)]
    pub(crate) body: Option<String>,
    #[schema(nullable = false)]
    pub(crate) attrs: Option<Map<String, Value>>,
    /// Among its neighbours; equals go by title.
    #[schema(nullable = false)]
    pub(crate) position: Option<i32>,
    #[schema(nullable = false)]
    pub(crate) parent_id: Option<Uuid>,
    #[schema(nullable = false)]
    pub(crate) visibility: Option<Visibility>,
    #[schema(nullable = false)]
    pub(crate) isolated: Option<bool>,
}

/// Changes of a workspace; absent fields stay.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScopeChange {
    #[schema(nullable = false)]
    pub(crate) title: Option<String>,
    #[schema(nullable = false)]
    pub(crate) body: Option<String>,
    #[schema(nullable = false)]
    pub(crate) attrs: Option<Map<String, Value>>,
    #[schema(nullable = false)]
    pub(crate) parent_id: Option<Uuid>,
    #[schema(nullable = false)]
    pub(crate) visibility: Option<Visibility>,
    #[schema(nullable = false)]
    pub(crate) isolated: Option<bool>,
}

/// Changes of a team; absent fields stay. `parent_id` moves it, and goes alone.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TeamChange {
    #[schema(nullable = false)]
    pub(crate) title: Option<String>,
    #[schema(nullable = false)]
    pub(crate) body: Option<String>,
    #[schema(nullable = false)]
    pub(crate) attrs: Option<Map<String, Value>>,
    #[schema(nullable = false)]
    pub(crate) parent_id: Option<Uuid>,
}

/// Changes of a person; absent fields stay. `disabled` signs out everywhere.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PersonChange {
    #[schema(nullable = false)]
    pub(crate) title: Option<String>,
    #[schema(nullable = false)]
    pub(crate) body: Option<String>,
    #[schema(nullable = false)]
    pub(crate) attrs: Option<Map<String, Value>>,
    #[schema(nullable = false)]
    pub(crate) login: Option<String>,
    /// Null clears it.
    #[serde(default, with = "present")]
    #[schema(value_type = Option<String>)]
    pub(crate) email: Option<Option<String>>,
    #[schema(nullable = false)]
    pub(crate) disabled: Option<bool>,
}

/// Changes of a system; absent fields stay. `parent_id` moves it, and goes alone. Another check
/// begins without the password of the one before.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SystemChange {
    #[schema(nullable = false)]
    pub(crate) title: Option<String>,
    #[schema(nullable = false)]
    pub(crate) body: Option<String>,
    #[schema(nullable = false)]
    pub(crate) attrs: Option<Map<String, Value>>,
    #[schema(nullable = false)]
    pub(crate) parent_id: Option<Uuid>,
    /// Null: no longer checked.
    #[serde(default, with = "present")]
    #[schema(value_type = Option<CheckSpec>)]
    pub(crate) check: Option<Option<CheckSpec>>,
    #[schema(nullable = false)]
    pub(crate) enabled: Option<bool>,
    #[schema(nullable = false, minimum = 5, maximum = 86400)]
    pub(crate) interval_s: Option<i32>,
    #[schema(nullable = false, minimum = 100, maximum = 60000)]
    pub(crate) timeout_ms: Option<i32>,
    #[schema(nullable = false, minimum = 1, maximum = 20)]
    pub(crate) failures_to_down: Option<i16>,
    /// Of a `postgres` check; stored apart and never answered.
    #[schema(nullable = false, format = Password)]
    pub(crate) password: Option<String>,
    /// Down for so long it gets an incident by itself; null: never.
    #[serde(default, with = "present")]
    #[schema(value_type = Option<i32>, minimum = 0, maximum = 86400)]
    pub(crate) incident_after_s: Option<Option<i32>>,
    /// That ends when it is up again.
    #[schema(nullable = false)]
    pub(crate) incident_auto_resolve: Option<bool>,
}
