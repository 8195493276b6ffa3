//! What may not stand in the page and its tests.

use super::patterns::{Lines, Look, Rule};

pub(super) const RULES: &[Rule] = &[
    Rule {
        words: &[".only(", ".skip(", ".fixme(", ".todo("],
        look: Look::Text,
        lines: Lines::Tests,
        within: &[],
        except: &[],
        says: "every test runs, or it goes",
    },
    Rule {
        words: &["waitForTimeout", "setTimeout("],
        look: Look::Text,
        lines: Lines::Tests,
        within: &[],
        // The one place that waits between two looks at a state.
        except: &["e2e/wait_until.ts", "e2e/support/wait_until.ts"],
        says: "a test never sleeps to wait; wait for a state (expect, waitFor), or use fake timers",
    },
    Rule {
        words: &["@ts-ignore", "@ts-nocheck"],
        look: Look::Text,
        lines: Lines::All,
        within: &[],
        except: &[],
        says: "use @ts-expect-error with a reason, which goes when it is no longer needed",
    },
    Rule {
        words: &["as any", ": any", "<any>"],
        look: Look::Text,
        lines: Lines::All,
        within: &[],
        except: &["web/src/lib/api/schema.d.ts"],
        says: "use the generated types, or unknown",
    },
    Rule {
        words: &["{@html"],
        look: Look::Text,
        lines: Lines::All,
        within: &[],
        except: &[],
        says: "what people write is never taken for HTML",
    },
    Rule {
        words: &["from '@lucide/svelte'", "from \"@lucide/svelte\""],
        look: Look::Text,
        lines: Lines::All,
        within: &[],
        except: &[],
        says: "import the single icon, '@lucide/svelte/icons/…': the barrel slows every build down",
    },
    Rule {
        words: &["console.log"],
        look: Look::Text,
        lines: Lines::Product,
        within: &["web/src/"],
        except: &[],
        says: "a left-over of debugging",
    },
];

#[cfg(test)]
mod tests {
    use super::super::patterns::{check_web, lines_found};

    fn check(path: &str, text: &str, expect: &[usize]) {
        assert_eq!(lines_found(check_web, path, text), expect, "{path}: {text}");
    }

    #[test]
    fn every_test_runs_and_none_sleeps() {
        check("e2e/live.spec.ts", "test.only('a', b)", &[1]);
        check("web/src/lib/a.test.ts", "\ndescribe.skip('a', b)", &[2]);
        check("web/src/lib/a.ts", "items.skip(3)", &[]);
        check("e2e/live.spec.ts", "await page.waitForTimeout(100)", &[1]);
        check("web/src/lib/live.ts", "setTimeout(reconnect, 100)", &[]);
        check("web/src/lib/live.test.ts", "setTimeout(done, 100)", &[1]);
    }

    #[test]
    fn the_page_keeps_its_types_and_its_readers_safe() {
        check("web/src/lib/a.ts", "// @ts-ignore\nx as any", &[1, 2]);
        check("web/src/lib/a.ts", "is as anybody says", &[]);
        check("web/src/lib/A.svelte", "<p>{@html body}</p>", &[1]);
        check("web/src/lib/A.svelte", "import { X } from '@lucide/svelte'", &[1]);
        check("web/src/lib/A.svelte", "import X from '@lucide/svelte/icons/x'", &[]);
        check("web/src/lib/a.ts", "console.log(a)", &[1]);
    }
}
