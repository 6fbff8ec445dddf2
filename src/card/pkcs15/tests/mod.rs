//! The format as a whole: round trips, what real cards get wrong, what hostile cards do.

mod deviations;
mod hostile;
mod notation;
mod round_trip;
pub(in crate::card) mod sample;

use proptest::test_runner::{Config, RngSeed};

/// Random cases from a printed seed: `P11CTL_TEST_SEED` repeats a run.
fn random_cases(cases: u32) -> Config {
    let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let given = std::env::var("P11CTL_TEST_SEED").ok().and_then(|text| text.parse().ok());
    let seed = given.unwrap_or_else(|| clock.map_or(0, |time| time.as_nanos() as u64));
    println!("P11CTL_TEST_SEED={seed}");
    Config { cases, rng_seed: RngSeed::Fixed(seed), failure_persistence: None, ..Config::default() }
}
