//! Files that are sent along with messages: what they may be called, and of which kind they are.

use crate::limits::{FILE_NAME_MAX_CHARS, FILE_TYPE_MAX_BYTES};
use crate::refusal::Refusal;

/// The kinds that are taken, unless the configuration says otherwise.
pub const TYPES_DEFAULT: [&str; 22] = [
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "image/avif",
    "audio/mpeg",
    "audio/ogg",
    "audio/opus",
    "audio/wav",
    "audio/flac",
    "audio/mp4",
    "video/mp4",
    "video/webm",
    "video/ogg",
    "application/pdf",
    "text/plain",
    "text/csv",
    "text/markdown",
    "application/json",
    "application/x-ndjson",
    "application/zip",
    "application/gzip",
];

const PLAIN_TEXT: &str = "text/plain";
const UNKNOWN: &str = "application/octet-stream";
const FIELD: &str = "Content-Type";

/// Other names of the same: the one on the right is kept.
const ALIASES: &[(&str, &str)] = &[
    ("application/csv", "text/csv"),
    ("application/jsonl", "application/x-ndjson"),
    ("application/x-gzip", "application/gzip"),
    ("application/x-zip-compressed", "application/zip"),
    ("audio/m4a", "audio/mp4"),
    ("audio/mp3", "audio/mpeg"),
    ("audio/vnd.wave", "audio/wav"),
    ("audio/wave", "audio/wav"),
    ("audio/x-flac", "audio/flac"),
    ("audio/x-m4a", "audio/mp4"),
    ("audio/x-wav", "audio/wav"),
    ("image/jpg", "image/jpeg"),
    ("image/pjpeg", "image/jpeg"),
    ("text/x-log", PLAIN_TEXT),
    ("text/x-markdown", "text/markdown"),
    ("video/x-m4v", "video/mp4"),
];

/// Of these the first bytes say no more than that it is one of them: which of them is left to the sender.
const CONTAINERS: &[&[&str]] =
    &[&["audio/ogg", "audio/opus", "video/ogg"], &["audio/mp4", "video/mp4"], &["audio/webm", "video/webm"]];
/// What else is a ZIP inside.
const ZIPPED: [&str; 3] = ["application/vnd.openxmlformats-", "application/vnd.oasis.opendocument.", "application/epub+zip"];
/// Text, though it is not called so.
const TEXTS: [&str; 6] =
    ["application/json", "application/x-ndjson", "application/xml", "application/yaml", "application/toml", "application/sql"];

/// A name as a label: without the directories it may have come with. It is never a path.
pub fn name_of(text: &str) -> Result<String, Refusal> {
    let name = text.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    let fits = (1..=FILE_NAME_MAX_CHARS).contains(&name.chars().count()) && !matches!(name, "." | "..");
    if fits && !name.chars().any(|c| c.is_control() || turns_text_around(c)) {
        return Ok(name.to_owned());
    }
    Err(Refusal::invalid("name", format!("1 to {FILE_NAME_MAX_CHARS} characters, without control characters")))
}

/// By these "gpj.exe" is shown as "exe.jpg".
fn turns_text_around(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A media type without its parameters, in small letters and by its usual name. `None`: it is none.
pub fn media_type_of(text: &str) -> Option<String> {
    let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_name = |part: &str| {
        let known = |b: u8| b.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&b);
        !part.is_empty() && part.bytes().all(known)
    };
    let (kind, subtype) = essence.split_once('/')?;
    (is_name(kind) && is_name(subtype) && essence.len() <= FILE_TYPE_MAX_BYTES).then(|| usual(&essence).to_owned())
}

fn usual(media_type: &str) -> &str {
    ALIASES.iter().find(|(name, _)| *name == media_type).map_or(media_type, |(_, usual)| usual)
}

/// Of which kind a file is: its first bytes win over what its sender says. Refused unless it is one of `allowed`.
pub fn judge_type(said: Option<&str>, head: &[u8], allowed: &[String]) -> Result<String, Refusal> {
    let refused = |why: String| Refusal::invalid(FIELD, format!("one of {}; {why}", allowed.join(", ")));
    let said = match said {
        None => None,
        Some(text) => Some(media_type_of(text).ok_or_else(|| refused("this is no media type".to_owned()))?),
    };
    let said = said.as_deref().filter(|said| *said != UNKNOWN);
    let seen = recognise(said, head);
    let is_allowed = |kind: &str| allowed.iter().any(|one| one == kind);
    let is_text = is_text(head);
    let kind = match (said, seen) {
        // Many texts begin as something else does: "BM", "MZ".
        (Some(said), _) if is_text && may_be_text(said) => said,
        (Some(said), Some(seen)) => {
            if is_inside(said, seen) {
                said
            } else {
                seen
            }
        }
        (Some(said), None) if is_recognised(said) => return Err(refused(format!("it does not begin as {said} does"))),
        (Some(said), None) => said,
        (None, Some(seen)) if is_allowed(seen) || !is_text => seen,
        (None, _) if is_text => PLAIN_TEXT,
        (None, _) => return Err(refused("it can't be told what it is".to_owned())),
    };
    if is_allowed(kind) { Ok(kind.to_owned()) } else { Err(refused(format!("it is {kind}"))) }
}

