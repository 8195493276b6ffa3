//! Tells another system by a POST. The receiver can tell by the signature that it is from us, and by
//! the delivery's id that it has had it already.
//!
//! `Synops-Signature: t=<seconds since 1970>,v1=<hex>`, the HMAC-SHA256 of `<t>.<body>` with the
//! configured secret; without one there is no signature.

use crate::check::http::{admit, client, failure};
use crate::check::network::Network;
use crate::jobs::{Context, Done, Failure};
use domain::job::WebhookPayload;
use domain::limits::WEBHOOK_TIMEOUT;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Client, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sha2::Sha256;
use std::fmt::Write;

/// Where webhooks may go, and what they are signed with.
#[derive(Clone)]
pub(crate) struct Webhooks {
    network: Network,
    client: Client,
    secret: Option<SecretString>,
}

impl Webhooks {
    pub(crate) fn new(network: Network, secret: Option<SecretString>) -> Result<Self, reqwest::Error> {
        let client = client(&network, "webhook")?;
        Ok(Self { network, client, secret })
    }
}

pub(super) async fn run(context: Context, webhooks: Webhooks) -> Result<Done, Failure> {
    let payload: WebhookPayload = context.payload()?;
    let now = store::database::now(context.pool()).await?;
    let body = json!({ "id": context.id(), "event": payload.event, "sent_at": now, "body": payload.body }).to_string();
    let url = Url::parse(&payload.url).map_err(|_| Failure::Never("the address is not one".to_owned()))?;
    admit(&webhooks.network, &url).map_err(|refused| Failure::Never(refused.text()))?;
    let mut request = webhooks.client.post(url).timeout(WEBHOOK_TIMEOUT);
    if let Some(secret) = &webhooks.secret {
        request = request.header("Synops-Signature", signature(secret.expose_secret(), now.timestamp(), &body));
    }
    let request = request
        .header("Content-Type", "application/json")
        .header("Synops-Event", &payload.event)
        .header("Synops-Delivery", context.id().to_string())
        .body(body);
    let sent = context.stop().run_until_cancelled(request.send()).await.ok_or(Failure::Stopped)?;
    judge(sent.map_err(|error| Failure::Again(failure(&error).text()))?.status())
}

/// What an answer means. One that says that the request is wrong will not be another the next time.
fn judge(status: StatusCode) -> Result<Done, Failure> {
    let told = format!("it answered {}", status.as_u16());
    match status {
        _ if status.is_success() => Ok(Some(json!({ "status": status.as_u16() }))),
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => Err(Failure::Again(told)),
        _ if status.is_client_error() => Err(Failure::Never(told)),
        _ => Err(Failure::Again(told)),
    }
}

/// The header that a body sent at this second is signed with.
pub(crate) fn signature(secret: &str, at: i64, body: &str) -> String {
    // A key of any length does.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(format!("{at}.{body}").as_bytes());
    let mut text = format!("t={at},v1=");
    for byte in mac.finalize().into_bytes() {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_as_others_compute_it() {
        // printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac secret
        let expect = "t=1700000000,v1=49f24e537407743fa4a0242bb63b94b9a47ee99cbbe071ccd8a22550ae411686";
        assert_eq!(signature("secret", 1_700_000_000, r#"{"a":1}"#), expect);
    }

    #[test]
    fn only_some_answers_are_worth_another_try() {
        let told = |status: u16| match judge(StatusCode::from_u16(status).unwrap()) {
            Ok(_) => "done",
            Err(Failure::Again(_)) => "again",
            Err(_) => "never",
        };
        let all = [200, 204, 301, 400, 404, 408, 410, 425, 429, 500, 503].map(told);
        assert_eq!(all, ["done", "done", "again", "never", "never", "again", "never", "again", "again", "again", "again"]);
    }
}
