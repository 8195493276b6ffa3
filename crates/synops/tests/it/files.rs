//! Files that go along with messages: who may send and read them, within which bounds, and that nothing is left of what
//! is not kept.

use crate::access::sign_in;
use crate::app::TestApp;
use crate::chat::{channel, id_of, make_channel, say};
use crate::client::Client;
use crate::raw::Raw;
use crate::socket::Reader;
use domain::EdgeKind::{MemberOf, Reader as ReaderOf};
use domain::limits::{FILES_UNSENT_PER_PERSON_MAX, MESSAGES_DELETED_AT_ONCE, UPLOADS_AT_ONCE_PER_PERSON};
use domain::node::INSTANCE_ID;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Duration;
use synops::config::{Config, Role};
use tempfile::TempDir;
use testkit::wait_until;
use tokio::io::AsyncWriteExt;
use url::form_urlencoded::byte_serialize;
use uuid::Uuid;

const LIMIT: Duration = Duration::from_secs(20);
/// Of one file, where a test has small ones.
const SMALL_MAX_BYTES: u64 = 20_000;
pub(crate) const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0";

/// A server with a folder of its own, and a channel.
pub(crate) struct Place {
    pub(crate) app: TestApp,
    pub(crate) dir: TempDir,
    pub(crate) admin: Client,
    pub(crate) workspace: Uuid,
    pub(crate) channel: Uuid,
}

impl Place {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let app = TestApp::start_with(|config| {
            config.files.dir = dir.path().join("files");
            change(config);
        })
        .await;
        let admin = app.administrator().await;
        let (workspace, channel) = channel(&app, &admin).await;
        Self { app, dir, admin, workspace, channel }
    }

    pub(crate) fn uploads(&self) -> String {
        format!("/api/v1/channels/{}/files", self.channel)
    }

    /// The same folder, as upkeep has it.
    pub(crate) async fn folder(&self) -> content::Folder {
        let owner = store::database::find_identity(self.app.db.pool()).await.unwrap();
        content::Folder::new(self.dir.path().join("files"), owner)
    }

    /// As the job does it.
    pub(crate) async fn keep(&self) -> u64 {
        engine::keep_files(self.app.db.pool(), &self.folder().await).await.unwrap().deleted
    }

    /// All there is on disk, but for whose it is.
    pub(crate) fn on_disk(&self) -> Vec<PathBuf> {
        fn below(dir: &Path, found: &mut Vec<PathBuf>) {
            for entry in std::fs::read_dir(dir).into_iter().flatten().map(Result::unwrap) {
                if entry.path().is_dir() { below(&entry.path(), found) } else { found.push(entry.path()) }
            }
        }
        let mut found = Vec::new();
        below(self.dir.path(), &mut found);
        found.retain(|path| !path.ends_with("owner"));
        found
    }

    async fn rows(&self) -> i64 {
        sqlx::query_scalar("select count(*) from files").fetch_one(self.app.db.owner_pool()).await.unwrap()
    }

    async fn expect_nothing(&self, what: &str) {
        assert_eq!((self.on_disk(), self.rows().await), (Vec::new(), 0), "{what}");
    }

    /// Says something, with these files.
    async fn send(&self, client: &Client, files: &[&Value]) -> Value {
        let ids: Vec<&Value> = files.iter().map(|file| &file["id"]).collect();
        let message = json!({ "id": Uuid::now_v7(), "body": "look", "file_ids": ids });
        client.post(&format!("/api/v1/channels/{}/messages", self.channel), message).await.ok()
    }

    async fn delete(&self, client: &Client, message: &Value) {
        let version = format!("\"{}\"", message["version"]);
        let path = format!("/api/v1/messages/{}", message["id"].as_str().unwrap());
        client.send(Method::DELETE, &path, None, &[("if-match", &version)]).await.ok();
    }

    /// An upload whose body has come so far.
    async fn half_way(&self, client: &Client, name: &str, body: &[u8]) -> Raw {
        let mut raw = Raw::connect(self.app.ready.address).await.unwrap();
        raw.stream.write_all(self.head(client, name, "text/plain", "Content-Length: 10000\r\n").as_bytes()).await.unwrap();
        raw.stream.write_all(body).await.unwrap();
        raw
    }

    /// Of an upload's request.
    fn head(&self, client: &Client, name: &str, kind: &str, more: &str) -> String {
        let (address, path, session) = (self.app.ready.address, self.uploads(), client.session().unwrap());
        format!(
            "POST {path}?name={name} HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\nCookie: synops_session={session}\r\n\
             Content-Type: {kind}\r\n{more}\r\n"
        )
    }
}

