//! What a command says on its standard error, line by line.

use crate::jobs::Failure;
use serde::Deserialize;
use serde_json::Value;

/// Longer ones are cut.
const LINE_MAX_BYTES: usize = 16_384;
/// More than any log needs: a command that writes without end is ended.
const LOG_MAX_BYTES: usize = 1_048_576;
const LAST_WORDS_MAX_CHARS: usize = 1_000;
const LAST_WORDS_CUT_ABOVE_BYTES: usize = 64 * LAST_WORDS_MAX_CHARS;

#[derive(Debug, PartialEq)]
pub(super) enum Said {
    Progress(f32, Option<String>),
    Checkpoint(Value),
}

#[derive(Deserialize)]
struct Line {
    progress: Option<f32>,
    message: Option<String>,
    checkpoint: Option<Value>,
}

#[derive(Debug, Default)]
pub(super) struct Log {
    line: Vec<u8>,
    bytes: usize,
    /// The newest lines that were for people.
    last_words: String,
}

impl Log {
    /// Takes what was read; nothing: it ended. Answers what it told.
    pub(super) fn take(&mut self, read: &[u8]) -> Result<Vec<Said>, Failure> {
        self.bytes += read.len();
        if self.bytes > LOG_MAX_BYTES {
            return Err(Failure::Never(format!("it wrote more than {LOG_MAX_BYTES} bytes of log")));
        }
        let mut said = Vec::new();
        for byte in read {
            match byte {
                b'\n' => said.extend(self.end_line()),
                _ if self.line.len() < LINE_MAX_BYTES => self.line.push(*byte),
                _ => {}
            }
        }
        if read.is_empty() {
            said.extend(self.end_line());
        }
        Ok(said)
    }

    fn end_line(&mut self) -> Vec<Said> {
        let line = std::mem::take(&mut self.line);
        match serde_json::from_slice::<Line>(&line) {
            Ok(Line { progress, message, checkpoint }) if progress.is_some() || checkpoint.is_some() => {
                let progress = progress.map(|done| Said::Progress(done, message));
                checkpoint.map(Said::Checkpoint).into_iter().chain(progress).collect()
            }
            _ => {
                self.remember(&String::from_utf8_lossy(&line));
                Vec::new()
            }
        }
    }

    fn remember(&mut self, line: &str) {
        let line = line.trim();
        if line.is_empty() {
            return;
        }
        if !self.last_words.is_empty() {
            self.last_words.push('\n');
        }
        self.last_words.extend(line.chars().filter(|c| !c.is_control()));
        // Not at each line: a flood of short ones would cost seconds.
        if self.last_words.len() > LAST_WORDS_CUT_ABOVE_BYTES {
            self.cut();
        }
    }

    fn cut(&mut self) {
        let over = self.last_words.chars().count().saturating_sub(LAST_WORDS_MAX_CHARS);
        self.last_words = self.last_words.chars().skip(over).collect();
    }

    pub(super) fn into_last_words(mut self) -> String {
        self.cut();
        self.last_words
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lines_tell_something_or_are_for_people() {
        let mut log = Log::default();
        let half = log.take(b"beginning\n{\"progress\": 0.5, \"mess").unwrap();
        assert_eq!(half, []);
        let said = log.take(b"age\": \"half\"}\n{\"checkpoint\": [1], \"progress\": 1}\nnot { json\n").unwrap();
        let expect = [Said::Progress(0.5, Some("half".into())), Said::Checkpoint(json!([1])), Said::Progress(1.0, None)];
        assert_eq!(said, expect);
        assert_eq!(log.take(b"last").unwrap(), []);
        assert_eq!(log.take(b"").unwrap(), []);
        assert_eq!(log.into_last_words(), "beginning\nnot { json\nlast");
    }

    #[test]
    fn what_is_said_without_end_is_bounded() {
        let mut log = Log::default();
        for _ in 0..64 {
            log.take(&[b'x'; 10_000]).unwrap();
        }
        assert!(log.line.len() <= LINE_MAX_BYTES);
        log.take(b"\n").unwrap();
        for _ in 0..300 {
            log.take("blå \u{1b}[31m \u{7}ord\n".as_bytes()).unwrap();
        }
        let flood = (0..200).map(|_| log.take(&[b'\n'; 10_000])).find_map(Result::err);
        assert!(matches!(flood, Some(Failure::Never(told)) if told.contains("log")));
        assert!(log.last_words.len() <= LAST_WORDS_CUT_ABOVE_BYTES + LINE_MAX_BYTES);
        let last_words = log.into_last_words();
        assert!(last_words.chars().count() == LAST_WORDS_MAX_CHARS && !last_words.contains('\u{1b}'));
    }
}
