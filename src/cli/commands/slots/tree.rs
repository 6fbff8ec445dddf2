//! `slots --tree`: reader → slot → token → PIN → key → certificate chain, drawn with lines.

use super::report::{Report, TokenReport};
use crate::cli::certificates::Validity;
use crate::cli::keys::{algorithm_name, uses};
use crate::cli::terminal::Terminal;
use crate::cli::text::{escape, quote, tries};
use crate::layout::Chain;
use crate::token::{Key, KeyClass};

/// One line and what hangs below it.
#[derive(Debug, Default)]
struct Node {
    text: String,
    children: Vec<Node>,
}

/// The whole picture, with a line end after each line.
pub fn draw(report: &Report, terminal: &Terminal) -> String {
    let mut roots: Vec<(String, Node)> = Vec::new();
    for slot in &report.slots {
        let node = match &slot.token {
            Some(token) => token_node(slot.id.0, token),
            None => Node::leaf(format!("slot {}: {}", slot.id, slot.absence)),
        };
        match roots.iter_mut().find(|(reader, _)| *reader == slot.reader) {
            Some((_, root)) => root.children.push(node),
            None => {
                let text = terminal.bold(&format!("reader {}", quote(&slot.reader)));
                roots.push((slot.reader.clone(), Node { text, children: vec![node] }));
            }
        }
    }
    let mut text = String::new();
    for (_, root) in &roots {
        text.push_str(&root.text);
        text.push('\n');
        root.draw_children("", lines(terminal), &mut text);
    }
    text
}

impl Node {
    fn leaf(text: String) -> Self {
        Self { text, children: Vec::new() }
    }

    fn draw_children(&self, indent: &str, lines: &Lines, text: &mut String) {
        for (number, child) in self.children.iter().enumerate() {
            let last = number + 1 == self.children.len();
            text.push_str(indent);
            text.push_str(if last { lines.last } else { lines.branch });
            text.push_str(&child.text);
            text.push('\n');
            let deeper = format!("{indent}{}", if last { lines.blank } else { lines.pass });
            child.draw_children(&deeper, lines, text);
        }
    }
}

fn token_node(slot: u32, token: &TokenReport) -> Node {
    if token.blank {
        return Node::leaf(format!("slot {slot}: blank card {}", quote(&token.label)));
    }
    if token.empty {
        return Node::leaf(format!("slot {slot}: empty token {}", quote(&token.label)));
    }
    let mut node = Node::leaf(format!("slot {slot}: token {}", quote(&token.label)));
    let keys = key_nodes(token);
    match &token.pin {
        Some(pin) => {
            let text = format!("PIN {}, {}", quote(&pin.label), tries(pin.tries_left));
            node.children.push(Node { text, children: keys });
        }
        None => node.children.extend(keys),
    }
    node.children.extend(other_nodes(token));
    node
}

/// Private and secret keys, each with its chains.
fn key_nodes(token: &TokenReport) -> Vec<Node> {
    let view = &token.view;
    let mut nodes = Vec::new();
    for index in &view.view.keys {
        let Some(key) = view.card.keys.get(*index).filter(|key| key.class != KeyClass::Public) else {
            continue;
        };
        let chains = view.view.chains.iter().filter(|chain| chain.key == *index);
        let children = chains.filter_map(|chain| chain_node(token, chain)).collect();
        nodes.push(Node { text: key_text(key), children });
    }
    nodes
}

fn key_text(key: &Key) -> String {
    let kind = match key.class {
        KeyClass::Private => "key",
        KeyClass::Public => "public key",
        KeyClass::Secret => "secret key",
    };
    let uses = uses(&key.usage).join(", ");
    let uses = if uses.is_empty() { String::new() } else { format!(": {uses}") };
    format!("{kind} {}, {}, id {}{uses}", quote(&key.label), algorithm_name(&key.algorithm), key.id)
}