/// An answer with its headers and bytes.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert!(self.status.is_success(), "{self:?}");
        self.json()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// What a refusal said.
    #[track_caller]
    fn refused(&self) -> (u16, String) {
        let problem = self.json();
        (self.status.as_u16(), problem["field"].as_str().or(problem["code"].as_str()).unwrap().to_owned())
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:?} {}", self.status, self.headers, String::from_utf8_lossy(&self.bytes))
    }
}

pub(crate) async fn ask(client: &Client, method: Method, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
    let mut request = client.request(method, path).body(body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.unwrap_or_else(|error| panic!("{path}: {error:?}"));
    let (status, headers) = (response.status(), response.headers().clone());
    Answer { status, headers, bytes: response.bytes().await.unwrap().to_vec() }
}

pub(crate) async fn upload(client: &Client, to: &str, name: &str, kind: &str, body: &[u8]) -> Answer {
    let name: String = byte_serialize(name.as_bytes()).collect();
    ask(client, Method::POST, &format!("{to}?name={name}"), &[(CONTENT_TYPE.as_str(), kind)], body.to_vec()).await
}

pub(crate) async fn get(client: &Client, file: &Value, headers: &[(&str, &str)]) -> Answer {
    ask(client, Method::GET, &path_of(file), headers, Vec::new()).await
}

fn path_of(file: &Value) -> String {
    format!("/api/v1/files/{}", file["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_file_is_sent_and_read_whole_and_in_parts() {
    let place = Place::new().await;
    let body: Vec<u8> = PNG.iter().copied().chain((0..200_000_u32).map(|n| n.to_le_bytes()[1])).collect();
    let size = body.len();
    let answer = upload(&place.admin, &place.uploads(), "graf 1.png", "image/png", &body).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    let file = answer.ok();
    assert_eq!(file, json!({ "id": file["id"], "name": "graf 1.png", "media_type": "image/png", "size_bytes": size }));
    assert_eq!(answer.header("location"), path_of(&file));
    let message = place.send(&place.admin, &[&file]).await;
    assert_eq!(message["message"]["files"], json!([file]));

    let whole = get(&place.admin, &file, &[("accept-encoding", "gzip")]).await;
    assert_eq!((whole.status, &whole.bytes), (StatusCode::OK, &body));
    for (name, expect) in [
        ("content-type", "image/png"),
        ("content-length", size.to_string().as_str()),
        ("content-disposition", "inline; filename=\"graf 1.png\""),
        ("cache-control", "private, max-age=3600, immutable"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("accept-ranges", "bytes"),
        ("vary", "Cookie, Authorization"),
        ("last-modified", ""),
        ("content-encoding", ""),
    ] {
        assert_eq!(whole.header(name), expect, "{name}");
    }
    let etag = whole.header("etag").to_owned();
    assert!(place.on_disk()[0].ends_with(etag.trim_matches('"')), "it is the digest: {etag}");

    let known = get(&place.admin, &file, &[("if-none-match", &etag)]).await;
    assert_eq!((known.status, known.bytes.len(), known.header("etag")), (StatusCode::NOT_MODIFIED, 0, etag.as_str()));
    let head = ask(&place.admin, Method::HEAD, &path_of(&file), &[], Vec::new()).await;
    assert_eq!((head.status, head.header("content-length"), head.bytes.len()), (StatusCode::OK, size.to_string().as_str(), 0));

    let part = async |range: &str| get(&place.admin, &file, &[("range", range), ("accept-encoding", "gzip")]).await;
    let check = async |range: &str, from: usize, to: usize| {
        let answer = part(range).await;
        assert_eq!((answer.status, &answer.bytes[..]), (StatusCode::PARTIAL_CONTENT, &body[from..to]), "{range}");
        assert_eq!(answer.header("content-range"), format!("bytes {from}-{}/{size}", to - 1));
        assert_eq!(answer.header("etag"), etag);
    };
    check("bytes=0-9", 0, 10).await;
    check("bytes=100000-", 100_000, size).await;
    check("bytes=-10", size - 10, size).await;
    check(&format!("bytes=10-{}", size * 2), 10, size).await;
    let beyond = part(&format!("bytes={size}-")).await;
    assert_eq!(beyond.status, StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!((beyond.header("content-range"), beyond.header("cache-control")), (format!("bytes */{size}").as_str(), ""));
    // Several at once, and what is no range in bytes: the whole.
    for range in ["bytes=0-1,4-5", "items=0-1", "bytes=x"] {
        let answer = part(range).await;
        assert_eq!((answer.status, answer.bytes.len()), (StatusCode::OK, size), "{range}");
    }
    let changed = get(&place.admin, &file, &[("range", "bytes=0-9"), ("if-range", "\"another\"")]).await;
    assert_eq!((changed.status, changed.bytes.len()), (StatusCode::OK, size));
}

#[tokio::test]
async fn whoever_may_not_read_a_channel_reads_none_of_its_files() {
    let place = Place::new().await;
    let (app, admin) = (&place.app, &place.admin);
    let (kari_id, kari) = sign_in(app, admin, "kari").await;
    let (reader_id, reader) = sign_in(app, admin, "reader").await;
    let (_, stranger) = sign_in(app, admin, "stranger").await;
    app.db.grant(kari_id, MemberOf, place.workspace).await;
    app.db.grant(reader_id, ReaderOf, place.workspace).await;
    let token = |access: &str| kari.post("/api/v1/me/tokens", json!({ "name": access, "access": access, "expires_at": null }));
    let reads_only = kari.with_token(token("read").await.ok()["token"].as_str().unwrap());
    let writes = kari.with_token(token("write").await.ok()["token"].as_str().unwrap());

    for (who, client, status) in [
        ("a stranger", &stranger, 404),
        ("a reader", &reader, 403),
        ("nobody", &app.client(), 401),
        ("a token", &reads_only, 403),
    ] {
        let answer = upload(client, &place.uploads(), "a.txt", "text/plain", b"hello").await;
        assert_eq!(answer.status.as_u16(), status, "{who}");
    }
    let elsewhere = format!("/api/v1/channels/{}/files", place.workspace);
    assert_eq!(upload(admin, &elsewhere, "a.txt", "text/plain", b"hello").await.status, StatusCode::NOT_FOUND);
    place.expect_nothing("of what was refused").await;

    let file = upload(&writes, &place.uploads(), "a.txt", "text/plain", b"hello").await.ok();
    // Before it is sent it is its uploader's alone.
    assert_eq!(get(&kari, &file, &[]).await.status, StatusCode::OK);
    assert_eq!(get(admin, &file, &[]).await.status, StatusCode::NOT_FOUND);
    let list = async |client: &Client| client.get(&place.uploads()).await;
    assert_eq!(list(admin).await.ok()["items"], json!([]));

    let message = place.send(&kari, &[&file]).await;
    for (client, status) in [(admin, 200), (&reader, 200), (&reads_only, 200), (&stranger, 404), (&app.client(), 404)] {
        assert_eq!(get(client, &file, &[]).await.status.as_u16(), status);
        assert_eq!(list(client).await.status.as_u16(), status);
    }
    let listed = list(&reader).await.ok()["items"][0].clone();
    assert_eq!((&listed["id"], &listed["message_id"]), (&file["id"], &message["id"]));
    assert_eq!(listed["by"], json!({ "id": kari_id, "title": "kari" }));

    app.db.revoke(reader_id, ReaderOf, place.workspace).await;
    assert_eq!(get(&reader, &file, &[]).await.status, StatusCode::NOT_FOUND, "who left");
    app.db.revoke(kari_id, MemberOf, place.workspace).await;
    assert_eq!(get(&kari, &file, &[]).await.status, StatusCode::NOT_FOUND, "who sent it and left");
    place.delete(admin, &message).await;
    assert_eq!(get(admin, &file, &[]).await.status, StatusCode::NOT_FOUND, "it was deleted with its message");
    assert_eq!(place.keep().await, 1);
    place.expect_nothing("of what was deleted").await;
}

#[tokio::test]
async fn files_of_a_channel_are_listed_newest_first() {
    let place = Place::new().await;
    let mut sent = Vec::new();
    for n in 0..5 {
        let file = upload(&place.admin, &place.uploads(), &format!("{n}.txt"), "text/plain", b"hello").await.ok();
        place.send(&place.admin, &[&file]).await;
        sent.push(file["id"].clone());
    }
    sent.reverse();
    let mut listed = Vec::new();
    let (mut cursor, mut pages) = (String::new(), 0);
    loop {
        pages += 1;
        let page = place.admin.get(&format!("{}?limit=2{cursor}", place.uploads())).await.ok();
        listed.extend(page["items"].as_array().unwrap().iter().map(|file| file["id"].clone()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!((listed, pages), (sent.clone(), 3));
    let recorded: Vec<Value> =
        sqlx::query_scalar("select summary->'file' from audit_log where action = 'upload_file' order by at")
            .fetch_all(place.app.db.owner_pool())
            .await
            .unwrap();
    assert_eq!((recorded.len(), &recorded[4]), (5, &json!({ "id": sent[0], "media_type": "text/plain", "size_bytes": 5 })));
}

#[tokio::test]
async fn a_file_that_is_too_large_is_refused_and_nothing_is_left() {
    let place = Place::with(|config| config.files.max_bytes = SMALL_MAX_BYTES).await;
    let size = usize::try_from(SMALL_MAX_BYTES).unwrap();
    // By what it says, before anything of it comes.
    let head = place.head(&place.admin, "a.txt", "text/plain", &format!("Content-Length: {}\r\nConnection: close\r\n", size + 1));
    let mut raw = Raw::connect(place.app.ready.address).await.unwrap();
    raw.stream.write_all(head.as_bytes()).await.unwrap();
    let answer = raw.until_answered().await;
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("too_large"), "{answer}");
    drop(raw);
    // By what comes.
    let head = place.head(&place.admin, "a.txt", "text/plain", "Transfer-Encoding: chunked\r\nConnection: close\r\n");
    let mut raw = Raw::connect(place.app.ready.address).await.unwrap();
    raw.stream.write_all(head.as_bytes()).await.unwrap();
    for _ in 0..=size / 1_000 {
        raw.stream.write_all(format!("3e8\r\n{}\r\n", "x".repeat(1_000)).as_bytes()).await.unwrap();
    }
    let answer = raw.until_answered().await;
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("too_large"), "{answer}");
    drop(raw);
    // Whoever sends on all the same reads why.
    for factor in [2, 50, 500] {
        let answer = upload(&place.admin, &place.uploads(), "a.txt", "text/plain", &vec![b'x'; size * factor]).await;
        assert_eq!(answer.refused(), (413, "too_large".to_owned()), "{factor}");
    }
    wait_until("nothing is left", LIMIT, async || place.on_disk().is_empty()).await;
    place.expect_nothing("of what is too large").await;
    assert_eq!(upload(&place.admin, &place.uploads(), "a.txt", "text/plain", &vec![b'x'; size]).await.status, 201);
}

#[tokio::test]
async fn what_a_file_is_is_seen_by_its_first_bytes() {
    let place = Place::new().await;
    let html = b"<!DOCTYPE html><script>fetch('/api/v1/me')</script>".repeat(1_000);
    let elf = [&b"\x7fELF\x02\x01\x01"[..], &[0; 100]].concat();
    for (kind, body, field) in [
        ("image/png", &html[..], "Content-Type"),
        ("text/html", &html, "Content-Type"),
        ("image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'>", "Content-Type"),
        ("image/png", b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'>", "Content-Type"),
        ("application/octet-stream", &elf, "Content-Type"),
        ("text/plain", b"a\0b", "Content-Type"),
        ("application/pdf", b"hello", "Content-Type"),
        ("nonsense", b"hello", "Content-Type"),
        ("text/plain", b"", "body"),
    ] {
        let answer = upload(&place.admin, &place.uploads(), "a.png", kind, body).await;
        assert_eq!(answer.refused(), (400, field.to_owned()), "{kind}");
    }
    place.expect_nothing("of what is something else").await;
    for (said, body, kind, shown) in [
        ("image/jpeg", PNG, "image/png", "inline"),
        ("application/octet-stream", b"%PDF-1.7\n\xff\xff\xff\xff\x01", "application/pdf", "inline"),
        ("text/markdown", b"<!-- a --> <b>bold</b>", "text/markdown; charset=utf-8", "attachment"),
        ("application/json", b"{}", "application/json", "attachment"),
        ("application/x-zip-compressed", b"PK\x03\x04\x14\0\0\0", "application/zip", "attachment"),
    ] {
        let file = upload(&place.admin, &place.uploads(), "a", said, body).await.ok();
        let answer = get(&place.admin, &file, &[]).await;
        assert_eq!((answer.header("content-type"), answer.bytes.as_slice()), (kind, body), "{said}");
        assert!(answer.header("content-disposition").starts_with(shown), "{answer:?}");
    }
}

#[tokio::test]
async fn a_name_is_a_label_and_nothing_else() {
    let place = Place::new().await;
    let long = "ø".repeat(200);
    for (name, kept, header) in [
        ("../../etc/passwd", "passwd", "attachment; filename=\"passwd\""),
        (r"..\..\x", "x", "attachment; filename=\"x\""),
        ("/abs/olute", "olute", "attachment; filename=\"olute\""),
        (
            "a\"; filename=\"b",
            "a\"; filename=\"b",
            "attachment; filename=\"a_; filename=_b\"; filename*=UTF-8''a%22%3B%20filename%3D%22b",
        ),
        (
            "blåbær 👍.txt",
            "blåbær 👍.txt",
            "attachment; filename=\"bl_b_r _.txt\"; filename*=UTF-8''bl%C3%A5b%C3%A6r%20%F0%9F%91%8D.txt",
        ),
        ("con", "con", "attachment; filename=\"con\""),
        (long.as_str(), long.as_str(), ""),
    ] {
        let file = upload(&place.admin, &place.uploads(), name, "text/plain", b"hello").await.ok();
        assert_eq!(file["name"], kept);
        let answer = get(&place.admin, &file, &[]).await;
        assert!(header.is_empty() || answer.header("content-disposition") == header, "{answer:?}");
    }
    let too_long = "x".repeat(201);
    for bad in ["", "..", "a/", "a\r\nSet-Cookie: b=c", "a\0b", "a\u{202e}gpj.exe", too_long.as_str()] {
        let answer = upload(&place.admin, &place.uploads(), bad, "text/plain", b"hello").await;
        assert_eq!(answer.refused(), (400, "name".to_owned()), "{bad:?}");
    }
    assert_eq!(place.on_disk().len(), 1, "however it was called, it is the same");
    let name = place.on_disk()[0].file_name().unwrap().to_str().unwrap().to_owned();
    assert!(name.len() == 64 && name.bytes().all(|b| b.is_ascii_hexdigit()), "{name}");
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing() {
    let place = Place::new().await;
    for body in [&b""[..], &[b'x'; 9_000]] {
        let cut = place.half_way(&place.admin, "a.txt", body).await;
        wait_until("it is being received", LIMIT, async || place.on_disk().len() == 1).await;
        drop(cut);
        wait_until("nothing is left", LIMIT, async || place.on_disk().is_empty()).await;
    }
    place.expect_nothing("of what broke off").await;
    // The place it had is free again.
    assert_eq!(upload(&place.admin, &place.uploads(), "a.txt", "text/plain", b"hello").await.status, 201);
}

#[tokio::test]
async fn an_upload_that_a_stop_cuts_off_leaves_nothing() {
    let mut place = Place::new().await;
    let cut = place.half_way(&place.admin, "a.txt", &[b'x'; 9_000]).await;
    wait_until("it is being received", LIMIT, async || place.on_disk().len() == 1).await;
    place.app.stop();
    place.expect_nothing("of what was cut off").await;
    drop(cut);
}

#[tokio::test]
async fn nobody_uploads_too_much_at_once() {
    let place = Place::new().await;
    let (kari_id, kari) = sign_in(&place.app, &place.admin, "kari").await;
    place.app.db.grant(kari_id, MemberOf, place.workspace).await;
    let mut running = Vec::new();
    for n in 0..UPLOADS_AT_ONCE_PER_PERSON {
        running.push(place.half_way(&place.admin, &n.to_string(), b"x").await);
        wait_until("it is being received", LIMIT, async || place.on_disk().len() == n + 1).await;
    }
    let answer = upload(&place.admin, &place.uploads(), "a.txt", "text/plain", b"hello").await;
    assert_eq!((answer.refused(), answer.header("retry-after")), ((429, "limit".to_owned()), "5"));
    assert_eq!(upload(&kari, &place.uploads(), "a.txt", "text/plain", b"hello").await.status, 201, "others may");
    drop(running);
    wait_until("they are gone", LIMIT, async || place.on_disk().len() == 1).await;

    let insert = "insert into files (id, channel_id, digest, size_bytes, media_type, name, created_by)
        select gen_random_uuid(), $1, repeat('0', 64), 1, 'text/plain', 'a', $2 from generate_series(1, $3)";
    let unsent = FILES_UNSENT_PER_PERSON_MAX - 1;
    sqlx::query(insert).bind(place.channel).bind(kari_id).bind(unsent).execute(place.app.db.owner_pool()).await.unwrap();
    let answer = upload(&kari, &place.uploads(), "a.txt", "text/plain", b"hello").await;
    assert_eq!(answer.refused(), (429, "limit".to_owned()));
    assert_eq!(answer.header("retry-after"), "", "waiting does not help");
    assert_eq!(upload(&place.admin, &place.uploads(), "a.txt", "text/plain", b"hello").await.status, 201);
}

#[tokio::test]
async fn no_upload_begins_while_the_server_closes() {
    let place = Place::new().await;
    let under_way = place.half_way(&place.admin, "a.txt", &[b'x'; 9_000]).await;
    wait_until("it is being received", LIMIT, async || place.on_disk().len() == 1).await;
    place.app.ready.drain.close();
    let answer = upload(&place.admin, &place.uploads(), "b.txt", "text/plain", b"hello").await;
    assert_eq!(answer.refused(), (503, "unavailable".to_owned()));
    let mut under_way = under_way;
    under_way.stream.write_all(&[b'x'; 1_000]).await.unwrap();
    let answer = under_way.until_answered().await;
    assert!(answer.starts_with("HTTP/1.1 201 "), "what is under way ends: {answer}");
}

#[tokio::test]
async fn a_repeat_is_answered_as_the_first_time() {
    let place = Place::new().await;
    let path = format!("{}?name=a.txt", place.uploads());
    let again = async |body: &[u8]| {
        let headers = [("content-type", "text/plain"), ("idempotency-key", "one")];
        ask(&place.admin, Method::POST, &path, &headers, body.to_vec()).await
    };
    let (first, second) = (again(b"hello").await, again(b"hello").await);
    assert_eq!((first.status, second.status, first.ok()), (StatusCode::CREATED, StatusCode::CREATED, second.ok()));
    assert_eq!(again(b"another").await.refused(), (422, "idempotency_mismatch".to_owned()));
    assert_eq!((place.rows().await, place.on_disk().len()), (1, 1));
}

#[tokio::test]
async fn the_same_content_is_kept_once_and_goes_with_its_last_file() {
    let place = Place::new().await;
    let mut messages = Vec::new();
    for name in ["a.txt", "b.txt"] {
        let file = upload(&place.admin, &place.uploads(), name, "text/plain", b"hello").await.ok();
        messages.push((place.send(&place.admin, &[&file]).await, file));
    }
    assert_eq!((place.on_disk().len(), place.rows().await), (1, 2));
    place.delete(&place.admin, &messages[0].0).await;
    assert_eq!(place.keep().await, 0);
    assert_eq!(get(&place.admin, &messages[0].1, &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(get(&place.admin, &messages[1].1, &[]).await.bytes, b"hello");
    place.delete(&place.admin, &messages[1].0).await;
    assert_eq!((place.on_disk().len(), place.keep().await, place.keep().await), (1, 1, 0));
    place.expect_nothing("of what nobody names").await;
    // And again from the beginning.
    let file = upload(&place.admin, &place.uploads(), "c.txt", "text/plain", b"hello").await.ok();
    assert_eq!(get(&place.admin, &file, &[]).await.bytes, b"hello");
}

#[tokio::test]
async fn the_job_deletes_what_was_not_sent_within_a_day() {
    let place = Place::with(|config| config.roles = vec![Role::Gateway, Role::Worker]).await;
    let (old, new) = (
        upload(&place.admin, &place.uploads(), "old", "text/plain", b"old").await.ok(),
        upload(&place.admin, &place.uploads(), "new", "text/plain", b"new").await.ok(),
    );
    let sent = upload(&place.admin, &place.uploads(), "sent", "text/plain", b"sent").await.ok();
    place.send(&place.admin, &[&sent]).await;
    let ids: Vec<Uuid> = [&old, &sent].map(|file| file["id"].as_str().unwrap().parse().unwrap()).to_vec();
    let statement = "update files set created_at = created_at - interval '25 hours' where id = any($1)";
    sqlx::query(statement).bind(ids).execute(place.app.db.owner_pool()).await.unwrap();
    // What a crash has left, and what somebody is receiving now.
    let tmp = place.dir.path().join("files/tmp");
    for (name, hours) in [("left", 2), ("fresh", 0)] {
        let file = std::fs::File::create(tmp.join(name)).unwrap();
        let written = file.metadata().unwrap().modified().unwrap();
        file.set_modified(written - Duration::from_secs(hours * 3600)).unwrap();
    }
    assert_eq!(place.on_disk().len(), 5);
    place.admin.post("/api/v1/admin/jobs", json!({ "kind": "retention", "payload": {} })).await.ok();
    wait_until("it is cleared away", LIMIT, async || place.on_disk().len() == 3).await;
    assert_eq!(get(&place.admin, &old, &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(get(&place.admin, &new, &[]).await.bytes, b"new");
    assert_eq!(get(&place.admin, &sent, &[]).await.bytes, b"sent");
    assert!(tmp.join("fresh").exists());
}

/// Fills a channel with more than is deleted at once.
async fn fill(app: &TestApp, channel: Uuid) {
    let many = "with new as (insert into nodes (id, kind, title) select gen_random_uuid(), 'message', 'x' from generate_series(2, $2) returning id),
                placed as (insert into edges (id, kind, source_id, target_id) select gen_random_uuid(), 'part_of', id, $1 from new)
                insert into messages (node_id, channel_id, thread_id, number) select id, $1, $1, 1 + row_number() over () from new";
    sqlx::query(many).bind(channel).bind(2 * MESSAGES_DELETED_AT_ONCE + 1).execute(app.db.owner_pool()).await.unwrap();
}

async fn delete(admin: &Client, path: &str) {
    let version = format!("\"{}\"", admin.get(path).await.ok()["version"]);
    admin.send(Method::DELETE, path, None, &[("if-match", &version)]).await.ok();
}

#[tokio::test]
async fn a_channel_with_much_in_it_is_gone_at_once_and_for_good_bit_by_bit() {
    let place = Place::with(|config| config.roles = vec![Role::Gateway, Role::Worker]).await;
    let (app, admin) = (&place.app, &place.admin);
    let left = async || {
        let rows = "select (select count(*) from channels), (select count(*) from messages), (select count(*) from files)";
        sqlx::query_as::<_, (i64, i64, i64)>(rows).fetch_one(app.db.owner_pool()).await.unwrap()
    };
    // By itself; and the second with all that is around it, where there is a small one, too.
    for (deletes, kept) in
        [(format!("/api/v1/channels/{}", place.channel), (1, 1)), (format!("/api/v1/workspaces/{}", place.workspace), (2, 2))]
    {
        let channel = if kept.0 == 1 { place.channel } else { make_channel(admin, place.workspace).await };
        let uploads = format!("/api/v1/channels/{channel}/files");
        let file = upload(admin, &uploads, "a.txt", "text/plain", b"hello").await.ok();
        let said = json!({ "id": Uuid::now_v7(), "body": "look", "file_ids": [file["id"]] });
        let said = id_of(&admin.post(&format!("/api/v1/channels/{channel}/messages"), said).await.ok());
        if kept.0 == 2 {
            say(admin, make_channel(admin, place.workspace).await, "a word").await;
        }
        fill(app, channel).await;
        let (reader_id, reader) = sign_in(app, admin, &format!("reader{}", kept.0)).await;
        app.db.grant(reader_id, ReaderOf, channel).await;
        let topic = format!("channel:{channel}");
        let mut page = Reader::start(app.ready.address, admin.session(), &["channel", "message"]).await;
        page.subscribe(&topic, None).await;
        page.until("the channel is there", |held| held.running.contains(&topic)).await;

        delete(admin, &deletes).await;
        page.until("it is taken away", |held| !held.rows.contains_key(&channel) && !held.rows.contains_key(&said)).await;
        for client in [admin, &reader] {
            for path in [format!("/api/v1/nodes/{channel}"), format!("/api/v1/messages/{said}")] {
                assert_eq!(client.get(&path).await.status, StatusCode::NOT_FOUND);
            }
            assert_eq!(client.get("/api/v1/search?q=look").await.ok()["items"], json!([]));
            assert_eq!(get(client, &file, &[]).await.status, StatusCode::NOT_FOUND);
            let new = json!({ "id": Uuid::now_v7(), "body": "hello" });
            let sent = client.post(&format!("/api/v1/channels/{channel}/messages"), new).await;
            assert_eq!(sent.status, StatusCode::NOT_FOUND);
        }
        assert_eq!(left().await, (kept.0, 2 * MESSAGES_DELETED_AT_ONCE + kept.1, 1), "what is long is left to the job");
        let again = json!({ "id": channel, "parent_id": INSTANCE_ID, "title": "Again" });
        assert_eq!(admin.post("/api/v1/channels", again.clone()).await.status, StatusCode::CONFLICT, "its id is in use");
        admin.post("/api/v1/admin/jobs", json!({ "kind": "retention", "payload": {} })).await.ok();
        wait_until("it is cleared away", LIMIT, async || left().await == (0, 0, 0) && place.on_disk().is_empty()).await;
        let again = id_of(&admin.post("/api/v1/channels", again).await.ok());
        delete(admin, &format!("/api/v1/channels/{again}")).await;
    }
}

#[tokio::test]
async fn a_start_puts_right_what_a_crash_has_left() {
    let left = tempfile::tempdir().unwrap();
    let files = left.path().join("files");
    for dir in ["tmp", "aside", "2c"] {
        std::fs::create_dir_all(files.join(dir)).unwrap();
    }
    let digest = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    std::fs::write(files.join("aside").join(format!("{digest}.{}", Uuid::nil())), "hello").unwrap();
    let draft = std::fs::File::create(files.join("tmp/left")).unwrap();
    draft.set_modified(draft.metadata().unwrap().modified().unwrap() - Duration::from_secs(7200)).unwrap();
    let place = Place::with(|config| config.files.dir.clone_from(&files)).await;
    wait_until("it is put right", LIMIT, async || !files.join("tmp/left").exists() && files.join("2c").join(digest).exists())
        .await;
    drop(place);
}

#[tokio::test]
async fn a_content_that_is_missing_is_told_so() {
    let place = Place::new().await;
    let file = upload(&place.admin, &place.uploads(), "a.txt", "text/plain", b"hello").await.ok();
    let path = place.on_disk()[0].clone();
    for damage in [Some(&b"hell"[..]), None] {
        match damage {
            Some(bytes) => std::fs::write(&path, bytes).unwrap(),
            None => std::fs::remove_file(&path).unwrap(),
        }
        for range in [&[][..], &[("range", "bytes=0-1")]] {
            let answer = get(&place.admin, &file, range).await;
            assert_eq!(answer.refused(), (503, "unavailable".to_owned()));
            let told = String::from_utf8_lossy(&answer.bytes).into_owned();
            assert!(told.contains("disk") && !told.contains(&*place.dir.path().to_string_lossy()), "{told}");
        }
        assert_eq!(ask(&place.admin, Method::HEAD, &path_of(&file), &[], Vec::new()).await.status, 503);
    }
    // Whoever has it brings it back.
    upload(&place.admin, &place.uploads(), "b.txt", "text/plain", b"hello").await.ok();
    assert_eq!(get(&place.admin, &file, &[]).await.bytes, b"hello");
}

#[tokio::test]
async fn a_folder_that_can_not_be_written_refuses_uploads_alone() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("files"), "no folder").unwrap();
    let place = Place::with(|config| config.files.dir = dir.path().join("files")).await;
    let answer = upload(&place.admin, &place.uploads(), "a.txt", "text/plain", b"hello").await;
    assert_eq!(answer.refused(), (503, "unavailable".to_owned()));
    say(&place.admin, place.channel, "there is no room for files").await;
}

#[tokio::test]
async fn a_folder_of_another_database_loses_nothing() {
    let place = Place::new().await;
    let other = Place::with(|config| config.files.dir = place.dir.path().join("files")).await;
    let files = [
        upload(&place.admin, &place.uploads(), "a.txt", "text/plain", b"first").await.ok(),
        upload(&other.admin, &other.uploads(), "b.txt", "text/plain", b"second").await.ok(),
    ];
    let folder =
        content::Folder::new(place.dir.path().join("files"), store::database::find_identity(other.app.db.pool()).await.unwrap());
    let kept = engine::keep_files(other.app.db.pool(), &folder).await;
    assert!(kept.unwrap_err().to_string().contains("another database"));
    assert_eq!(get(&place.admin, &files[0], &[]).await.bytes, b"first");
    assert_eq!(get(&other.admin, &files[1], &[]).await.bytes, b"second");
    let there: HashSet<PathBuf> = place.on_disk().into_iter().collect();
    assert_eq!(there.len(), 2);
}
