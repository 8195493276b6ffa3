//! Search: words as they are compared, and where a text has them.

use crate::limits::{SEARCH_SNIPPET_CHARS, SEARCH_WORD_MAX_CHARS, SEARCH_WORDS_MAX};

/// Latin letters with accents, by the one they are found by. `search_words` in the migrations says the same; a
/// test compares.
const ACCENTED: &[(char, &str)] = &[
    ('a', "ÀÁÂÃÄÅàáâãäåĀāĂăĄąǍǎǞǟǠǡǺǻȀȁȂȃȦȧḀḁẠạẢảẤấẦầẨẩẪẫẬậẮắẰằẲẳẴẵẶặ"),
    ('b', "ḂḃḄḅḆḇ"),
    ('c', "ÇçĆćĈĉĊċČčḈḉ"),
    ('d', "ÐðĎďĐđḊḋḌḍḎḏḐḑḒḓ"),
    ('e', "ÈÉÊËèéêëĒēĔĕĖėĘęĚěƎǝȄȅȆȇȨȩḔḕḖḗḘḙḚḛḜḝẸẹẺẻẼẽẾếỀềỂểỄễỆệ"),
    ('f', "ƑƒḞḟ"),
    ('g', "ĜĝĞğĠġĢģǦǧǴǵḠḡ"),
    ('h', "ĤĥĦħȞȟḢḣḤḥḦḧḨḩḪḫẖ"),
    ('i', "ÌÍÎÏìíîïĨĩĪīĬĭĮįİıǏǐȈȉȊȋḬḭḮḯỈỉỊị"),
    ('j', "Ĵĵǰ"),
    ('k', "ĶķĸǨǩḰḱḲḳḴḵ"),
    ('l', "ĹĺĻļĽľŁłḶḷḸḹḺḻḼḽ"),
    ('m', "ḾḿṀṁṂṃ"),
    ('n', "ÑñŃńŅņŇňŊŋǸǹṄṅṆṇṈṉṊṋ"),
    ('o', "ÒÓÔÕÖØòóôõöøŌōŎŏŐőƠơǑǒǪǫǬǭȌȍȎȏȪȫȬȭȮȯȰȱṌṍṎṏṐṑṒṓỌọỎỏỐốỒồỔổỖỗỘộỚớỜờỞởỠỡỢợ"),
    ('p', "ṔṕṖṗ"),
    ('r', "ŔŕŖŗŘřȐȑȒȓṘṙṚṛṜṝṞṟ"),
    ('s', "ŚśŜŝŞşŠšſȘșṠṡṢṣṤṥṦṧṨṩ"),
    ('t', "ŢţŤťŦŧȚțṪṫṬṭṮṯṰṱẗ"),
    ('u', "ÙÚÛÜùúûüŨũŪūŬŭŮůŰűŲųƯưǓǔǕǖǗǘǙǚǛǜȔȕȖȗṲṳṴṵṶṷṸṹṺṻỤụỦủỨứỪừỬửỮữỰự"),
    ('v', "ṼṽṾṿ"),
    ('w', "ŴŵẀẁẂẃẄẅẆẇẈẉẘ"),
    ('x', "ẊẋẌẍ"),
    ('y', "ÝýÿŶŷŸȲȳẎẏẙỲỳỴỵỶỷỸỹ"),
    ('z', "ŹźŻżŽžẐẑẒẓẔẕ"),
];
/// Those that become two.
const LIGATURES: &[(char, &str)] =
    &[('æ', "ae"), ('Æ', "ae"), ('œ', "oe"), ('Œ', "oe"), ('ß', "ss"), ('ẞ', "ss"), ('þ', "th"), ('Þ', "th")];
/// Accents that stand for themselves, behind their letter.
const COMBINING: &str =
    "\u{300}\u{301}\u{302}\u{303}\u{304}\u{306}\u{307}\u{308}\u{309}\u{30a}\u{30b}\u{30c}\u{323}\u{327}\u{328}\u{331}";

/// A part of a snippet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub text: String,
    /// Whether it is what was asked for.
    pub is_hit: bool,
}

/// The words of what somebody typed: at most so many, none too long, and none for what has no word in it. Whatever
/// is typed is an answer, never a mistake.
pub fn words_of(typed: &str) -> Vec<String> {
    let is_between = |c: char| c.is_whitespace() || c.is_control() || c.is_ascii_punctuation();
    let words = typed.split(is_between).filter(|word| !fold(word).is_empty());
    words.take(SEARCH_WORDS_MAX).map(|word| word.chars().take(SEARCH_WORD_MAX_CHARS).collect()).collect()
}

/// A text in small letters without accents, and with spaces for punctuation.
pub fn fold(text: &str) -> String {
    text.chars().flat_map(fold_char).collect()
}

