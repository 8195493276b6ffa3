//! Everything with a name is a node.

use crate::access::Visibility;
use crate::announcement::Announcement;
use crate::board::{Card, Column};
use crate::channel::Channel;
use crate::connection::Connection;
use crate::device::Device;
use crate::geofence::Geofence;
use crate::incident::Incident;
use crate::maintenance::Maintenance;
use crate::message::Message;
use crate::person::Person;
use crate::status_page::StatusPage;
use crate::system::System;
use crate::text::text_enum;
use crate::view::ViewFilter;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

/// The one node of kind `instance`: Synops itself, made by the first migration.
pub const INSTANCE_ID: Uuid = Uuid::from_u128(0x0000_0000_0000_7000_8000_0000_0000_0001);

text_enum! {
    NodeKind {
        /// Synops itself. Parent of workspaces, teams and people.
        Instance = "instance",
        Workspace = "workspace",
        Group = "group",
        System = "system",
        Team = "team",
        Person = "person",
        /// A planned window in which something is taken down.
        Maintenance = "maintenance",
        /// A saved selection of systems.
        View = "view",
        /// Where systems run: production, staging.
        Environment = "environment",
        /// A mailbox that stands for nobody with an account.
        Contact = "contact",
        /// Something that went wrong, and what was done about it.
        Incident = "incident",
        Announcement = "announcement",
        /// What others see of some systems.
        StatusPage = "status_page",
        /// How messages leave Synops: a mail server, a webhook.
        Connection = "connection",
        /// Something that moves, and sends where it is.
        Device = "device",
        /// A place on the map that devices enter and leave.
        Geofence = "geofence",
        /// Where people talk about something.
        Channel = "channel",
        /// What somebody said there.
        Message = "message",
        /// Columns of cards: what is to be done, and how far it is.
        Board = "board",
        Column = "column",
        Card = "card",
        /// A text whose versions are kept.
        Note = "note",
    }
}

impl NodeKind {
    /// Kinds that are scope roots from the start, and never stop being one.
    pub const fn is_always_scope(self) -> bool {
        matches!(self, Self::Instance | Self::Workspace | Self::Announcement | Self::StatusPage | Self::Channel | Self::Board)
    }

    /// Kinds that are not made as nodes alone: what they have besides comes with them.
    pub const fn has_own_form(self) -> bool {
        matches!(
            self,
            Self::Maintenance
                | Self::View
                | Self::Contact
                | Self::Incident
                | Self::Announcement
                | Self::StatusPage
                | Self::Connection
                | Self::Device
                | Self::Geofence
                | Self::Channel
                | Self::Message
                | Self::Column
                | Self::Card
        )
    }

    /// Kinds that stay where they were made: their places there are of it.
    pub const fn stays(self) -> bool {
        matches!(self, Self::Message | Self::Column | Self::Card)
    }

    /// Kinds in which the nodes that the text names are linked, too. (Messages are too many for that.)
    pub const fn links_by_text(self) -> bool {
        matches!(self, Self::Card | Self::Note)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Node {
    pub id: Uuid,
    pub kind: NodeKind,
    /// The nearest scope root: decides who sees it.
    pub scope_id: Uuid,
    /// Target of its `part_of` edge; `None` for the instance.
    pub parent_id: Option<Uuid>,
    pub title: String,
    /// Markdown.
    pub body: String,
    pub attrs: Map<String, Value>,
    /// Where it stands among its neighbours in an ordered list; equals go by title.
    pub position: i32,
    pub version: i64,
    pub created_by: Option<Uuid>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub facet: Option<Facet>,
    /// Present on scope roots.
    pub scope: Option<Scope>,
}

/// The typed columns a kind has besides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Facet {
    System(System),
    Person(Person),
    Maintenance(Maintenance),
    View(ViewFilter),
    Incident(Incident),
    Connection(Connection),
    Announcement(Announcement),
    StatusPage(StatusPage),
    Device(Device),
    Geofence(Geofence),
    Channel(Channel),
    Message(Box<Message>),
    Column(Column),
    Card(Card),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    pub visibility: Visibility,
    /// Takes no grants from the scopes around it.
    pub isolated: bool,
}
