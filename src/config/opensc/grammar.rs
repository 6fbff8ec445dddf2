//! OpenSC's configuration grammar: nested blocks `kind name, name { … }` and settings `name = value, value;`.
//!
//! Facts of the format: a comment is `#` where a word could begin, to the end of the line. A bare word ends only at
//! white space, `;` or `,`, and may contain anything else (`=`, `{`, `$`). A text in double quotes ends on its line and
//! knows no escapes. Names of settings are compared without case. A missing `;` is tolerated.

/// Deepest nesting of blocks; real files have four.
const MAX_DEPTH: usize = 16;

/// One block, or the whole file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Block {
    /// `app`, `framework`, `card_atr`; empty for the file.
    pub(super) kind: String,
    /// `default`, `pkcs15`.
    pub(super) names: Vec<String>,
    /// Where it begins.
    pub(super) line: usize,
    /// Its settings, in order.
    pub(super) settings: Vec<Setting>,
    /// Its blocks, in order.
    pub(super) blocks: Vec<Block>,
    /// Oddities in it that were tolerated: line, name, why.
    pub(super) oddities: Vec<(usize, String, &'static str)>,
}

/// One setting.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Setting {
    /// Its name as written.
    pub(super) name: String,
    /// Its values; may be none.
    pub(super) values: Vec<String>,
    /// Where it stands.
    pub(super) line: usize,
}

/// What breaks the grammar.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GrammarError {
    /// Another character than can stand here.
    #[error("unexpected {0}")]
    Unexpected(String),
    /// A quoted text without its second quote.
    #[error("text in quotes does not end on its line")]
    OpenText,
    /// A block without `}`.
    #[error("block {0:?} is not closed")]
    OpenBlock(String),
    /// `}` without a block.
    #[error("}} closes nothing")]
    NothingToClose,
    /// Too many blocks in each other.
    #[error("blocks are nested deeper than {MAX_DEPTH}")]
    TooDeep,
}

impl Block {
    /// `kind name, name`, for messages.
    pub(super) fn title(&self) -> String {
        let names = self.names.join(", ");
        if names.is_empty() { self.kind.clone() } else { format!("{} {names}", self.kind) }
    }

    /// True for a block of this kind, and with this first name, if one is asked for.
    pub(super) fn is(&self, kind: &str, name: Option<&str>) -> bool {
        let first = self.names.first().map(String::as_str);
        self.kind.eq_ignore_ascii_case(kind) && name.is_none_or(|name| first == Some(name))
    }
}

/// Parses a whole file. Errors: the line and what is wrong there.
pub(super) fn parse(text: &str) -> Result<Block, (usize, GrammarError)> {
    let mut words = Words { rest: text, line: 1 };
    // The blocks that are open, the file first.
    let mut open = vec![Block::default()];
    let mut pushed_back = None;
    while let Some((line, word)) = next(&mut words, &mut pushed_back)? {
        match word {
            Word::Text(name) => match statement(name, line, &mut words, &mut pushed_back)? {
                Statement::Block(_) if open.len() > MAX_DEPTH => return Err((line, GrammarError::TooDeep)),
                Statement::Block(block) => open.push(block),
                Statement::Setting(setting, oddity) => {
                    if let Some(block) = open.last_mut() {
                        block.oddities.extend(oddity.map(|why| (line, setting.name.clone(), why)));
                        block.settings.push(setting);
                    }
                }
            },
            Word::Mark(';') => {}
            Word::Mark('}') => {
                let closed =
                    open.pop().filter(|_| !open.is_empty()).ok_or((line, GrammarError::NothingToClose))?;
                if let Some(parent) = open.last_mut() {
                    parent.blocks.push(closed);
                }
            }
            Word::Mark(mark) => return Err((line, GrammarError::Unexpected(format!("{mark:?}")))),
        }
    }
    match open.pop() {
        Some(file) if open.is_empty() => Ok(file),
        Some(block) => Err((block.line, GrammarError::OpenBlock(block.title()))),
        None => Ok(Block::default()),
    }
}

