//! Callers that mean no good: each is refused clearly, and the others don't notice.

use crate::app::TestApp;
use crate::raw::{BINARY, PING, Raw, TEXT, exchange, header};
use domain::limits::{HEADERS_MAX_BYTES, REQUEST_BODY_MAX_BYTES, SOCKET_ERRORS_MAX, SOCKET_MESSAGE_MAX_BYTES};
use domain::limits::{SOCKET_MESSAGES_MAX, SUBSCRIPTIONS_PER_SOCKET_MAX, TOKEN_MAX_BYTES};
use tokio::io::AsyncWriteExt;

const PING_MESSAGE: &str = r#"{"type":"ping"}"#;

pub(crate) fn subscribe(id: &str, topic: &str) -> String {
    format!(r#"{{"type":"subscribe","id":"{id}","topic":"{topic}"}}"#)
}

async fn socket(app: &TestApp) -> Raw {
    Raw::upgraded(app.ready.address, None).await.expect("an open socket")
}

#[tokio::test]
async fn a_message_that_cannot_be_taken_is_refused_and_the_socket_goes_on() {
    let app = TestApp::start().await;
    let mut raw = socket(&app).await;
    let deep = format!(r#"{{"type":"subscribe","id":{}"#, "[".repeat(16_000));
    let long_id = subscribe(&"x".repeat(65), "kind:group");
    for (text, code) in [
        (r#"{"type":"drop"}"#, "invalid"),
        ("", "invalid"),
        ("null", "invalid"),
        (r#"{"type":"subscribe","id":"a"}"#, "invalid"),
        (r#"{"type":"subscribe","id":"a","topic":"kind:nonsense"}"#, "invalid"),
        (r#"{"type":"subscribe","id":"","topic":"kind:group"}"#, "invalid"),
        (r#"{"type":"subscribe","id":"a\u0000","topic":"node:\u0000"}"#, "invalid"),
        (&long_id, "invalid"),
        (&deep, "invalid"),
    ] {
        raw.text(text).await.unwrap();
        let error = raw.until(r#""type":"error""#).await;
        assert!(error.contains(&format!(r#""code":"{code}""#)), "{text:.60}: {error}");
    }
    raw.frame(BINARY, b"x").await.unwrap();
    assert!(raw.until(r#""type":"error""#).await.contains("text frames only"));
    raw.text(PING_MESSAGE).await.unwrap();
    raw.until(r#""type":"pong""#).await;
}

#[tokio::test]
async fn what_is_not_of_the_protocol_closes_the_socket() {
    let app = TestApp::start().await;
    let mut raw = socket(&app).await;
    for _ in 0..=SOCKET_ERRORS_MAX {
        raw.text("nonsense").await.unwrap();
    }
    assert_eq!(raw.read_all().await.1, Some(1008), "too many of them");

    let mut raw = socket(&app).await;
    raw.frame(TEXT, b"{\"type\":\"\xff\xfe\"}").await.unwrap();
    assert_eq!(raw.read_all().await.1, Some(1008), "not UTF-8");

    let mut raw = socket(&app).await;
    raw.stream.write_all(b"\x81\x02hi").await.unwrap();
    assert_eq!(raw.read_all().await.1, Some(1008), "not masked");

    let mut raw = socket(&app).await;
    raw.frame(0x3, b"x").await.unwrap();
    assert_eq!(raw.read_all().await.1, Some(1008), "a reserved kind of frame");
}

#[tokio::test]
async fn what_is_too_large_closes_the_socket() {
    let app = TestApp::start().await;
    let most = vec![b' '; SOCKET_MESSAGE_MAX_BYTES];
    let mut raw = socket(&app).await;
    raw.frame(TEXT, &most).await.unwrap();
    raw.until(r#""type":"error""#).await;
    let _ = raw.frame(TEXT, &[&most[..], b" "].concat()).await;
    assert_eq!(raw.read_all().await.1, Some(1009), "a frame");

    let mut raw = socket(&app).await;
    raw.stream.write_all(&header(0x81, 0x80, 1 << 40)).await.unwrap();
    raw.stream.write_all(&[0; 4]).await.unwrap();
    assert_eq!(raw.read_all().await.1, Some(1009), "announced");

    // In parts: the first is no end, the others go on with it.
    let mut raw = socket(&app).await;
    for (at, first) in [0x01, 0x00, 0x00].into_iter().enumerate() {
        let mut part = header(first, 0x80, 8_000);
        part.extend([0; 8_004]);
        if raw.stream.write_all(&part).await.is_err() {
            assert!(at > 1);
        }
    }
    assert_eq!(raw.read_all().await.1, Some(1009), "in parts");
}

#[tokio::test]
async fn ten_thousand_subscriptions_on_a_socket() {
    let app = TestApp::start().await;
    let mut raw = socket(&app).await;
    for n in 0..10_000 {
        if raw.text(&subscribe(&n.to_string(), "kind:group")).await.is_err() {
            break;
        }
    }
    assert_eq!(raw.read_all().await.1, Some(1008));

    // As many as are allowed do run, and one more doesn't.
    let mut raw = socket(&app).await;
    for n in 0..SUBSCRIPTIONS_PER_SOCKET_MAX {
        raw.text(&subscribe(&n.to_string(), "kind:group")).await.unwrap();
        raw.until(&format!(r#""subscribed","id":"{n}""#)).await;
    }
    raw.text(&subscribe("more", "kind:group")).await.unwrap();
    assert!(raw.until(r#""type":"error""#).await.contains(r#""code":"limit""#));
    raw.text(&subscribe("0", "kind:team")).await.unwrap();
    assert!(raw.until(r#""type":"error""#).await.contains(r#""code":"conflict""#));
    raw.text(r#"{"type":"unsubscribe","id":"0"}"#).await.unwrap();
    raw.text(&subscribe("more", "kind:group")).await.unwrap();
    raw.until(r#""subscribed","id":"more""#).await;
}

#[tokio::test]
async fn tokens_of_any_length_and_number_get_a_resync() {
    let app = TestApp::start().await;
    let mut raw = socket(&app).await;
    for n in 0..SUBSCRIPTIONS_PER_SOCKET_MAX {
        let since = format!("{n}~{}", "9".repeat(if n % 2 == 0 { 9_000 } else { TOKEN_MAX_BYTES - 10 }));
        let text = format!(r#"{{"type":"subscribe","id":"{n}","topic":"kind:group","since":"{since}"}}"#);
        raw.text(&text).await.unwrap();
    }
    for n in 0..SUBSCRIPTIONS_PER_SOCKET_MAX {
        raw.until(&format!(r#"{{"type":"resync","id":"{n}"}}"#)).await;
    }
}

#[tokio::test]
async fn a_flood_closes_the_socket() {
    let app = TestApp::start().await;
    let mut raw = socket(&app).await;
    for _ in 0..100 {
        raw.frame(PING, b"still there?").await.unwrap();
        while raw.read().await.unwrap().0 != 0xa {}
    }
    let pings: Vec<u8> =
        std::iter::repeat_n([&[0x89, 0x80 | 125, 0, 0, 0, 0][..], &[b'x'; 125]].concat(), 1_000).flatten().collect();
    let flooding = async { while raw.stream.write_all(&pings).await.is_ok() {} };
    tokio::time::timeout(crate::raw::LIMIT, flooding).await.expect("it is closed");

    let mut raw = socket(&app).await;
    for _ in 0..=SOCKET_MESSAGES_MAX {
        let _ = raw.text(PING_MESSAGE).await;
    }
    assert_eq!(raw.read_all().await.1, Some(1008));
}

#[tokio::test]
async fn http_that_goes_too_far_is_refused() {
    let app = TestApp::start().await;
    let admin = app.administrator().await;
    let address = app.ready.address;
    let head = |more: &str| {
        let session = admin.session().unwrap();
        format!(
            "POST /api/v1/intentions HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\nCookie: synops_session={session}\r\n\
             Content-Type: application/json\r\nConnection: close\r\n{more}\r\n"
        )
    };
    let body = |body: &[u8]| [head(&format!("Content-Length: {}\r\n", body.len())).as_bytes(), body].concat();
    let check = async |bytes: &[u8], status: &str, code: &str| {
        let answer = exchange(address, bytes).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{status}: {answer:.300}");
        assert!(answer.contains(&format!(r#""code":"{code}""#)), "{code}: {answer:.900}");
    };
    check(&body(&vec![b' '; REQUEST_BODY_MAX_BYTES + 1]), "413", "too_large").await;
    // Without a length, in chunks.
    let chunk = [b"10000\r\n".as_slice(), &vec![b' '; 0x10000], b"\r\n"].concat();
    let chunks = [head("Transfer-Encoding: chunked\r\n").as_bytes(), &chunk.repeat(17), b"0\r\n\r\n"].concat();
    check(&chunks, "413", "too_large").await;
    check(&body("[".repeat(500_000).as_bytes()), "400", "invalid").await;
    check(&body(b"{\"intentions\":[{\"type\":\"\xff\"}]}"), "400", "invalid").await;
    check(&body(br#"{"intentions":[{"type":"create_node","kind":"workspace","parent_id":"00000000-0000-7000-8000-000000000001","title":"\u0000"}]}"#), "400", "invalid").await;
    for cursor in ["%00", "x", "WzFd", &"A".repeat(5_000)] {
        let get = format!("GET /api/v1/nodes?cursor={cursor} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        check(get.as_bytes(), "400", "invalid").await;
    }
    // A header of any length, and any number of headers: not read to their end.
    let long = format!("GET / HTTP/1.1\r\nHost: {address}\r\nX-Long: {}\r\n\r\n", "x".repeat(2 * HEADERS_MAX_BYTES));
    let many = format!("GET / HTTP/1.1\r\nHost: {address}\r\n{}\r\n", "X-Many: 1\r\n".repeat(1_000));
    for head in [long, many] {
        let answer = exchange(address, head.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 431"), "{answer:.200}");
    }
    let garbage = exchange(address, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n").await;
    assert!(garbage.starts_with("HTTP/1.1 400"), "{garbage}");
    assert_eq!(admin.get("/api/v1/me").await.status, 200);
}

/// Heads and bodies that come drop by drop, or not at all, end in time, and hold up nobody.
#[tokio::test]
async fn whoever_dawdles_is_cut() {
    let app = TestApp::start().await;
    let address = app.ready.address;
    let began = tokio::time::Instant::now();
    let head = format!("GET /api/v1/live HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nX-Slow: ");
    let body = format!(
        "POST /api/v1/session HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{{"
    );
    let dawdlers = [String::new(), head.clone(), head, body].map(|begin| async move {
        let mut raw = Raw::connect(address).await.unwrap();
        raw.stream.write_all(begin.as_bytes()).await.unwrap();
        raw.read_all_bytes().await
    });
    let client = app.client();
    let honest = async {
        for _ in 0..50 {
            client.get("/api/v1/nodes").await.ok();
        }
    };
    let (answers, ()) = tokio::join!(futures_util::future::join_all(dawdlers), honest);
    assert!(answers[3].starts_with("HTTP/1.1 503") || answers[3].starts_with("HTTP/1.1 408"), "{}", answers[3]);
    for answer in &answers[..3] {
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    }
    assert!(began.elapsed() > std::time::Duration::from_secs(10), "they had their time");
}
