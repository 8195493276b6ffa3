//! Messages by HTTP. Redirects are not followed: whoever gave the address meant it, and another could lead
//! anywhere. Of an answer its beginning is read.
//!
//! A webhook is a POST of `{"id", "event", "sent_at", "body"}`, where `body` holds `subject`, `text` and what they
//! were made from. It carries `Idempotency-Key` and `Synops-Delivery`, the same on every attempt, and with a signing
//! secret `Synops-Signature`, as `jobs/kinds/webhook.rs` describes it.

use super::{Message, Office, Verdict};
use crate::check::http::{admit, failure};
use crate::jobs::kinds::webhook::signature;
use domain::connection::{Connection, ConnectionSecrets};
use domain::limits::CONNECTION_ANSWER_MAX_BYTES;
use reqwest::{RequestBuilder, Response, StatusCode, Url};
use serde_json::json;

pub(super) async fn webhook(office: &Office, secrets: &ConnectionSecrets, message: &Message<'_>) -> Verdict {
    let now = match store::database::now(&office.pool).await {
        Ok(now) => now,
        Err(error) => return Verdict::Again(format!("the database: {error}")),
    };
    let mut inner = message.fields.clone();
    if let Some(fields) = inner.as_object_mut() {
        fields.insert("subject".into(), json!(message.rendered.subject));
        fields.insert("text".into(), json!(message.rendered.body));
    }
    let body = json!({ "id": message.id, "event": message.kind, "sent_at": now, "body": inner }).to_string();
    let signed = secrets.signing_secret.as_deref().map(|secret| signature(secret, now.timestamp(), &body));
    let request = |request: RequestBuilder| {
        let request = request.header("Synops-Event", message.kind.as_str()).header("Synops-Delivery", message.id.to_string());
        let request = match &signed {
            Some(signature) => request.header("Synops-Signature", signature),
            None => request,
        };
        request.header("Content-Type", "application/json").body(body)
    };
    post(office, secrets.url.as_deref(), message, request).await
}

pub(super) async fn slack(office: &Office, secrets: &ConnectionSecrets, message: &Message<'_>) -> Verdict {
    // Names in angle brackets would be links and calls to everybody.
    let text = message.rendered.body.replace("<!", "< !");
    post(office, secrets.url.as_deref(), message, |request| request.json(&json!({ "text": text }))).await
}

pub(super) async fn ntfy(
    office: &Office,
    connection: &Connection,
    secrets: &ConnectionSecrets,
    message: &Message<'_>,
) -> Verdict {
    let topic = secrets.topic.as_deref().unwrap_or_default();
    let mut body = json!({ "topic": topic, "title": message.rendered.subject, "message": message.rendered.body });
    if let (Some(fields), Some(url)) = (body.as_object_mut(), message.fields.get("url").filter(|url| url.as_str() != Some(""))) {
        fields.insert("click".into(), url.clone());
    }
    let request = |request: RequestBuilder| {
        let request = request.json(&body);
        match &secrets.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    };
    post(office, connection.server.as_deref(), message, request).await
}

async fn post(
    office: &Office,
    url: Option<&str>,
    message: &Message<'_>,
    finish: impl FnOnce(RequestBuilder) -> RequestBuilder,
) -> Verdict {
    let Some(url) = url.and_then(|url| Url::parse(url).ok()) else {
        return Verdict::Never("the connection has no address".to_owned());
    };
    if let Err(refused) = admit(&office.network, &url) {
        return Verdict::Never(refused.text());
    }
    let request = office.client.post(url).header("Idempotency-Key", message.id.to_string());
    match finish(request).send().await {
        Ok(answer) => judge(answer.status(), &beginning(answer).await),
        Err(error) => Verdict::Again(failure(&error).text()),
    }
}

/// Some of what it answered; none where it broke off.
async fn beginning(mut answer: Response) -> String {
    let mut bytes = Vec::new();
    while let Ok(Some(chunk)) = answer.chunk().await {
        let room = CONNECTION_ANSWER_MAX_BYTES.saturating_sub(bytes.len());
        bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if bytes.len() >= CONNECTION_ANSWER_MAX_BYTES {
            break;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What an answer means. One that says that the request is wrong will not be another the next time.
fn judge(status: StatusCode, said: &str) -> Verdict {
    let told = format!("it answered {}: {said}", status.as_u16());
    let told = told.trim_end_matches([' ', ':']).to_owned();
    match status {
        _ if status.is_success() => Verdict::Sent(told),
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => Verdict::Again(told),
        _ if status.is_redirection() => Verdict::Never(format!("it answered {}: redirects are not followed", status.as_u16())),
        _ if status.is_client_error() => Verdict::Never(told),
        _ => Verdict::Again(told),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_some_answers_are_worth_another_try() {
        let told = |status: u16| match judge(StatusCode::from_u16(status).unwrap(), "") {
            Verdict::Sent(_) => "sent",
            Verdict::Again(_) => "again",
            Verdict::Never(_) => "never",
        };
        let all = [200, 204, 301, 307, 400, 404, 408, 410, 425, 429, 500, 503].map(told);
        let expect = ["sent", "sent", "never", "never", "never", "never", "again", "never", "again", "again", "again", "again"];
        assert_eq!(all, expect);
        assert_eq!(judge(StatusCode::OK, "ok"), Verdict::Sent("it answered 200: ok".to_owned()));
    }
}
