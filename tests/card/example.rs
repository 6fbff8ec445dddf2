//! The example card is the founding document's, word for word.

use p11ctl::card::example::ExampleKind;
use p11ctl::crypto::CertificateDetails;
use p11ctl::layout::{Layout, Policy, ReaderView, certificates_needed, virtual_slots};
use p11ctl::token::{KeyClass, Token};

use crate::support::{Bench, public_key};

/// One line for each slot: number, label, PIN, private keys, certificates.
fn slots(layout: &Layout, token: &Token) -> Vec<String> {
    let names = |slot: &p11ctl::layout::VirtualToken| {
        let pin = slot.auth.map(|index| token.auths[index].label.clone());
        let keys = slot.keys.iter().map(|index| &token.keys[*index]);
        let keys = keys.filter(|key| key.class == KeyClass::Private).map(|key| key.label.clone());
        let certificates = slot.certificates.iter().map(|index| token.certificates[*index].label.clone());
        pin.into_iter().chain(keys).chain(certificates).collect::<Vec<_>>().join(", ")
    };
    let line = |slot: &p11ctl::layout::VirtualSlot| match &slot.token {
        None => format!("{} -", slot.id),
        Some(token) if token.empty => format!("{} {}: empty", slot.id, token.label),
        Some(token) => format!("{} {}: {}", slot.id, token.label, names(token)),
    };
    layout.slots.iter().map(line).collect()
}

fn layout_of(token: &Token, policy: &Policy) -> Layout {
    let readers = [ReaderView::empty("first"), ReaderView::with("second", token)];
    virtual_slots(None, &readers, policy)
}

#[test]
fn example_in_the_second_reader_is_that_of_the_founding_document() {
    let token = Bench::example(ExampleKind::Separate).card().read_token().unwrap();
    assert_eq!(token.problems, []);
    let layout = layout_of(&token, &Policy::default());
    assert_eq!(
        slots(&layout, &token),
        [
            "0 -",
            "1 -",
            "2 -",
            "3 -",
            "4 p11ctl example (PIN 1): PIN 1, key 1, certificate 1, issuing CA 1, root 1",
            "5 p11ctl example (PIN 2): PIN 2, key 2, certificate 2, issuing CA 2, root 2",
            "6 p11ctl example: other root 1, other root 2, other root 3",
            "7 p11ctl example: empty",
        ]
    );
    assert_eq!(layout.unplaced, []);
    let hidden = layout_of(&token, &Policy { hide_empty_tokens: true, ..Policy::default() });
    assert_eq!(slots(&hidden, &token)[7], "7 -");
}

#[test]
fn example_with_shared_chains_shows_them_in_both_tokens() {
    let token = Bench::example(ExampleKind::Shared).card().read_token().unwrap();
    let layout = layout_of(&token, &Policy::default());
    assert_eq!(
        slots(&layout, &token)[4..],
        [
            "4 p11ctl example (PIN 1): PIN 1, key 1, certificate 1, issuing CA, root",
            "5 p11ctl example (PIN 2): PIN 2, key 2, certificate 2, issuing CA, root",
            "6 p11ctl example: other root 1, other root 2, other root 3",
            "7 p11ctl example: empty",
        ]
    );
}

#[test]
fn example_layout_needs_no_certificate_body() {
    let token = Bench::example(ExampleKind::Separate).card().read_token().unwrap();
    assert_eq!(certificates_needed(&token), []);
}

#[test]
fn example_chains_are_signed_and_belong_to_the_keys() {
    for kind in [ExampleKind::Separate, ExampleKind::Shared] {
        let bench = Bench::example(kind);
        let mut card = bench.card();
        let token = card.read_token().unwrap();
        let layout = layout_of(&token, &Policy::default());
        let views = layout.slots.iter().filter_map(|slot| slot.token.as_ref());
        let chains: Vec<_> = views.flat_map(|view| &view.chains).collect();
        assert_eq!(chains.len(), 2);
        for chain in chains {
            let certificates: Vec<CertificateDetails> = chain
                .certificates
                .iter()
                .map(|index| card.read_object(token.certificates[*index].object).unwrap())
                .map(|der| CertificateDetails::parse(&der).unwrap())
                .collect();
            assert!(chain.complete);
            assert_eq!(certificates.len(), 3);
            let public = public_key(&mut card, &token, &token.keys[chain.key].label);
            assert_eq!(certificates[0].public_key, Some(public));
            for (subject, issuer) in
                certificates.iter().zip(certificates.iter().skip(1).chain(certificates.last()))
            {
                assert_eq!(subject.verify_signed_by(issuer.public_key.as_ref().unwrap()), Ok(true));
                assert_eq!(
                    subject.authority_key_id.as_ref().or(subject.subject_key_id.as_ref()),
                    issuer.subject_key_id.as_ref()
                );
            }
        }
    }
}