enum Statement {
    Block(Block),
    /// A setting, and what was tolerated in it.
    Setting(Setting, Option<&'static str>),
}

/// Reads on from the first word of a statement. What belongs to the next one is pushed back.
fn statement(
    first: String,
    line: usize,
    words: &mut Words<'_>,
    pushed_back: &mut Option<(usize, Word)>,
) -> Result<Statement, (usize, GrammarError)> {
    let mut names = Vec::new();
    let mut after_comma = false;
    loop {
        match next(words, pushed_back)? {
            Some((_, Word::Mark('{'))) => {
                return Ok(Statement::Block(Block { kind: first, names, line, ..Block::default() }));
            }
            Some((_, Word::Mark('='))) => return values(first, line, words, pushed_back),
            Some((_, Word::Mark(','))) => after_comma = true,
            Some((_, Word::Text(name))) if names.is_empty() || after_comma => {
                names.push(name);
                after_comma = false;
            }
            other => {
                let at = other.as_ref().map_or(words.line, |(line, _)| *line);
                let unexpected = match &other {
                    Some((_, Word::Mark(';'))) => {
                        let setting = Setting { name: first, values: names, line };
                        return Ok(Statement::Setting(
                            setting,
                            Some("it has no value: white space belongs around ="),
                        ));
                    }
                    Some((_, Word::Mark(mark))) => format!("{mark:?} after {first:?}"),
                    Some((_, Word::Text(text))) => format!("{text:?} after {first:?}"),
                    None => format!("end of file after {first:?}"),
                };
                return Err((at, GrammarError::Unexpected(unexpected)));
            }
        }
    }
}

fn values(
    name: String,
    line: usize,
    words: &mut Words<'_>,
    pushed_back: &mut Option<(usize, Word)>,
) -> Result<Statement, (usize, GrammarError)> {
    let mut setting = Setting { name, values: Vec::new(), line };
    let mut wants_value = true;
    loop {
        match next(words, pushed_back)? {
            Some((_, Word::Mark(';'))) => return Ok(Statement::Setting(setting, None)),
            Some((_, Word::Mark(','))) => wants_value = true,
            Some((_, Word::Text(value))) if wants_value => {
                setting.values.push(value);
                wants_value = false;
            }
            Some((line, Word::Mark(mark @ ('{' | '=')))) => {
                return Err((line, GrammarError::Unexpected(format!("{mark:?} after {:?}", setting.name))));
            }
            other => {
                *pushed_back = other;
                return Ok(Statement::Setting(setting, Some("its ; is missing")));
            }
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Word {
    /// A bare word, or a text without its quotes.
    Text(String),
    /// One of `{`, `}`, `=`, `;`, `,`.
    Mark(char),
}

type Next = Result<Option<(usize, Word)>, (usize, GrammarError)>;

fn next(words: &mut Words<'_>, pushed_back: &mut Option<(usize, Word)>) -> Next {
    match pushed_back.take() {
        Some(word) => Ok(Some(word)),
        None => words.next(),
    }
}

/// The words of a file, with their lines.
struct Words<'t> {
    rest: &'t str,
    line: usize,
}

impl Words<'_> {
    fn next(&mut self) -> Next {
        while let Some(first) = self.rest.chars().next() {
            let line = self.line;
            match first {
                '\n' => self.line += 1,
                ' ' | '\t' | '\r' => {}
                '#' => {
                    self.rest = self.rest.find('\n').and_then(|end| self.rest.get(end..)).unwrap_or_default();
                    continue;
                }
                '{' | '}' | '=' | ';' | ',' => {
                    self.skip(1);
                    return Ok(Some((line, Word::Mark(first))));
                }
                '"' => {
                    self.skip(1);
                    let text = self.take_until(|c| matches!(c, '"' | '\r' | '\n'));
                    if !self.rest.starts_with('"') {
                        return Err((line, GrammarError::OpenText));
                    }
                    self.skip(1);
                    return Ok(Some((line, Word::Text(text))));
                }
                _ => {
                    let text = self.take_until(|c| matches!(c, ';' | ',' | ' ' | '\t' | '\r' | '\n'));
                    return Ok(Some((line, Word::Text(text))));
                }
            }
            self.skip(1);
        }
        Ok(None)
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    fn take_until(&mut self, ends: impl Fn(char) -> bool) -> String {
        let (text, rest) = self.rest.split_at(self.rest.find(ends).unwrap_or(self.rest.len()));
        self.rest = rest;
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Draws a block: `kind(name|name){setting=value|value; block}`.
    fn draw(block: &Block) -> String {
        let settings = block.settings.iter().map(|s| format!("{}={};", s.name, s.values.join("|")));
        let blocks = block.blocks.iter().map(|b| format!("{}({}){{{}}}", b.kind, b.names.join("|"), draw(b)));
        settings.chain(blocks).collect()
    }

    #[test]
    fn parse_constructs_of_the_grammar() {
        for (text, expected) in [
            ("", ""),
            ("# only a comment", ""),
            ("a = b;", "a=b;"),
            ("a=b; c = d;", "a=b=;c=d;"),
            ("a = b, c ,d;", "a=b|c|d;"),
            ("a = \"b; {c}, #d\";", "a=b; {c}, #d;"),
            ("a = ;", "a=;"),
            ("a = b # comment;\n;", "a=b;"),
            ("a = b#c;", "a=b#c;"),
            ("a = x=y{$z};", "a=x=y{$z};"),
            ("app default { }", "app(default){}"),
            ("app \"C:\\a b\\c.exe\" {}", "app(C:\\a b\\c.exe){}"),
            ("k a, b { x = 1; }", "k(a|b){x=1;}"),
            ("k { x = 1; j l { y = 2; } }", "k(){x=1;j(l){y=2;}}"),
            ("k { x = 1 }", "k(){x=1;}"),
            ("x = 1\ny = 2\n", "x=1;y=2;"),
            ("k\n{\r\n\tx = 1;\r\n}\r\n", "k(){x=1;}"),
            (";;k {;};", "k(){}"),
            ("a b = c;", "a=c;"),
        ] {
            assert_eq!(parse(text).map(|block| draw(&block)).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn parse_what_is_tolerated_is_noted() {
        let block = parse("a = b\nc=d;\n").unwrap();
        let noted: Vec<_> = block.oddities.iter().map(|(line, name, _)| (*line, name.as_str())).collect();
        assert_eq!(noted, [(1, "a"), (2, "c=d")]);
    }

    #[test]
    fn parse_faults_have_their_line() {
        let deep = "k {\n".repeat(MAX_DEPTH + 1);
        for (text, line, error) in [
            ("\n}", 2, GrammarError::NothingToClose),
            ("k {\n}\n}", 3, GrammarError::NothingToClose),
            ("\nk a {\n x = 1;", 2, GrammarError::OpenBlock("k a".into())),
            ("k {\n j {\n }\n", 1, GrammarError::OpenBlock("k".into())),
            ("k {\n x = 1;}\nj { x = true}", 3, GrammarError::OpenBlock("j".into())),
            ("\n a = \"b\n", 2, GrammarError::OpenText),
            ("a = \"", 1, GrammarError::OpenText),
            ("= a;", 1, GrammarError::Unexpected("'='".into())),
            ("{ }", 1, GrammarError::Unexpected("'{'".into())),
            (", a;", 1, GrammarError::Unexpected("','".into())),
            ("a b c {", 1, GrammarError::Unexpected("\"c\" after \"a\"".into())),
            ("a }", 1, GrammarError::Unexpected("'}' after \"a\"".into())),
            ("\na", 2, GrammarError::Unexpected("end of file after \"a\"".into())),
            ("a = b\n= c", 2, GrammarError::Unexpected("'=' after \"a\"".into())),
            ("a = { b }", 1, GrammarError::Unexpected("'{' after \"a\"".into())),
            (&deep, MAX_DEPTH + 1, GrammarError::TooDeep),
        ] {
            assert_eq!(parse(text), Err((line, error)), "{text}");
        }
    }

    #[test]
    fn parse_a_megabyte_of_braces_ends_at_the_limit() {
        assert_eq!(
            parse(&"k{ ".repeat(300_000)).map(|_| ()),
            Err((1, GrammarError::Unexpected("\"k{\" after \"k{\"".into())))
        );
        assert_eq!(parse(&"k { ".repeat(250_000)).map(|_| ()), Err((1, GrammarError::TooDeep)));
        assert!(parse(&"k { } ".repeat(150_000)).is_ok());
    }
}
