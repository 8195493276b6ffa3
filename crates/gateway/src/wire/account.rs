//! One's own account.

use super::node::NodeView;
use chrono::{DateTime, Utc};
use domain::Level;
use domain::token::TokenAccess;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use uuid::Uuid;

/// Login and password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    #[schema(example = "kari")]
    pub(crate) login: String,
    #[schema(value_type = String, format = Password)]
    pub(crate) password: secrecy::SecretString,
}

/// The token of a one-time link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignInByLink {
    #[schema(value_type = String)]
    pub(crate) token: secrecy::SecretString,
}

/// Who is signed in, and what they may do.
#[derive(Serialize, ToSchema)]
pub(crate) struct Me<'a> {
    /// Null: nobody is signed in.
    #[schema(required)]
    pub(crate) person: Option<NodeView<'a>>,
    /// Administers all of Synops.
    pub(crate) instance_admin: bool,
    /// What is granted, by scope. A scope that is visible without a grant is not listed.
    pub(crate) levels: BTreeMap<Uuid, Level>,
    pub(crate) has_password: bool,
    pub(crate) preferences: Preferences,
    pub(crate) server_time: DateTime<Utc>,
}

/// How somebody likes the page; what is absent was never chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Preferences {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) locale: Option<Locale>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) theme: Option<Theme>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Locale {
    En,
    Nb,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Theme {
    Light,
    Dark,
    System,
}

/// What one changes of oneself; absent fields stay.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MeChange {
    #[schema(nullable = false)]
    pub(crate) title: Option<String>,
    /// Null clears it.
    #[serde(default, with = "domain::intention::present")]
    #[schema(value_type = Option<String>)]
    pub(crate) email: Option<Option<String>>,
    #[schema(nullable = false)]
    pub(crate) preferences: Option<Preferences>,
}

/// A new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordChange {
    /// The present one, where there is one.
    #[schema(value_type = Option<String>, format = Password, nullable = false)]
    pub(crate) current: Option<secrecy::SecretString>,
    /// At least 10 characters.
    #[schema(value_type = String, format = Password, min_length = 10)]
    pub(crate) new: secrecy::SecretString,
}

/// A new API token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewToken {
    #[schema(min_length = 1, max_length = 100, example = "backup script")]
    pub(crate) name: String,
    pub(crate) access: TokenAccess,
    /// Null or absent: it holds until it is revoked.
    pub(crate) expires_at: Option<DateTime<Utc>>,
}

/// An API token, without its secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct Token {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) access: TokenAccess,
    pub(crate) created_at: DateTime<Utc>,
    /// To the minute.
    #[schema(required)]
    pub(crate) last_used_at: Option<DateTime<Utc>>,
    #[schema(required)]
    pub(crate) expires_at: Option<DateTime<Utc>>,
}

/// An API token just made.
#[derive(Serialize, ToSchema)]
pub(crate) struct MadeToken {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) access: TokenAccess,
    #[schema(required)]
    pub(crate) expires_at: Option<DateTime<Utc>>,
    /// The secret: shown now and never again.
    #[schema(example = "syn_3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    pub(crate) token: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct TokenList {
    pub(crate) items: Vec<Token>,
}

/// Where somebody is signed in.
#[derive(Serialize, ToSchema)]
pub(crate) struct Session {
    pub(crate) id: Uuid,
    /// What the browser called itself.
    pub(crate) user_agent: String,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
    /// The one that asks.
    pub(crate) current: bool,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SessionList {
    pub(crate) items: Vec<Session>,
}

/// A one-time sign-in link.
#[derive(Serialize, ToSchema)]
pub(crate) struct SignInLink {
    /// Whoever opens it first is signed in. An earlier link of the person no longer holds.
    #[schema(example = "https://synops.example.org/sign-in/link#3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    pub(crate) url: String,
    pub(crate) expires_at: DateTime<Utc>,
}
