//! The README and the book: links lead somewhere, pages are listed, code is compiled.

use std::fs;
use std::path::{Component, Path, PathBuf};

use engine_tasks::workspace::repository;

use crate::files::{Text, texts};
use crate::markdown::{Link, Page};

const SUMMARY: &str = "docs/SUMMARY.md";
/// Holds one line for each page with code, so that `cargo test --doc` compiles it.
const COMPILED_PAGES: &str = ".ci/tasks/src/pages.rs";
/// Languages of blocks that nothing compiles.
const OTHER_LANGUAGES: [&str; 8] = ["text", "sh", "toml", "json", "sql", "diff", "yaml", "html"];

/// The pages that users read: those at the top level and the book.
fn pages() -> Vec<Text> {
    let is_for_users = |page: &Text| page.path.starts_with("docs") || page.path.iter().count() == 1;
    texts(&["md"]).into_iter().filter(is_for_users).collect()
}

/// Why a link leads nowhere; addresses on other hosts are not looked up.
fn complaint(page: &Text, link: &Link) -> Option<String> {
    if link.target.contains("://") || link.target.starts_with("mailto:") {
        return None;
    }
    let (path, anchor) = link.target.split_once('#').unwrap_or((&link.target, ""));
    let place = format!("{}:{}: `{}`", page.path.display(), link.line, link.target);
    let Some(target) = resolve(&page.path, path) else {
        return Some(format!("{place} leaves the repository"));
    };
    let absolute = repository().join(&target);
    if !absolute.exists() {
        return Some(format!("{place} does not exist"));
    }
    let is_page = target.extension().is_some_and(|extension| extension == "md");
    if anchor.is_empty() || !is_page {
        return None;
    }
    let text = fs::read_to_string(absolute).expect("a page is text");
    let is_known = Page::read(&text).anchors.iter().any(|known| known == anchor);
    (!is_known).then(|| format!("{place} has no such heading"))
}

/// The path from the root of what a link on a page names; `None` where it climbs out.
fn resolve(page: &Path, link: &str) -> Option<PathBuf> {
    if link.is_empty() {
        return Some(page.to_owned());
    }
    let mut resolved = page.parent()?.to_owned();
    for part in Path::new(link).components() {
        match part {
            Component::ParentDir => resolved.pop().then_some(())?,
            Component::Normal(name) => resolved.push(name),
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(resolved)
}

#[test]
fn relative_links_lead_somewhere() {
    let complaints: Vec<String> = pages()
        .iter()
        .flat_map(|page| {
            Page::read(&page.text)
                .links
                .into_iter()
                .filter_map(|link| complaint(page, &link))
        })
        .collect();
    assert!(
        complaints.is_empty(),
        "links that lead nowhere:\n{}",
        complaints.join("\n")
    );
}

#[test]
fn every_page_of_the_book_is_in_its_summary() {
    let pages = pages();
    let summary = pages
        .iter()
        .find(|page| page.path == Path::new(SUMMARY))
        .expect("the book has a summary");
    let listed: Vec<PathBuf> = Page::read(&summary.text)
        .links
        .iter()
        .filter_map(|link| resolve(&summary.path, &link.target))
        .collect();
    for page in pages
        .iter()
        .filter(|page| page.path.starts_with("docs") && page.path != summary.path)
    {
        assert!(
            listed.contains(&page.path),
            "{} is not in {SUMMARY}",
            page.path.display()
        );
    }
}

#[test]
fn every_code_block_is_compiled_or_says_that_it_is_something_else() {
    let compiled = fs::read_to_string(repository().join(COMPILED_PAGES)).expect("the list of pages is text");
    for page in pages() {
        for block in Page::read(&page.text).blocks {
            let place = format!("{}:{}", page.path.display(), block.line);
            if OTHER_LANGUAGES.contains(&block.language.as_str()) {
                continue;
            }
            assert_eq!(
                block.language, "rust",
                "{place}: the block is neither `rust` nor one of {OTHER_LANGUAGES:?}"
            );
            let line = format!("include_str!(\"../../../{}\")", page.path.display());
            assert!(compiled.contains(&line), "{place}: {COMPILED_PAGES} lacks {line}");
        }
    }
}

#[test]
fn links_to_nowhere_are_found() {
    let page = Text {
        path: "docs/SUMMARY.md".into(),
        text: String::new(),
    };
    let complaint = |target: &str| {
        complaint(
            &page,
            &Link {
                target: target.to_owned(),
                line: 1,
            },
        )
    };
    assert_eq!(complaint("../README.md"), None);
    assert_eq!(complaint("../README.md#licence"), None);
    assert_eq!(complaint("https://example.org/nowhere"), None);
    assert!(complaint("nowhere.md").is_some_and(|reason| reason.ends_with("does not exist")));
    assert!(complaint("../README.md#nowhere").is_some_and(|reason| reason.ends_with("no such heading")));
    assert!(complaint("../../outside").is_some_and(|reason| reason.ends_with("leaves the repository")));
}
