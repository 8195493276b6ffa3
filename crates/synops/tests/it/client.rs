//! A caller: a browser's cookie or a program's token, and what was answered.

use reqwest::header::{AUTHORIZATION, COOKIE, HeaderMap, ORIGIN, SET_COOKIE};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// No request of a test takes longer.
const LIMIT: Duration = Duration::from_secs(20);
const SESSION_COOKIE: &str = "synops_session";

pub(crate) struct Client {
    http: reqwest::Client,
    pub(crate) base: String,
    session: Mutex<Option<String>>,
    token: Option<String>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) text: String,
    /// Where a write is, for reads that must find it.
    pub(crate) position: Option<String>,
}

impl Reply {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.text))
    }

    /// The answer as JSON, of a request that must have gone well.
    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert!(self.status.is_success(), "{} {}", self.status, self.text);
        if self.text.is_empty() { Value::Null } else { self.json() }
    }
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Self {
        synops::tls::install_provider();
        let http =
            reqwest::Client::builder().timeout(LIMIT).redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        Self { http, base: format!("http://{address}"), session: Mutex::new(None), token: None }
    }

    /// A program with an API token, at the same server.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self { http: self.http.clone(), base: self.base.clone(), session: Mutex::new(None), token: Some(token.to_owned()) }
    }

    /// The same person, at another server of the same database.
    pub(crate) fn at(&self, address: SocketAddr) -> Self {
        let session = Mutex::new(self.session());
        Self { http: self.http.clone(), base: format!("http://{address}"), session, token: self.token.clone() }
    }

    /// The session's token, while signed in.
    pub(crate) fn session(&self) -> Option<String> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, None, &[]).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(Method::POST, path, Some(body), &[]).await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<Value>, headers: &[(&str, &str)]) -> Reply {
        self.try_send(method, path, body, headers).await.unwrap_or_else(|error| panic!("{path}: {error:?}"))
    }

    /// The same, at a server that may go away meanwhile.
    pub(crate) async fn try_send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> reqwest::Result<Reply> {
        let mut request = self.request(method, path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await?;
        let status = response.status();
        self.keep_cookie(response.headers());
        let position = response.headers().get("synops-position").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let text = response.text().await?;
        Ok(Reply { status, text, position })
    }

    /// One that is sent by whoever makes it, with these credentials.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mut request = self.http.request(method, format!("{}{path}", self.base)).header(ORIGIN, &self.base);
        if let Some(session) = self.session() {
            request = request.header(COOKIE, format!("{SESSION_COOKIE}={session}"));
        }
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        request
    }

    fn keep_cookie(&self, headers: &HeaderMap) {
        for cookie in headers.get_all(SET_COOKIE) {
            let pair = cookie.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
            if let Some((SESSION_COOKIE, value)) = pair.split_once('=') {
                *self.session.lock().unwrap_or_else(PoisonError::into_inner) = Some(value.to_owned()).filter(|v| !v.is_empty());
            }
        }
    }

    /// Signs in by a one-time link as it was printed.
    pub(crate) async fn sign_in_by_link(&self, link: &str) -> Value {
        let (_, token) = link.split_once('#').expect("a link with its token");
        self.post("/api/v1/session/link", json!({ "token": token })).await.ok()
    }
}