fn fold_char(c: char) -> impl Iterator<Item = char> {
    let mut found: [Option<char>; 2] = [None, None];
    if c.is_ascii_punctuation() {
        found[0] = Some(' ');
    } else if c.is_ascii() {
        found[0] = Some(c.to_ascii_lowercase());
    } else if let Some((_, two)) = LIGATURES.iter().find(|(from, _)| *from == c) {
        let mut two = two.chars();
        found = [two.next(), two.next()];
    } else if !COMBINING.contains(c) {
        let is_latin = matches!(c, '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}');
        let plain = is_latin.then(|| ACCENTED.iter().find(|(_, all)| all.contains(c))).flatten();
        found[0] = plain.map(|(plain, _)| *plain).or_else(|| c.to_lowercase().next());
    }
    found.into_iter().flatten()
}

/// A piece of the text around the first of the words (or its beginning), with the words marked. `words` are as
/// [`words_of`] makes them.
pub fn snippet(text: &str, words: &[String]) -> Vec<Part> {
    let words: Vec<Vec<char>> = words.iter().map(|word| fold(word).chars().collect()).collect();
    let chars: Vec<char> = text.chars().map(|c| if c.is_whitespace() || c.is_control() { ' ' } else { c }).collect();
    let hits = hits(&chars, &words);
    let begin = match hits.first() {
        // Some of what is before it, from the beginning of a word on.
        Some(first) if first.0 > SEARCH_SNIPPET_CHARS / 3 => {
            let early = first.0 - SEARCH_SNIPPET_CHARS / 3;
            (early..first.0).find(|at| chars[*at] == ' ').map_or(first.0, |at| at + 1)
        }
        _ => 0,
    };
    let end = chars.len().min(begin + SEARCH_SNIPPET_CHARS);
    let mut parts = Vec::new();
    let mut push = |from: usize, to: usize, is_hit: bool| {
        if from < to {
            parts.push(Part { text: chars[from..to].iter().collect(), is_hit });
        }
    };
    let mut at = begin;
    for (from, to) in hits.into_iter().filter(|hit| hit.0 >= begin && hit.1 <= end) {
        push(at, from, false);
        push(from, to, true);
        at = to;
    }
    push(at, end, false);
    parts
}

/// Where words of the text begin with one of these: from, to.
fn hits(chars: &[char], words: &[Vec<char>]) -> Vec<(usize, usize)> {
    // Each folded character with where it is from.
    let folded: Vec<(char, usize)> =
        chars.iter().enumerate().flat_map(|(at, c)| fold_char(*c).map(move |folded| (folded, at))).collect();
    let mut hits = Vec::new();
    for at in 0..folded.len() {
        if at > 0 && folded[at - 1].0 != ' ' {
            continue;
        }
        let begins = |word: &&Vec<char>| {
            !word.is_empty() && folded[at..].len() >= word.len() && folded[at..].iter().zip(word.iter()).all(|(a, b)| a.0 == *b)
        };
        if let Some(longest) = words.iter().filter(begins).map(Vec::len).max() {
            hits.push((folded[at].1, folded[at + longest - 1].1 + 1));
        }
    }
    hits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_of_anything() {
        let check = |typed: &str, expect: &[&str]| assert_eq!(words_of(typed), expect, "{typed:?}");
        check("web db-01", &["web", "db", "01"]);
        check("  Trondheim, Tromsø ", &["Trondheim", "Tromsø"]);
        check("&|!():*'\"\\\0", &[]);
        check("a & !b | (c:*)", &["a", "b", "c"]);
        check("\u{301}", &[]);
        check("", &[]);
        assert_eq!(words_of(&"x ".repeat(10_000)).len(), SEARCH_WORDS_MAX);
        assert_eq!(words_of(&"x".repeat(10_000))[0].len(), SEARCH_WORD_MAX_CHARS);
    }

    #[test]
    fn accents_are_folded() {
        let check = |text: &str, expect: &str| assert_eq!(fold(text), expect, "{text:?}");
        check("Ærøskøbing Åsane", "aeroskobing asane");
        check("Straße São Łódź", "strasse sao lodz");
        check("e\u{301}tude", "etude");
        check("db-01.example", "db 01 example");
        check("ДБ 数据", "дб 数据");
    }

    #[test]
    fn a_snippet_shows_what_was_found() {
        let shown = |text: &str, typed: &str| -> String {
            let parts = snippet(text, &words_of(typed)).into_iter();
            parts.map(|part| if part.is_hit { format!("[{}]", part.text) } else { part.text }).collect()
        };
        assert_eq!(shown("The disks in Tromsø\nare replaced.", "tromso disk"), "The [disk]s in [Tromsø] are replaced.");
        assert_eq!(shown("Færøyene", "faero"), "[Færø]yene");
        assert_eq!(shown("inside", "side"), "inside");
        assert_eq!(shown("", "a"), "");
        let long = format!("{} needle {}", "hay ".repeat(500), "hay ".repeat(500));
        let found = shown(&long, "needle");
        assert!(found.contains("[needle]") && found.starts_with("hay "), "{found}");
        assert!(found.chars().count() <= SEARCH_SNIPPET_CHARS + 2, "{found}");
    }
}
