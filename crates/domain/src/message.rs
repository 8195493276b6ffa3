//! Messages: what somebody said in a channel.

use crate::limits::{MENTIONS_MAX, MESSAGE_MAX_BYTES, MESSAGE_TITLE_MAX_CHARS};
use crate::refusal::Refusal;
use chrono::{DateTime, Utc};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How a text names a node: as a Markdown link, `[Checkout](node:0198…)`.
const NODE_LINK: &str = "](node:";
/// What stands for the text of a message that has none.
const WORDLESS: &str = "…";

/// What a node of kind `message` has besides. Its text is the node's body, its author who made the node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub channel_id: Uuid,
    /// The message it answers; `None`: it stands for itself.
    pub thread_id: Option<Uuid>,
    /// From 1 without gaps, among those that stand for themselves or among the answers to one.
    pub number: i64,
    /// Its author's name, as it was.
    pub author_title: Option<String>,
    pub edited_at: Option<DateTime<Utc>>,
    /// It was taken back: its text is gone, its place is not.
    pub deleted_at: Option<DateTime<Utc>>,
    pub pinned_at: Option<DateTime<Utc>>,
    pub pinned_by: Option<Uuid>,
    /// Since when it is on the timeline of what the channel is beside.
    pub promoted_at: Option<DateTime<Utc>>,
    pub replies: i32,
    pub last_reply_at: Option<DateTime<Utc>>,
    /// Nodes that its text names, as far as its author could see them.
    pub mentions: Vec<Uuid>,
    pub reactions: Vec<Reaction>,
    pub files: Vec<FileRef>,
}

/// Somebody's, in the order they came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaction {
    pub emoji: String,
    pub person_id: Uuid,
    pub person_title: String,
}

/// A file that was sent along.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRef {
    pub id: Uuid,
    pub name: String,
    pub media_type: String,
    pub size_bytes: i64,
}

/// A message says something, in words or by files.
pub fn validate_body(body: &str, has_files: bool) -> Result<(), Refusal> {
    if body.len() > MESSAGE_MAX_BYTES || body.contains('\0') || (body.trim().is_empty() && !has_files) {
        return Err(Refusal::invalid("body", format!("1 to {MESSAGE_MAX_BYTES} bytes, without NUL")));
    }
    Ok(())
}

/// One emoji of Unicode's, in the form that is kept: people who mean the same say the same.
pub fn emoji_of(text: &str) -> Result<&'static str, Refusal> {
    let known = emojis::get(text).map(emojis::Emoji::as_str);
    known.ok_or_else(|| Refusal::invalid("emoji", "one emoji"))
}

/// What stands for a message where nodes have titles: the beginning of its first line that says something.
pub fn title_of(body: &str) -> String {
    let text = plain(body);
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or(WORDLESS);
    let mut chars = line.chars().filter(|c| !c.is_control());
    let title: String = chars.by_ref().take(MESSAGE_TITLE_MAX_CHARS).collect();
    match (title.trim().is_empty(), chars.next()) {
        (true, _) => WORDLESS.to_owned(),
        (false, Some(_)) => title + WORDLESS,
        (false, None) => title,
    }
}

/// The nodes that a text names, each once, in order; at most [`MENTIONS_MAX`].
pub fn nodes_named(body: &str) -> Vec<Uuid> {
    let mut named: Vec<Uuid> = Vec::new();
    for (_, rest) in body.match_indices(NODE_LINK).map(|(at, found)| body.split_at(at + found.len())) {
        let id = rest.split_once(')').and_then(|(id, _)| Uuid::try_parse(id).ok());
        if let Some(id) = id.filter(|id| !named.contains(id)) {
            named.push(id);
        }
        if named.len() == MENTIONS_MAX {
            break;
        }
    }
    named
}

/// The same text for people who don't see nodes in it: each by the name its writer gave it.
pub fn with_names(body: &str) -> String {
    let mut text = String::with_capacity(body.len());
    let mut rest = body;
    while let Some((before, after)) = rest.split_once(NODE_LINK) {
        let Some((_, behind)) = after.split_once(')') else { break };
        let label = before.rfind('[').map_or((before, ""), |at| (&before[..at], &before[at + 1..]));
        text.push_str(label.0);
        text.push_str(label.1);
        rest = behind;
    }
    text + rest
}

