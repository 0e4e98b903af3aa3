//! Finds the items of a source file by its tokens, so that comments and strings do not count and code inside of macro
//! calls does.

use std::str::FromStr;

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};

/// A function with a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: String,
    /// Where the word `fn` stands, counted from one.
    pub(crate) line: usize,
    /// From that line to the closing brace.
    pub(crate) lines: usize,
}

/// The name of a type or trait that a file declares.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TypeName {
    pub(crate) name: String,
    pub(crate) line: usize,
}

/// The items of one file, in the order of the text.
#[derive(Debug, Default)]
pub(crate) struct Items {
    pub(crate) functions: Vec<Function>,
    pub(crate) types: Vec<TypeName>,
}

/// The words that a type's name follows.
const TYPE_WORDS: [&str; 5] = ["struct", "enum", "trait", "type", "union"];

impl Items {
    /// Reads a source file; the message says why it is none.
    pub(crate) fn read(source: &str) -> Result<Self, String> {
        let tokens = TokenStream::from_str(source).map_err(|error| error.to_string())?;
        let mut items = Self::default();
        items.walk(tokens);
        Ok(items)
    }

    fn walk(&mut self, tokens: TokenStream) {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        for (index, tree) in trees.iter().enumerate() {
            let rest = &trees[index + 1..];
            match tree {
                TokenTree::Ident(word) => self.note(word, rest),
                TokenTree::Group(group) => self.walk(group.stream()),
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }

    fn note(&mut self, word: &Ident, rest: &[TokenTree]) {
        let Some(TokenTree::Ident(name)) = rest.first() else {
            return;
        };
        let line = word.span().start().line;
        if word == "fn" {
            if let Some(body) = body(rest) {
                let lines = body.span_close().end().line - line + 1;
                self.functions.push(Function {
                    name: name.to_string(),
                    line,
                    lines,
                });
            }
        } else if TYPE_WORDS.iter().any(|type_word| word == type_word) {
            self.types.push(TypeName {
                name: name.to_string(),
                line,
            });
        }
    }
}

/// The braces of a function; a semicolon before them says that it has none. Braces before a comma or an angle bracket
/// are a constant among the type arguments.
fn body(after_fn: &[TokenTree]) -> Option<&Group> {
    for (index, tree) in after_fn.iter().enumerate() {
        match tree {
            TokenTree::Punct(mark) if mark.as_char() == ';' => return None,
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                let next = after_fn.get(index + 1);
                let is_argument =
                    matches!(next, Some(TokenTree::Punct(mark)) if [',', '>'].contains(&mark.as_char()));
                if !is_argument {
                    return Some(group);
                }
            }
            _ => {}
        }
    }
    None
}

#[test]
fn functions_are_measured_from_the_word_fn_to_the_closing_brace() {
    let source =
        "/// Doc.\n#[must_use]\npub fn one()\n-> u8 {\n    // fn comment() {\n    1\n}\n\nfn two() {}\n";
    let items = Items::read(source).expect("this is Rust");
    let found: Vec<(&str, usize, usize)> = items
        .functions
        .iter()
        .map(|found| (found.name.as_str(), found.line, found.lines))
        .collect();
    assert_eq!(found, [("one", 3, 5), ("two", 9, 1)]);
}

#[test]
fn functions_are_found_in_impls_in_traits_in_functions_and_in_macro_calls() {
    let source =
        "impl A { fn a(&self) { fn b() {} } }\ntrait T { fn none(); fn c() {} }\nm! { fn d(x in 0..1) {} }\n";
    let items = Items::read(source).expect("this is Rust");
    let names: Vec<&str> = items.functions.iter().map(|found| found.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "c", "d"]);
}

#[test]
fn a_constant_among_the_type_arguments_is_not_the_body() {
    let source = "fn a() -> [A<{ 1 }, { 2 }>; 1]\n{\n}\nfn b() -> A<{ 1 }> {\n}\n";
    let items = Items::read(source).expect("this is Rust");
    let lines: Vec<usize> = items.functions.iter().map(|found| found.lines).collect();
    assert_eq!(lines, [3, 2]);
}

#[test]
fn function_pointers_and_strings_declare_nothing() {
    let source = "const A: fn(u8) -> u8 = b; const C: &str = \"fn d() {} struct E;\";";
    let items = Items::read(source).expect("this is Rust");
    assert!(items.functions.is_empty() && items.types.is_empty(), "{items:?}");
}

#[test]
fn types_and_traits_are_found_by_name() {
    let source = "struct A;\nenum B {}\nmod m { pub trait C {\ntype D; } }\n";
    let items = Items::read(source).expect("this is Rust");
    let found: Vec<(&str, usize)> = items
        .types
        .iter()
        .map(|found| (found.name.as_str(), found.line))
        .collect();
    assert_eq!(found, [("A", 1), ("B", 2), ("C", 3), ("D", 4)]);
}
