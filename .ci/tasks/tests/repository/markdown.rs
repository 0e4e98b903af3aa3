//! As much of Markdown as it takes to find links, headings and code blocks.

/// Where a link on a page leads, before anything is looked up.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) target: String,
    pub(crate) line: usize,
}

/// The first line of a fenced block of code.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CodeBlock {
    /// What stands behind the fence: the language and its attributes.
    pub(crate) language: String,
    pub(crate) line: usize,
}

/// One page, taken apart.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) links: Vec<Link>,
    /// The headings as the part of an address after `#`.
    pub(crate) anchors: Vec<String>,
    pub(crate) blocks: Vec<CodeBlock>,
}

impl Page {
    pub(crate) fn read(text: &str) -> Self {
        let mut page = Self::default();
        let mut is_in_block = false;
        for (index, line) in text.lines().enumerate() {
            let line_number = index + 1;
            if let Some(language) = line.trim_start().strip_prefix("```") {
                if !is_in_block {
                    page.blocks.push(CodeBlock {
                        language: language.trim().to_owned(),
                        line: line_number,
                    });
                }
                is_in_block = !is_in_block;
            } else if !is_in_block {
                page.read_text(line, line_number);
            }
        }
        page
    }

    fn read_text(&mut self, line: &str, line_number: usize) {
        if let Some(heading) = heading(line) {
            self.anchors.push(anchor(heading));
        }
        let line = without_code(line);
        let inline = line
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split_once(')'))
            .map(|(target, _)| target);
        let definition = line
            .trim_start()
            .strip_prefix('[')
            .and_then(|rest| rest.split_once("]: "));
        for target in inline.chain(definition.map(|(_, target)| target)) {
            // A title may follow the address, and angle brackets may enclose it.
            let target = target
                .split_whitespace()
                .next()
                .unwrap_or_default()
                .trim_matches(['<', '>']);
            self.links.push(Link {
                target: target.to_owned(),
                line: line_number,
            });
        }
    }
}

fn heading(line: &str) -> Option<&str> {
    let text = line.trim_start_matches('#');
    let is_heading = text.len() < line.len() && text.starts_with(' ');
    is_heading.then(|| text.trim())
}

/// The address of a heading as GitHub and mdBook make it.
fn anchor(heading: &str) -> String {
    let kept = heading
        .chars()
        .filter(|sign| sign.is_alphanumeric() || [' ', '-', '_'].contains(sign));
    kept.flat_map(char::to_lowercase)
        .map(|sign| if sign == ' ' { '-' } else { sign })
        .collect()
}

/// The line without what stands between backticks.
fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect()
}

#[test]
fn links_are_found_with_their_lines() {
    let page = Page::read("[a](b.md)\n![c](<d.png> \"title\") and [e](f#g)\n[h]: i.md\n");
    let found: Vec<(&str, usize)> = page
        .links
        .iter()
        .map(|link| (link.target.as_str(), link.line))
        .collect();
    assert_eq!(found, [("b.md", 1), ("d.png", 2), ("f#g", 2), ("i.md", 3)]);
}

#[test]
fn code_holds_neither_links_nor_headings() {
    let page = Page::read("`[a](b)`\n```text\n# c\n[d](e)\n```\n");
    assert!(page.links.is_empty() && page.anchors.is_empty(), "{page:?}");
    assert_eq!(
        page.blocks,
        [CodeBlock {
            language: "text".to_owned(),
            line: 2
        }]
    );
}

#[test]
fn headings_become_addresses() {
    let page = Page::read("# The flow\n## `apply` is total: always\n#no-heading\n");
    assert_eq!(page.anchors, ["the-flow", "apply-is-total-always"]);
}
