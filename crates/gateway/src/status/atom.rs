//! A status page as an Atom feed: an entry for each thing that everybody was told.

use super::language::Language;
use super::texts;
use atom_syndication::{Category, Content, Entry, Feed, FixedDateTime, Link, Text};
use chrono::{DateTime, Utc};
use domain::status_page::{Notice, NoticeUpdate, StatusView};

pub(super) fn feed(view: &StatusView, language: Language, public_url: &str) -> String {
    let page = format!("{public_url}/status/{}", view.slug);
    let mut entries: Vec<(DateTime<Utc>, Entry)> = Vec::new();
    for notice in &view.notices {
        entries.push((notice.announced_at, announcement(notice, language, &page)));
        entries.extend(notice.updates.iter().map(|update| (update.at, entry(notice, update, language, &page))));
    }
    entries.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    let newest = entries.first().map_or(DateTime::UNIX_EPOCH, |(at, _)| *at);
    let feed = Feed {
        title: Text::plain(clean(&view.title)),
        id: format!("urn:uuid:{}", view.page_id),
        updated: fixed(newest),
        lang: Some(language.tag().to_owned()),
        links: vec![link("alternate", &page), link("self", &format!("{page}.atom"))],
        entries: entries.into_iter().map(|(_, entry)| entry).collect(),
        ..Feed::default()
    };
    feed.to_string()
}

fn announcement(notice: &Notice, language: Language, page: &str) -> Entry {
    let until = notice.ends_at.map(|at| format!(" – {}", at.format("%Y-%m-%d %H:%M UTC"))).unwrap_or_default();
    let text = format!("{}{until}\n{}", notice.starts_at.format("%Y-%m-%d %H:%M UTC"), notice.affects.join(", "));
    make(format!("urn:uuid:{}", notice.id), notice, notice.announced_at, &text, language, page)
}

fn entry(notice: &Notice, update: &NoticeUpdate, language: Language, page: &str) -> Entry {
    make(format!("urn:uuid:{}", update.id), notice, update.at, &update.message, language, page)
}

fn make(id: String, notice: &Notice, at: DateTime<Utc>, text: &str, language: Language, page: &str) -> Entry {
    Entry {
        id,
        title: Text::plain(clean(&format!("{}: {}", texts::notice_kind(language, notice.kind), notice.title))),
        updated: fixed(at),
        published: Some(fixed(at)),
        links: vec![link("alternate", page)],
        categories: vec![Category { term: notice.kind.as_str().to_owned(), ..Category::default() }],
        content: Some(Content { value: Some(clean(text)), content_type: Some("text".to_owned()), ..Content::default() }),
        ..Entry::default()
    }
}

fn link(rel: &str, href: &str) -> Link {
    Link { rel: rel.to_owned(), href: href.to_owned(), ..Link::default() }
}

fn fixed(at: DateTime<Utc>) -> FixedDateTime {
    at.fixed_offset()
}

/// XML has no place for most control characters.
fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || *c == '\n' || *c == '\t').collect()
}
