//! Random cards, readers and policies, the same for the same seed.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::notation;
use p11ctl::layout::{PinSelection, Policy};
use p11ctl::token::Token;

/// xorshift64*: repeatable.
pub struct Random(u64);

impl Random {
    /// Starts from `P11CTL_TEST_SEED`, or from the clock; prints the seed, which cargo shows when the test fails.
    pub fn new(test: &str) -> Self {
        let given = std::env::var("P11CTL_TEST_SEED").ok().and_then(|text| text.parse().ok());
        let seed = given
            .unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64 | 1);
        println!("{test}: P11CTL_TEST_SEED={seed}");
        Self(seed)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16) as usize % limit
    }

    /// True once in `times`.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn pick<'p>(&mut self, from: &[&'p str]) -> &'p str {
        from[self.below(from.len())]
    }
}

/// The notation of a random card: few names, identifiers and values, so that many collide.
pub fn card_text(random: &mut Random) -> String {
    let mut lines = vec!["card Random".to_owned()];
    for number in 0..random.below(5) {
        let kind = random.pick(&["pin", "pin", "pin", "so-pin", "puk"]);
        lines.push(format!("{kind} P{number} id={}", random.pick(&["01", "02", "03", "04", "05"])));
    }
    for number in 0..random.below(12) {
        let line = match random.below(6) {
            0 | 1 => key(random, "key"),
            2 => key(random, "public-key"),
            3 => key(random, "secret-key"),
            4 => protection(random),
            _ => String::new(),
        };
        lines.push(match line {
            line if line.is_empty() => format!("data D{number}"),
            line if line.starts_with(' ') => format!("data D{number}{line}"),
            line => line.replacen(' ', &format!(" K{number} "), 1),
        });
    }
    for number in 0..random.below(12) {
        lines.push(certificate(random, number));
    }
    lines.join("\n")
}

fn key(random: &mut Random, kind: &str) -> String {
    let id = random.pick(&["", " id=a1", " id=a2", " id=a3"]);
    let value = random.pick(&["", "", " value=v1", " value=v2", " value=rsa-1"]);
    format!("{kind} {}{id}{value}", protection(random))
}

fn protection(random: &mut Random) -> String {
    let pin = random.pick(&["", " pin=01", " pin=02", " pin=03", " pin=04", " pin=99"]);
    let private = random.pick(&["", "", " private", " public"]);
    format!("{pin}{private}")
}

fn certificate(random: &mut Random, number: usize) -> String {
    let names = ["A", "B", "C", "D"];
    let subject = random.pick(&names);
    let issuer = random.pick(&names);
    let id = random.pick(&["", "", " id=a1", " id=a2"]);
    let key = random.pick(&["v1", "v2", "rsa-1", "k1", "k2"]);
    let ski = random.pick(&["", "", " ski=s1", " ski=s2"]);
    let aki = random.pick(&["", "", " aki=s1", " aki=s2", " aki=s3"]);
    let body = random.pick(&["", "", "", " unread", " unread hints"]);
    let protection = if random.once_in(6) { protection(random) } else { String::new() };
    let authority = random.pick(&["", " authority"]);
    let until = 2020 + random.below(3);
    format!(
        "cert C{number} subject={subject} by={issuer}{id} key={key}{ski}{aki}{body}{protection}{authority} until={until}"
    )
}

/// A random card.
pub fn card(random: &mut Random) -> (String, Token) {
    let text = card_text(random);
    let token = notation::card(&text);
    (text, token)
}

/// A random policy.
pub fn policy(random: &mut Random) -> Policy {
    let names = ["P0", "P1", "02", "#3", "nobody"];
    let chosen = (0..random.below(3)).map(|_| random.pick(&names).to_owned()).collect();
    Policy {
        num_slots: 1 + random.below(6) as u32,
        max_virtual_slots: random.below(12) as u32,
        hide_empty_tokens: random.once_in(2),
        create_slots_for_pins: if random.once_in(3) { PinSelection::Only(chosen) } else { PinSelection::All },
        ..Policy::default()
    }
}
