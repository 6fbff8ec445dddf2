//! Tables without lines: columns on a wide terminal or in a pipe, one record after the other on a narrow one.

use comfy_table::{Attribute, Cell, ContentArrangement, presets};

use super::terminal::Terminal;
use super::text::escape;

/// A table being filled. Every cell is escaped; an empty cell shows as `-`.
#[derive(Debug, Clone, Default)]
pub struct Table {
    header: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns.
    pub fn new(header: &[&'static str]) -> Self {
        Self { header: header.to_vec(), rows: Vec::new() }
    }

    /// Adds a row; it has as many cells as the header.
    pub fn row<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) {
        let row = cells
            .into_iter()
            .map(|cell| {
                let cell = cell.into();
                if cell.is_empty() { EMPTY_CELL.to_owned() } else { escape(&cell) }
            })
            .collect();
        self.rows.push(row);
    }

    /// True without a row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The text, with a line end after each line; nothing for a table without rows.
    pub fn render(&self, terminal: &Terminal) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        match terminal.width {
            Some(width) if usize::from(width) < self.header.len() * NARROWEST_COLUMN => {
                self.render_records(terminal)
            }
            _ => self.render_columns(terminal),
        }
    }

    fn render_columns(&self, terminal: &Terminal) -> String {
        let mut table = comfy_table::Table::new();
        table.load_style(presets::NOTHING);
        match terminal.width {
            Some(width) => {
                table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
            }
            None => {
                table.set_content_arrangement(ContentArrangement::Disabled);
            }
        }
        if terminal.colors_stdout() {
            table.enforce_styling();
        } else {
            table.force_no_tty();
        }
        table.set_header(self.header.iter().map(|name| Cell::new(name).add_attribute(Attribute::Bold)));
        table.add_rows(&self.rows);
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        let mut text = String::new();
        for line in table.lines() {
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    fn render_records(&self, terminal: &Terminal) -> String {
        let longest = self.header.iter().map(|name| name.len()).max().unwrap_or(0);
        let mut text = String::new();
        for (number, row) in self.rows.iter().enumerate() {
            if number > 0 {
                text.push('\n');
            }
            for (name, cell) in self.header.iter().zip(row) {
                let name = terminal.bold(&format!("{name:longest$}"));
                for (number, line) in cell.lines().enumerate() {
                    let name = if number == 0 { name.clone() } else { " ".repeat(longest) };
                    text.push_str(&format!("{name}  {line}\n"));
                }
            }
        }
        text
    }
}

/// Name and value lines: what `token info` and `object show` print.
pub fn fields(terminal: &Terminal, fields: &[(&str, String)]) -> String {
    let longest = fields.iter().map(|(name, _)| name.len()).max().unwrap_or(0) + 1;
    let mut text = String::new();
    for (name, value) in fields {
        let name = terminal.bold(&format!("{:longest$}", format!("{name}:")));
        text.push_str(format!("{name} {}", escape(value)).trim_end());
        text.push('\n');
    }
    text
}

const EMPTY_CELL: &str = "-";

/// Below this many characters for each column a table is read more easily as records.
const NARROWEST_COLUMN: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Table {
        let mut table = Table::new(&["SLOT", "READER", "TOKEN", "OBJECTS"]);
        table.row(["0", "Virtual PCD 00 00", "Example card (PIN 1)", "1 key, 3 certificates"]);
        table.row(["1", "Virtual PCD 00 00", "", "evil \u{1b}[31m"]);
        table
    }

    #[test]
    fn render_pipe_columns_are_aligned_and_plain() {
        assert_eq!(
            example().render(&Terminal::PIPE),
            "SLOT  READER             TOKEN                 OBJECTS\n\
             0     Virtual PCD 00 00  Example card (PIN 1)  1 key, 3 certificates\n\
             1     Virtual PCD 00 00  -                     evil \\u{1b}[31m\n"
        );
    }

    #[test]
    fn render_narrow_terminal_gets_records() {
        let narrow = Terminal { width: Some(40), ..Terminal::PIPE };
        let text = example().render(&narrow);
        assert!(text.lines().all(|line| line.len() <= 40), "{text}");
        assert!(text.starts_with("SLOT     0\nREADER   Virtual PCD 00 00\nTOKEN    Example card (PIN 1)\n"));
    }

    #[test]
    fn render_medium_terminal_wraps_within_its_width() {
        let medium = Terminal { width: Some(56), ..Terminal::PIPE };
        let text = example().render(&medium);
        assert!(text.lines().all(|line| line.len() <= 56), "{text}");
        assert!(text.starts_with("SLOT "));
    }

    #[test]
    fn render_colors_only_where_the_terminal_has_them() {
        let colored = Terminal { stdout: true, color: true, ..Terminal::PIPE };
        assert!(example().render(&colored).contains("\u{1b}[1m"));
        let plain = Terminal { stdout: false, color: true, ..Terminal::PIPE };
        assert!(!example().render(&plain).contains('\u{1b}'));
    }
}
