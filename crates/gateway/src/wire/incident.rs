//! Incidents: what is asked, and what a node of the kind has besides.

use chrono::{DateTime, Utc};
use domain::Intention;
use domain::incident::{HealthOverride, Incident, IncidentPatch, IncidentState, NewIncidentUpdate, Severity};
use domain::intention::present;
use domain::link::Link;
use domain::timeline::Audience;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

/// What an incident has besides.
#[derive(Serialize, ToSchema)]
#[schema(as = Incident)]
pub(crate) struct IncidentView<'a> {
    state: IncidentState,
    severity: Severity,
    /// While it is open what it affects is at least that; null: as the checks say.
    #[schema(required)]
    health_override: Option<HealthOverride>,
    started_at: DateTime<Utc>,
    /// Since when somebody is at it.
    #[schema(required)]
    acknowledged_at: Option<DateTime<Utc>>,
    #[schema(required)]
    acknowledged_by: Option<Uuid>,
    #[schema(required)]
    resolved_at: Option<DateTime<Utc>>,
    /// While it is open alerts of what it affects are kept quiet.
    suppress: bool,
    /// Opened by a rule of the system that it affects.
    automatic: bool,
    links: &'a [Link],
}

impl<'a> From<&'a Incident> for IncidentView<'a> {
    fn from(incident: &'a Incident) -> Self {
        Self {
            state: incident.state,
            severity: incident.severity,
            health_override: incident.health_override,
            started_at: incident.started_at,
            acknowledged_at: incident.acknowledged_at,
            acknowledged_by: incident.acknowledged_by,
            resolved_at: incident.resolved_at,
            suppress: incident.suppress,
            automatic: incident.automatic,
            links: &incident.links,
        }
    }
}

/// A new incident.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewIncident {
    /// Made by the caller, if at all.
    #[schema(nullable = false)]
    id: Option<Uuid>,
    /// A workspace, a group or the instance; by default the scope of the first that it affects.
    #[schema(nullable = false)]
    parent_id: Option<Uuid>,
    #[schema(min_length = 1, max_length = 200, example = "Payments fail")]
    title: String,
    /// Markdown.
    #[serde(default)]
    body: String,
    #[serde(default)]
    attrs: Map<String, Value>,
    /// By default `minor`.
    #[schema(nullable = false)]
    severity: Option<Severity>,
    /// While it is open what it affects is at least that.
    health_override: Option<HealthOverride>,
    /// By default now; not ahead.
    #[schema(nullable = false)]
    started_at: Option<DateTime<Utc>>,
    /// While it is open alerts of what it affects are kept quiet; by default false.
    #[schema(nullable = false)]
    suppress: Option<bool>,
    #[schema(nullable = false, max_items = 20)]
    links: Option<Vec<Link>>,
    /// Systems and groups.
    #[schema(nullable = false, max_items = 200)]
    affects: Option<Vec<Uuid>>,
    /// The first that people are told; its `state_change` is where the incident begins.
    #[schema(nullable = false)]
    update: Option<NewIncidentUpdate>,
}

impl NewIncident {
    pub(crate) fn into_intention(self) -> Intention {
        let incident = IncidentPatch {
            severity: self.severity,
            health_override: self.health_override.map(Some),
            started_at: self.started_at,
            suppress: self.suppress,
            links: self.links,
            affects: self.affects,
        };
        let Self { id, parent_id, title, body, attrs, update, .. } = self;
        Intention::OpenIncident { id, parent_id, title, body, attrs, incident, update }
    }
}

/// Changes of an incident; absent fields stay.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IncidentChange {
    #[schema(nullable = false)]
    pub(crate) title: Option<String>,
    #[schema(nullable = false)]
    pub(crate) body: Option<String>,
    #[schema(nullable = false)]
    pub(crate) attrs: Option<Map<String, Value>>,
    #[schema(nullable = false)]
    severity: Option<Severity>,
    /// Null: as the checks say.
    #[serde(default, with = "present")]
    #[schema(value_type = Option<HealthOverride>)]
    health_override: Option<Option<HealthOverride>>,
    #[schema(nullable = false)]
    started_at: Option<DateTime<Utc>>,
    #[schema(nullable = false)]
    suppress: Option<bool>,
    #[schema(nullable = false, max_items = 20)]
    links: Option<Vec<Link>>,
    /// These and no others.
    #[schema(nullable = false, max_items = 200)]
    affects: Option<Vec<Uuid>>,
}

impl IncidentChange {
    pub(crate) fn patch(&mut self) -> IncidentPatch {
        IncidentPatch {
            severity: self.severity,
            health_override: self.health_override,
            started_at: self.started_at,
            suppress: self.suppress,
            links: self.links.take(),
            affects: self.affects.take(),
        }
    }
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Resolution {
    /// By default `Resolved.`
    #[schema(nullable = false)]
    pub(crate) message: Option<String>,
    /// Whom it is for; by default `public`.
    #[schema(nullable = false)]
    pub(crate) audience: Option<Audience>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SystemsAsked {
    #[schema(max_items = 500)]
    pub(crate) system_ids: Vec<Uuid>,
    /// Incidents that are not resolved (`true`), or are (`false`); absent: all.
    #[schema(nullable = false)]
    pub(crate) open: Option<bool>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct IncidentsOfSystem {
    pub(crate) system_id: Uuid,
    /// The newest first, at most 50.
    pub(crate) incident_ids: Vec<Uuid>,
}

/// Incidents by the systems that they affect.
#[derive(Serialize, ToSchema)]
pub(crate) struct IncidentsBySystem {
    pub(crate) items: Vec<IncidentsOfSystem>,
}
