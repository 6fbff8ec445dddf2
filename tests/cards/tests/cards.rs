//! The third-party cards themselves: they answer as cards do.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use p11ctl::codec::hex;
use p11ctl::transport::VirtualCard;
use p11ctl_cards::openpgp;

fn ask(card: &mut dyn VirtualCard, command: &str) -> String {
    hex::encode(&card.process(&hex::decode(command).unwrap()))
}

#[test]
fn openpgp_card_answers_after_it_was_selected() {
    let mut card = openpgp::card(1);
    assert_eq!(ask(&mut card, "00CA006E00"), "6d00");
    assert_eq!(ask(&mut card, "00A4040006D2760001240100"), "9000");
    assert!(ask(&mut card, "00CA004F00").starts_with("d276000124010304fffe00000001"));
    card.reset();
    assert_eq!(ask(&mut card, "00CA006E00"), "6d00");
}

#[test]
fn openpgp_card_long_response_is_fetched_in_pieces() {
    let mut card = openpgp::card(1);
    ask(&mut card, "00A4040006D2760001240100");
    let whole = ask(&mut card, "00CA006E000000");
    let first = ask(&mut card, "00CA006E10");
    assert!(first.len() == 36 && first[32..].starts_with("61"), "{first}");
    let mut all = first[..32].to_owned();
    loop {
        let more = ask(&mut card, "00C0000040");
        let (data, status) = more.split_at(more.len() - 4);
        all.push_str(data);
        if status == "9000" {
            break;
        }
    }
    assert_eq!(all + "9000", whole);
}

#[test]
fn openpgp_card_takes_a_chained_command() {
    let mut card = openpgp::card(1);
    ask(&mut card, "00A4040006D2760001240100");
    assert_eq!(ask(&mut card, "002000830831323334353637 38".replace(' ', "").as_str()), "9000");
    assert_eq!(ask(&mut card, "10DA005B0241 42".replace(' ', "").as_str()), "9000");
    assert_eq!(ask(&mut card, "00DA005B0143"), "9000");
    assert_eq!(ask(&mut card, "00CA005B00"), "4142439000");
}