/// Leaf at the top, its issuer below it, and so on. A chain that ends early says what is missing.
fn chain_node(token: &TokenReport, chain: &Chain) -> Option<Node> {
    let last = *chain.certificates.last()?;
    let mut below = missing_issuer(token, chain, last);
    for index in chain.certificates.iter().rev() {
        let mut text = certificate_text(token, *index)?;
        if *index == last && below.is_none() {
            text.push_str(", root");
        }
        below = Some(Node { text, children: below.into_iter().collect() });
    }
    below
}

fn missing_issuer(token: &TokenReport, chain: &Chain, last: usize) -> Option<Node> {
    match token.certificates.get(&last) {
        Some(details) if details.is_self_issued() => None,
        Some(details) => {
            let issuer = quote(&details.issuer_text());
            Some(Node::leaf(format!("incomplete: the issuer {issuer} is not on the card")))
        }
        None if chain.complete => None,
        None => Some(Node::leaf("incomplete: the certificate could not be read".to_owned())),
    }
}

/// `certificate "Leaf 1", CN=Leaf 1, until 2036-08-01`.
fn certificate_text(token: &TokenReport, index: usize) -> Option<String> {
    let certificate = token.view.card.certificates.get(index)?;
    let mut text = format!("certificate {}", quote(&certificate.label));
    if let Some(details) = token.certificates.get(&index) {
        text.push_str(&format!(", {}, {}", escape(&details.subject_text()), Validity::of(details).text()));
    }
    Some(text)
}

/// What stands in no chain: public keys alone, certificates without a key, data.
fn other_nodes(token: &TokenReport) -> Vec<Node> {
    let (view, card) = (&token.view.view, &token.view.card);
    let key = |index: &usize| card.keys.get(*index);
    let private_ids: Vec<_> = view
        .keys
        .iter()
        .filter_map(key)
        .filter(|key| key.class == KeyClass::Private)
        .map(|key| &key.id)
        .collect();
    let lone_keys = view
        .keys
        .iter()
        .filter_map(key)
        .filter(|key| key.class == KeyClass::Public && !private_ids.contains(&&key.id))
        .map(key_text);
    let chained: Vec<usize> = view.chains.iter().flat_map(|chain| chain.certificates.clone()).collect();
    let certificates = view
        .certificates
        .iter()
        .filter(|index| !chained.contains(index))
        .filter_map(|index| certificate_text(token, *index));
    let data = view
        .data
        .iter()
        .filter_map(|index| card.data.get(*index))
        .map(|data| format!("data {}, application {}", quote(&data.label), quote(&data.application)));
    lone_keys.chain(certificates).chain(data).map(Node::leaf).collect()
}

/// The pieces that lines are drawn with.
struct Lines {
    branch: &'static str,
    last: &'static str,
    pass: &'static str,
    blank: &'static str,
}

fn lines(terminal: &Terminal) -> &'static Lines {
    if terminal.unicode { &UNICODE } else { &ASCII }
}

const UNICODE: Lines = Lines { branch: "├─ ", last: "└─ ", pass: "│  ", blank: "   " };
const ASCII: Lines = Lines { branch: "|- ", last: "`- ", pass: "|  ", blank: "   " };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draw_children_lines_join_up() {
        let tree = Node {
            text: "root".to_owned(),
            children: vec![
                Node { text: "a".to_owned(), children: vec![Node::leaf("b".to_owned())] },
                Node { text: "c".to_owned(), children: vec![Node::leaf("d".to_owned())] },
            ],
        };
        let mut text = String::new();
        tree.draw_children("", &UNICODE, &mut text);
        assert_eq!(text, "├─ a\n│  └─ b\n└─ c\n   └─ d\n");
        let mut text = String::new();
        tree.draw_children("", &ASCII, &mut text);
        assert_eq!(text, "|- a\n|  `- b\n`- c\n   `- d\n");
    }
}