/// The words of a Markdown text, for where it can't be set: titles, and messages that leave the server. HTML is words
/// to us, as it is on the page.
pub fn plain(body: &str) -> String {
    let mut text = String::with_capacity(body.len());
    let extensions = Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS;
    for event in Parser::new_ext(body, extensions) {
        match event {
            Event::Text(words) | Event::Code(words) | Event::Html(words) | Event::InlineHtml(words) => text.push_str(&words),
            Event::Start(Tag::Item) if text.is_empty() || text.ends_with('\n') => text.push_str("- "),
            Event::Start(Tag::Item) => text.push_str("\n- "),
            Event::End(TagEnd::TableCell) => text.push(' '),
            Event::SoftBreak | Event::HardBreak => text.push('\n'),
            Event::End(
                TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::Item | TagEnd::CodeBlock | TagEnd::TableHead | TagEnd::TableRow,
            ) if !text.ends_with('\n') => text.push('\n'),
            _ => {}
        }
    }
    text.truncate(text.trim_end().len());
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_title_is_the_beginning_of_what_is_said() {
        let check = |body: &str, expect: &str| assert_eq!(title_of(body), expect, "{body:?}");
        check("Hello", "Hello");
        check("\n\n  Hello \nthere", "Hello");
        check("", "…");
        check("\u{7}\n", "…");
        check("## **Checkout** is late\n\nAgain.", "Checkout is late");
        check("***", "…");
        check(&"x".repeat(80), &"x".repeat(80));
        check(&"ø".repeat(81), &format!("{}…", "ø".repeat(80)));
    }

    #[test]
    fn nodes_are_named_by_links() {
        let (a, b) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let check = |body: String, expect: &[Uuid]| assert_eq!(nodes_named(&body), expect, "{body}");
        check(format!("[A](node:{a}) and [B](node:{b}), [A](node:{a}) again"), &[a, b]);
        check(format!("[A](node:{a}"), &[]);
        check("[A](node:me)".to_owned(), &[]);
        check(format!("node:{a}"), &[]);
        let many: String = (0..100).map(|n| format!("[x](node:{})", Uuid::from_u128(n))).collect();
        assert_eq!(nodes_named(&many).len(), MENTIONS_MAX);
    }

    #[test]
    fn nodes_have_their_names() {
        let id = Uuid::from_u128(1);
        let check = |body: String, expect: &str| assert_eq!(with_names(&body), expect, "{body}");
        check(format!("Ask [Kari](node:{id}) about [Checkout](node:{id})."), "Ask Kari about Checkout.");
        check(format!("](node:{id}) x"), " x");
        check("[A](node:".to_owned(), "[A](node:");
    }

    #[test]
    fn plain_text_has_the_words_alone() {
        let check = |body: &str, expect: &str| assert_eq!(plain(body), expect, "{body}");
        check("Hello\nthere", "Hello\nthere");
        check("# Late\n\n**Checkout** is `slow`, ~~not~~ _down_.", "Late\nCheckout is slow, not down.");
        check("ask [Kari](node:0198) and [them](https://x.example)", "ask Kari and them");
        check("1. one\n2. two\n   - deep\n\nend", "- one\n- two\n- deep\nend");
        check("| a | b |\n|---|---|\n| 1 | 2 |", "a b \n1 2");
        check("```sh\nls *\n```\nthen", "ls *\nthen");
        check("2 * 3 * 4 <b>x</b> a_b_c", "2 * 3 * 4 <b>x</b> a_b_c");
        check("<script>\nx\n</script>", "<script>\nx\n</script>");
        check("", "");
        check("***", "");
    }

    #[test]
    fn a_text_of_marks_alone_is_no_longer_without_them() {
        for mark in [">", "- ", "1. ", "*", "[", "![", "`", "<", "a**b_c", "[a](", "> - ", "~~", "\n>", "[a]: "] {
            let body = mark.repeat(MESSAGE_MAX_BYTES / mark.len());
            assert!(plain(&body).len() <= 2 * body.len(), "{mark:?}");
        }
    }

    #[test]
    fn a_reaction_is_one_emoji() {
        let check = |text: &str, ok: bool| assert_eq!(emoji_of(text).is_ok(), ok, "{text:?}");
        for ok in ["👍", "❤️", "👩‍🚒", "🇳🇴", "👍🏽"] {
            check(ok, true);
        }
        for bad in ["", "a", "👍👍", ":+1:", "<b>", "1"] {
            check(bad, false);
        }
        assert_eq!(emoji_of("❤").unwrap(), emoji_of("❤️").unwrap());
    }

    proptest! {
        #[test]
        fn any_text_is_read(body in ".{0,300}|(\\]\\(node:|\\[|\\)|[0-9a-f-]{0,40}){0,30}") {
            nodes_named(&body);
            with_names(&body);
            plain(&body);
            prop_assert!(title_of(&body).chars().count() <= MESSAGE_TITLE_MAX_CHARS + 1);
        }
    }
}
