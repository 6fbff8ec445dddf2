//! Token labels: `<card label> (<PIN label>)`, at most 32 bytes, different for every PIN of a card.

use std::collections::HashSet;

use crate::codec::padded::truncate;
use crate::token::{Auth, TokenInfo};

/// Bytes of a token label (`CK_TOKEN_INFO`, PKCS#11 v3.0, 3.2).
const MAX_LEN: usize = 32;

/// The label of a token without PIN: the card's own, or its model where the card has no name.
pub(super) fn of_card(info: &TokenInfo) -> String {
    let name = [&info.label, &info.model, &info.manufacturer].into_iter().map(|name| clean(name));
    let name = name.into_iter().find(|name| !name.is_empty()).unwrap_or_default();
    truncate(&name, MAX_LEN).trim_end().to_owned()
}

/// The label of the token of each user PIN, in the order given. When it is too long the card's part is cut, then
/// the PIN's; of PINs that would be named alike, all but the first get their number among the card's user PINs.
pub(super) fn of_pins(info: &TokenInfo, user_pins: &[&Auth]) -> Vec<String> {
    let card = of_card(info);
    let mut taken = HashSet::new();
    let mut labels = Vec::with_capacity(user_pins.len());
    for (index, auth) in user_pins.iter().enumerate() {
        let name = match clean(&auth.label) {
            name if name.is_empty() => format!("PIN {}", index + 1),
            name => name,
        };
        let mut label = compose(&card, &name, "");
        let mut number = index + 1;
        while !taken.insert(label.clone()) {
            label = compose(&card, &name, &format!(" #{number}"));
            number += 1;
        }
        labels.push(label);
    }
    labels
}

/// `<card> (<pin><suffix>)` in 32 bytes; at least a few bytes stay of the PIN's name, and the whole suffix.
fn compose(card: &str, pin: &str, suffix: &str) -> String {
    const BRACKETS: usize = "()".len();
    let pin = truncate(pin, (MAX_LEN - BRACKETS).saturating_sub(suffix.len())).trim_end();
    let used = BRACKETS + pin.len() + suffix.len();
    let card = truncate(card, MAX_LEN.saturating_sub(used + 1)).trim_end();
    let space = if card.is_empty() { "" } else { " " };
    format!("{card}{space}({pin}{suffix})")
}

/// One line without control characters and surplus spaces. A colon becomes a full stop: NSS separates the
/// token's name from the certificate's by the first colon.
fn clean(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|character| match character {
            ':' => '.',
            control if control.is_control() => ' ',
            other => other,
        })
        .collect();
    plain.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::{AuthId, AuthRole, PinEncoding};

    fn labels(card: &str, pins: &[&str]) -> Vec<String> {
        let info = TokenInfo { label: card.into(), ..TokenInfo::default() };
        let auths: Vec<Auth> = pins.iter().map(|label| pin(label)).collect();
        of_pins(&info, &auths.iter().collect::<Vec<_>>())
    }

    fn pin(label: &str) -> Auth {
        Auth {
            id: AuthId(vec![1]),
            label: label.into(),
            role: AuthRole::User,
            min_len: 4,
            max_len: 8,
            encoding: PinEncoding::AsciiNumeric,
            initialized: true,
            can_change: true,
            can_unblock: true,
            unblocked_by: None,
            tries_left: Some(3),
            tries_max: Some(3),
        }
    }

    #[test]
    fn of_pins_short_names_are_card_and_pin() {
        assert_eq!(labels("Example", &["PIN 1", "PIN 2"]), ["Example (PIN 1)", "Example (PIN 2)"]);
    }

    #[test]
    fn of_pins_long_card_label_is_cut_at_a_character_and_pins_stay_whole() {
        let card = "Bürgerkarte der Stadt Göttingen";
        for (pins, expected) in [
            (
                ["Signatur", "Anmeldung"],
                ["Bürgerkarte der Stad (Signatur)", "Bürgerkarte der Sta (Anmeldung)"],
            ),
            (["é", "è"], ["Bürgerkarte der Stadt Göt (é)", "Bürgerkarte der Stadt Göt (è)"]),
        ] {
            let labels = labels(card, &pins);
            assert_eq!(labels, expected);
            assert!(labels.iter().all(|label| label.len() <= MAX_LEN));
        }
    }

    #[test]
    fn of_pins_names_alike_or_alike_when_cut_stay_different() {
        assert_eq!(labels("C", &["PIN", "PIN", "PIN"]), ["C (PIN)", "C (PIN #2)", "C (PIN #3)"]);
        assert_eq!(labels("C", &["PIN #2", "PIN", "PIN"]), ["C (PIN #2)", "C (PIN)", "C (PIN #3)"]);
        assert_eq!(labels("C", &["PIN", "PIN #2", "PIN"]), ["C (PIN)", "C (PIN #2)", "C (PIN #3)"]);
        assert_eq!(labels("C", &["PIN #2", "PIN #2"]), ["C (PIN #2)", "C (PIN #2 #2)"]);
        let long = "a PIN with a name of more than thirty-two bytes";
        assert_eq!(
            labels("Card", &[&format!("{long} A"), &format!("{long} B")]),
            ["(a PIN with a name of more than)", "(a PIN with a name of more t #2)"]
        );
    }

    #[test]
    fn of_pins_without_names_get_numbers() {
        assert_eq!(labels("C", &["", " "]), ["C (PIN 1)", "C (PIN 2)"]);
        assert_eq!(labels("", &["User"]), ["(User)"]);
    }

    #[test]
    fn of_card_without_a_label_takes_the_model() {
        let info =
            TokenInfo { model: "MyEID 4.5".into(), manufacturer: "Aventra".into(), ..TokenInfo::default() };
        assert_eq!(of_card(&info), "MyEID 4.5");
        assert_eq!(of_card(&TokenInfo::default()), "");
    }

    #[test]
    fn of_card_colons_and_control_characters_are_replaced() {
        let info = TokenInfo { label: "\u{1b}[31mA:B\0".into(), ..TokenInfo::default() };
        assert_eq!(of_card(&info), "[31mA.B");
    }
}
