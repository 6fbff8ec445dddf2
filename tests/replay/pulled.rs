//! Recorded cards that are pulled or answer nonsense at any command of their dialogue: an error that says so, soon, and
//! nothing is sent afterwards that was not sent before.

use std::time::{Duration, Instant};

use p11ctl::card::{Card, CardError, isoapplet};

use crate::faults::{Fault, FaultyReader, Plan};
use crate::recordings::{card_in, reader};
use crate::scenarios;

/// What is done to a recorded card.
type Scenario = fn(&mut Card) -> Result<(), CardError>;

const SCENARIOS: [(&str, Scenario); 2] = [
    ("personalise", |card| scenarios::personalise(card).map(drop)),
    ("list", |card| scenarios::list(card).map(drop)),
];

/// Plays a scenario with what the plan has for it.
fn play(version: &str, (name, scenario): (&str, Scenario), plan: &Plan) -> Result<(), CardError> {
    let recorded = reader(&format!("isoapplet-{version}-{name}.dialogue"));
    let mut card = card_in(Box::new(FaultyReader::new(recorded, plan)), isoapplet::open);
    scenario(&mut card)
}

#[test]
fn applet_pulled_at_any_command_is_an_error_that_says_so() {
    for version in ["v0", "v1"] {
        for scenario in SCENARIOS {
            let counted = Plan::never();
            play(version, scenario, &counted).unwrap();
            let commands = counted.commands();
            assert!(commands >= 15, "{version} {}: {commands}", scenario.0);
            for fault in [Fault::CardRemoved, Fault::CardRemovedAfterwards] {
                // The last command takes the login back, which a pulled card has lost anyway.
                for after in 0..commands - 1 {
                    let plan = Plan::after(after, fault.clone());
                    let what = format!("{version} {} after {after}", scenario.0);
                    let error = play(version, scenario, &plan).expect_err(&what);
                    assert!(error.to_string().contains("removed"), "{what}: {error}");
                    assert!(plan.commands() <= after + 3, "{what}: {} commands", plan.commands());
                }
            }
        }
    }
}

#[test]
fn applet_that_lies_from_any_command_on_is_an_error_or_harmless_and_soon_over() {
    let answers: [&[u8]; 6] = [
        &[],
        &[0x90, 0x00],
        &[0x61, 0x00],
        &[0x6C, 0x01],
        &[0x63, 0xCF],
        &[0x62, 0x82, 0xFF, 0xFF, 0x90, 0x00],
    ];
    for version in ["v0", "v1"] {
        for scenario in SCENARIOS {
            let counted = Plan::never();
            play(version, scenario, &counted).unwrap();
            for after in 0..counted.commands() {
                for answer in answers {
                    let plan = Plan::after(after, Fault::Responses(answer.to_vec()));
                    let started = Instant::now();
                    // An error or a token: never a panic, never without end.
                    let _ = play(version, scenario, &plan);
                    let what = format!("{version} {} {answer:02x?} after {after}", scenario.0);
                    assert!(started.elapsed() < Duration::from_secs(20), "{what}");
                    assert!(plan.commands() < 30_000, "{what}: {} commands", plan.commands());
                }
            }
        }
    }
}
