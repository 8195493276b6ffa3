//! What a connection keeps sealed.

use super::patch::{ConnectionPatch, Withheld};
use crate::text::text_enum;
use serde::{Deserialize, Serialize};
use std::fmt;

text_enum! {
    /// Something that a connection keeps and nobody is shown.
    SecretField {
        Password = "password",
        Url = "url",
        SigningSecret = "signing_secret",
        Topic = "topic",
        Token = "token",
    }
}

/// The secrets of one connection, in the clear. Sealed as JSON.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionSecrets {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signing_secret: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

impl ConnectionSecrets {
    /// Which are set.
    pub fn fields(&self) -> Vec<SecretField> {
        self.all().into_iter().filter(|(_, value)| value.is_some()).map(|(field, _)| field).collect()
    }

    /// As they are after a change; an empty text clears one.
    #[must_use]
    pub fn changed(self, patch: &ConnectionPatch) -> Self {
        let set = |before: Option<String>, given: &Option<Withheld>| match given {
            Some(given) => Some(given.expose().to_owned()).filter(|text| !text.is_empty()),
            None => before,
        };
        Self {
            password: set(self.password, &patch.password),
            url: set(self.url, &patch.url),
            signing_secret: set(self.signing_secret, &patch.signing_secret),
            topic: set(self.topic, &patch.topic),
            token: set(self.token, &patch.token),
        }
    }

    /// Without what a person gave for one place and another must not be told: a password or token stays with
    /// the host that it was given for.
    #[must_use]
    pub fn elsewhere(self) -> Self {
        Self { password: None, token: None, topic: None, ..self }
    }

    /// The text without any of them: what a peer answers may repeat what it was sent.
    pub fn hide_in(&self, text: &str) -> String {
        let mut clean = text.to_owned();
        for (_, secret) in self.all() {
            if let Some(secret) = secret.filter(|secret| !secret.is_empty()) {
                clean = clean.replace(secret, "…");
            }
        }
        clean
    }

    fn all(&self) -> [(SecretField, Option<&str>); 5] {
        [
            (SecretField::Password, self.password.as_deref()),
            (SecretField::Url, self.url.as_deref()),
            (SecretField::SigningSecret, self.signing_secret.as_deref()),
            (SecretField::Topic, self.topic.as_deref()),
            (SecretField::Token, self.token.as_deref()),
        ]
    }
}

impl fmt::Debug for ConnectionSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.fields()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets() -> ConnectionSecrets {
        ConnectionSecrets { password: Some("hunter2".into()), url: Some("https://x/y".into()), ..Default::default() }
    }

    #[test]
    fn none_is_shown() {
        let shown = format!("{:?}", secrets());
        assert_eq!(shown, "{Password, Url}");
        assert_eq!(secrets().hide_in("535 hunter2 at https://x/y is wrong"), "535 … at … is wrong");
    }

    #[test]
    fn a_change_sets_keeps_and_clears() {
        let patch: ConnectionPatch = serde_json::from_str(r#"{"password":"","token":"t"}"#).unwrap();
        let after = secrets().changed(&patch);
        assert_eq!(
            (after.password.as_deref(), after.token.as_deref(), after.url.as_deref()),
            (None, Some("t"), Some("https://x/y"))
        );
        assert_eq!(secrets().elsewhere().fields(), [SecretField::Url]);
    }
}
