//! Pages of numbered rules, each of which names its tests.

/// The `4.2` of a line that begins a rule.
pub fn rule_number(line: &str) -> Option<&str> {
    let (number, _) = line.split_once(' ')?;
    let (chapter, rule) = number.split_once('.')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (is_number(chapter) && is_number(rule)).then_some(number)
}

/// The tests that a text names: ``(test: `one`, `two`)``.
pub fn named_tests(text: &str) -> Vec<&str> {
    let notes = text.split("(test: ").skip(1);
    let notes = notes.map(|note| note.split(')').next().unwrap_or_default());
    let words = notes.flat_map(|note| note.split('`').skip(1).step_by(2));
    words.collect()
}