fn recognise(said: Option<&str>, head: &[u8]) -> Option<&'static str> {
    // A frame of layer III, with or without a checksum.
    let is_mp3 = head.len() > 2 && head[0] == 0xff && head[1] & 0xe6 == 0xe2;
    if said == Some("audio/mpeg") && is_mp3 {
        return Some("audio/mpeg");
    }
    infer::get(head).map(|found| usual_static(found.mime_type()))
}

fn usual_static(media_type: &'static str) -> &'static str {
    ALIASES.iter().find(|(name, _)| *name == media_type).map_or(media_type, |(_, usual)| *usual)
}

/// Whether a file of this kind must begin as one: whatever a browser shows by itself must.
fn is_recognised(kind: &str) -> bool {
    ["image/", "audio/", "video/"].iter().any(|family| kind.starts_with(family))
        || kind == PLAIN_TEXT
        || may_be_text(kind)
        || ZIPPED.iter().any(|zipped| kind.starts_with(zipped))
        || infer::is_mime_supported(kind)
}

/// Whether what is seen may well be what is said.
fn is_inside(said: &str, seen: &str) -> bool {
    CONTAINERS.iter().any(|kinds| kinds.contains(&said) && kinds.contains(&seen))
        || (seen == "application/zip" && ZIPPED.iter().any(|zipped| said.starts_with(zipped)))
}

fn may_be_text(kind: &str) -> bool {
    kind.starts_with("text/") || TEXTS.contains(&kind)
}

/// As browsers tell text from other things (<https://mimesniff.spec.whatwg.org>: no binary data byte); and UTF-8, but for
/// a letter here and there, as in older tables.
fn is_text(head: &[u8]) -> bool {
    if head.iter().any(|b| matches!(b, 0x00..=0x08 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f)) {
        return false;
    }
    let text = String::from_utf8_lossy(head);
    let strange = text.chars().filter(|c| *c == char::REPLACEMENT_CHARACTER).count();
    strange <= 1 + text.chars().count() / 10
}

/// Whether a browser may show it where it is, instead of keeping it. Never what can hold a script.
pub fn is_shown(media_type: &str) -> bool {
    let is_media = ["image/", "audio/", "video/"].iter().any(|family| media_type.starts_with(family));
    (is_media && !media_type.ends_with("+xml")) || media_type == "application/pdf"
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0";
    const OGG: &[u8] = b"OggS\0\x02\0\0\0\0\0\0\0\0";
    const MP4: &[u8] = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41";
    const ZIP: &[u8] = b"PK\x03\x04\x14\0\0\0\x08\0";
    const ELF: &[u8] = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0>\0\x01\0\0\0........................................";
    const EXE: &[u8] = b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0";
    const PDF: &[u8] = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n";

    #[test]
    fn a_name_is_a_label() {
        let check = |text: &str, expect: Option<&str>| assert_eq!(name_of(text).ok().as_deref(), expect, "{text:?}");
        check("graph.png", Some("graph.png"));
        check("../../x", Some("x"));
        check(r"C:\Users\kari\bilde æ.png", Some("bilde æ.png"));
        check(" a \"b\" ; c.txt ", Some("a \"b\" ; c.txt"));
        check("写真 👍.png", Some("写真 👍.png"));
        check(&"ø".repeat(200), Some(&"ø".repeat(200)));
        let long = "x".repeat(201);
        for bad in ["", " ", ".", "..", "a/", "a/..", "a\r\nb", "a\0", "a\u{7f}", "a\u{202e}gpj.exe", long.as_str()] {
            check(bad, None);
        }
    }

    #[test]
    fn media_types() {
        let check = |text: &str, expect: Option<&str>| assert_eq!(media_type_of(text).as_deref(), expect, "{text:?}");
        check("text/plain; charset=utf-8", Some("text/plain"));
        check(" Image/PNG ", Some("image/png"));
        check("audio/x-m4a", Some("audio/mp4"));
        for bad in ["", "png", "image/", "/png", "image/p ng", "a/b/c", "image/png\r\nx: y", "image/pñg"] {
            check(bad, None);
        }
    }

    fn judged(said: Option<&str>, head: &[u8]) -> Result<String, String> {
        let allowed = TYPES_DEFAULT.map(str::to_owned);
        judge_type(said, head, &allowed).map_err(|refusal| match refusal {
            Refusal::Invalid { field, expects } => {
                assert_eq!(field, "Content-Type");
                expects.rsplit_once("; ").map_or(expects.clone(), |(_, why)| why.to_owned())
            }
            other => panic!("{other}"),
        })
    }

    #[test]
    fn first_bytes_win_over_what_is_said() {
        let check = |said: Option<&str>, head: &[u8], expect: &str| {
            assert_eq!(judged(said, head).as_deref(), Ok(expect), "{said:?} {head:?}");
        };
        check(Some("image/png"), PNG, "image/png");
        check(Some("image/png"), JPEG, "image/jpeg");
        check(Some("application/x-whatever"), PNG, "image/png");
        check(Some("text/plain"), PNG, "image/png");
        check(None, PNG, "image/png");
        check(Some("application/octet-stream"), PDF, "application/pdf");
        check(Some("audio/ogg"), OGG, "audio/ogg");
        check(Some("video/ogg"), OGG, "video/ogg");
        check(Some("audio/x-m4a"), MP4, "audio/mp4");
        check(Some("video/mp4"), MP4, "video/mp4");
        check(Some("audio/mp3"), b"\xff\xfa\x90\x64\0", "audio/mpeg");
        check(Some("image/png"), ZIP, "application/zip");
    }

    #[test]
    fn text_is_text_whatever_it_begins_with() {
        let check = |said: Option<&str>, head: &[u8], expect: &str| {
            assert_eq!(judged(said, head).as_deref(), Ok(expect), "{said:?} {head:?}");
        };
        check(Some("text/plain; charset=utf-8"), b"MZ is how it begins", "text/plain");
        check(Some("text/markdown"), b"<!-- a note -->\n# Title", "text/markdown");
        check(Some("text/x-log"), b"\x1b[31mred\x1b[0m", "text/plain");
        check(Some("text/csv"), b"navn;sted\nK\xe5re;Bod\xf8\nOla;Oslo og omegn\nKari;Lillehammer\n", "text/csv");
        check(None, "blåbær".as_bytes(), "text/plain");
        check(None, b"#!/bin/sh\necho", "text/plain");
        // Cut in the middle of a letter.
        check(Some("text/plain"), &"ø".as_bytes()[..1], "text/plain");
        check(Some("application/json"), b"{}", "application/json");
    }

    #[test]
    fn what_is_something_else_is_refused() {
        let check = |said: Option<&str>, head: &[u8], why: &str| {
            assert_eq!(judged(said, head).err().as_deref(), Some(why), "{said:?} {head:?}");
        };
        check(Some("image/png"), b"<!DOCTYPE html><script>alert(1)</script>", "it is text/html");
        check(Some("image/png"), b"<svg xmlns='http://www.w3.org/2000/svg'>", "it does not begin as image/png does");
        check(Some("image/svg+xml"), b"<svg xmlns='http://www.w3.org/2000/svg'>", "it does not begin as image/svg+xml does");
        check(Some("image/svg+xml"), b"<?xml version='1.0'?><svg>", "it is text/xml");
        check(Some("text/html"), b"<html><body>", "it is text/html");
        check(Some("image/png"), ELF, "it is application/x-executable");
        check(Some("text/plain"), ELF, "it is application/x-executable");
        check(None, EXE, "it is application/vnd.microsoft.portable-executable");
        check(Some("application/pdf"), b"hello", "it does not begin as application/pdf does");
        check(Some("text/plain"), b"a\0b", "it does not begin as text/plain does");
        check(Some("text/plain"), &[0xfe; 100], "it does not begin as text/plain does");
        check(None, b"\x01\x02\x03\x04", "it can't be told what it is");
        check(Some("nonsense"), PNG, "this is no media type");
        check(Some("application/x-whatever"), b"hello", "it is application/x-whatever");
    }

    #[test]
    fn what_a_list_adds_is_taken() {
        let docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
        let allowed = [docx.to_owned(), "application/x-ours".to_owned()];
        assert_eq!(judge_type(Some(docx), ZIP, &allowed).unwrap(), docx);
        assert_eq!(judge_type(Some("application/x-ours"), b"\x01ours", &allowed).unwrap(), "application/x-ours");
        assert!(judge_type(Some("application/x-ours"), ELF, &allowed).is_err());
        assert!(judge_type(Some(docx), b"\x01ours", &allowed).is_err());
    }

    #[test]
    fn only_what_holds_no_script_is_shown() {
        let shown: Vec<&str> = TYPES_DEFAULT.into_iter().filter(|kind| is_shown(kind)).collect();
        assert_eq!(shown, TYPES_DEFAULT[..15]);
        for bad in ["image/svg+xml", "text/html", "text/plain", "application/xhtml+xml"] {
            assert!(!is_shown(bad), "{bad}");
        }
        for kind in TYPES_DEFAULT {
            assert_eq!(media_type_of(kind).as_deref(), Some(kind), "each by its usual name");
        }
    }
}
