//! What is lost when a card is formatted or erased: its tokens, keys, certificates and data by their labels.

use serde_json::{Value, json};

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::text::quote;
use crate::cli::tokens::FoundToken;
use crate::token::{AuthRole, KeyClass, Token};

/// Labels of everything on a card.
#[derive(Debug, Default)]
pub struct Lost {
    tokens: Vec<String>,
    keys: Vec<String>,
    certificates: Vec<String>,
    data: Vec<String>,
}

impl Lost {
    /// What the card behind a token holds, as far as its directories tell without a PIN.
    pub fn of(card: &Token) -> Self {
        let users = card.auths.iter().filter(|auth| auth.role == AuthRole::User);
        let keys = card.keys.iter().filter(|key| key.class != KeyClass::Public);
        Self {
            tokens: users.map(|auth| format!("{} ({})", card.info.label, auth.label)).collect(),
            keys: keys.map(|key| key.label.clone()).collect(),
            certificates: card.certificates.iter().map(|certificate| certificate.label.clone()).collect(),
            data: card.data.iter().map(|data| data.label.clone()).collect(),
        }
    }

    /// One line for each kind: `keys: "key 1", "key 2"`.
    pub fn lines(&self) -> Vec<String> {
        let kinds = [
            ("tokens", &self.tokens),
            ("keys", &self.keys),
            ("certificates", &self.certificates),
            ("data", &self.data),
        ];
        kinds
            .into_iter()
            .filter(|(_, labels)| !labels.is_empty())
            .map(|(kind, labels)| {
                let labels: Vec<String> = labels.iter().map(|label| quote(label)).collect();
                format!("{kind}: {}", labels.join(", "))
            })
            .collect()
    }

    /// The same in JSON.
    pub fn to_json(&self) -> Value {
        json!({
            "tokens": self.tokens,
            "keys": self.keys,
            "certificates": self.certificates,
            "data": self.data,
        })
    }

    /// The same as sentences of a command that did it.
    pub fn notes(&self) -> Vec<String> {
        self.lines().into_iter().map(|line| format!("lost: {line}")).collect()
    }
}

/// The slots of the reader that a token is in.
pub fn slots_of_reader(context: &Context, token: &FoundToken) -> Result<Vec<u32>, CliError> {
    let readers = context.engine()?.reader_slots();
    let mine = readers.into_iter().find(|(_, slots)| slots.contains(&token.slot));
    Ok(mine.map(|(_, slots)| slots.iter().map(|slot| slot.0).collect()).unwrap_or_default())
}

/// What is asked before a card, or one application of it, loses what it holds.
pub fn everything_is_lost(whole: &str) -> String {
    format!("everything on {whole} is lost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_name_only_what_is_there() {
        assert_eq!(Lost::of(&Token::default()).lines(), Vec::<String>::new());
        let lost = Lost { keys: vec!["a".to_owned(), "b\u{1b}".to_owned()], ..Lost::default() };
        assert_eq!(lost.lines(), ["keys: \"a\", \"b\\u{1b}\""]);
    }
}
