//! What the main jobs cost on a card with the IsoApplet, in APDUs, with nothing kept of it (cold) and with what an earlier
//! run kept (warm): through the engine, as the command line does them. OpenSC's figures are those of its `pkcs11-tool`
//! (0.27.1) on the applet itself, from the days of the recordings.

use std::collections::HashSet;

use p11ctl::config::{CacheConfig, Config};
use p11ctl::engine::{ANY_ROOM, Engine, MechanismId, ObjectClass, SessionMode, Template, UserKind};
use p11ctl::layout::SlotId;
use p11ctl::transport::replay::{Replay, ReplayReader};

use crate::recordings::text;
use crate::scenarios::{DIGEST_INFO, PIN};

/// Listing slots and signing with OpenSC, cold: it keeps nothing.
const OPENSC: [u64; 2] = [62, 66];
/// What a certificate costs that is not kept yet: SELECT and READ BINARY.
const CERTIFICATE: u64 = 2;

/// A card that answers what the first of these recordings of it has, in any order, and beyond that what the others have. Its
/// PIN is right at once.
fn dialogue(names: &[String]) -> String {
    let (mut joined, mut known) = (String::new(), HashSet::new());
    for (index, name) in names.iter().enumerate() {
        let whole = text(name);
        let mut lines = whole.lines();
        while let Some(line) = lines.next() {
            if !line.starts_with('>') {
                joined.extend((index == 0).then(|| format!("{line}\n")));
                continue;
            }
            let answer = lines.next().unwrap_or_default();
            if line.starts_with("> 0020000110") && answer != "< 9000" {
                continue;
            }
            if known.insert(line.to_owned()) || index == 0 {
                joined.push_str(&format!("{line}\n{answer}\n"));
            }
        }
    }
    // No other application is on these cards (ISO 7816-4, 11.2.2), which nobody asked them when they were recorded.
    for other in ["a00000030800001000", "d27600012401"] {
        let len = other.len() / 2;
        for le in ["", "00"] {
            joined.push_str(&format!("> 00a40400{len:02x}{other}{le}\n< 6a82\n"));
        }
    }
    joined
}

fn card(dialogue: &str) -> Replay {
    Replay::parse(dialogue).unwrap().any_order()
}

fn engine(replay: &Replay, cache: CacheConfig) -> Engine {
    let config = Config { cache, ..Config::default() };
    Engine::new(vec![Box::new(ReplayReader::new("applet", replay.clone()))], &config)
}

/// `p11ctl slots`.
fn list(engine: &Engine) {
    assert_eq!(engine.readers().len(), 1);
    let tries = engine.pin_status(SlotId(0)).unwrap().user.unwrap().tries_left;
    assert_eq!(tries, Some(3));
}

/// `p11ctl sign`, but for the body of the key's certificate, which is in no recording: [`CERTIFICATE`].
fn sign(engine: &Engine) {
    engine.keep_at_hand(true);
    engine.virtual_token(SlotId(0)).unwrap();
    engine.user_pin(SlotId(0)).unwrap();
    let session = engine.open_session(SlotId(0), SessionMode::ReadOnly).unwrap();
    engine.login(session, UserKind::User, Some(&PIN.into())).unwrap();
    engine.keep_at_hand(false);
    let template = Template::new().class(ObjectClass::PrivateKey).id(&[1]);
    let key = engine.find_all(session, &template).unwrap()[0];
    engine.sign_init(session, &MechanismId::RSA_PKCS.into(), key).unwrap();
    assert_eq!(engine.sign(session, &DIGEST_INFO, ANY_ROOM).unwrap().len(), 256);
    engine.finish().unwrap();
}

/// A cache folder.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// APDUs of a job with what is kept here.
    fn cost(&self, replay: &Replay, job: fn(&Engine)) -> u64 {
        cost(replay, CacheConfig { enabled: true, directory: Some(self.0.path().join("cache")) }, job)
    }
}

fn cost(replay: &Replay, cache: CacheConfig, job: fn(&Engine)) -> u64 {
    let engine = engine(replay, cache);
    job(&engine);
    engine.stats().apdus
}

/// Recordings of both versions of the applet, and who made what is on them.
fn cards() -> Vec<(&'static str, &'static str, String)> {
    let of = |version: &'static str| {
        let name = |what: &str| format!("isoapplet-{version}-{what}.dialogue");
        let own = dialogue(&[name("sign"), name("list")]);
        [(version, "p11ctl", own), (version, "OpenSC", dialogue(&[name("opensc"), name("sign")]))]
    };
    ["v0", "v1"].into_iter().flat_map(of).collect()
}

#[test]
fn listing_and_signing_cost_half_of_what_opensc_needs_and_little_the_second_time() {
    for (version, maker, text) in cards() {
        let replay = card(&text);
        for (name, job, body, theirs, limit) in
            [("list", list as fn(&Engine), 0, OPENSC[0], 7), ("sign", sign, CERTIFICATE, OPENSC[1], 9)]
        {
            let folder = Folder::new();
            let [cold, warm] = [(); 2].map(|()| folder.cost(&replay, job));
            let kept_nowhere = cost(&replay, CacheConfig { enabled: false, directory: None }, job);
            assert!(cold <= kept_nowhere, "{cold}, and {kept_nowhere} where nothing is kept");
            let cold = cold + body;
            println!(
                "APDUs: IsoApplet {version} made by {maker}, {name}: p11ctl {cold}, warm {warm}   OpenSC {theirs}"
            );
            assert!(2 * cold <= theirs, "{name}: {cold} of {theirs}");
            assert!(warm <= limit, "{version} by {maker}, {name}: {warm}");
        }
    }
}

/// All cards that OpenSC formats have the same serial number, and no more than a key tells two of them apart.
#[test]
fn another_card_of_opensc_is_asked_for_every_application() {
    let (key, other_key) = ("> 00b0800000\n< 3082010a0282010100ec", "> 00b0800000\n< 3082010a0282010100ed");
    for (version, _, text) in cards().into_iter().filter(|(_, maker, _)| *maker == "OpenSC") {
        assert!(text.contains(key), "{version}");
        let (one, other) = (card(&text), card(&text.replace(key, other_key)));
        let folder = Folder::new();
        let [cold, warm] = [(); 2].map(|()| folder.cost(&one, list));
        assert!(warm < cold, "{version}: {warm} of {cold}");
        // Which card it is costs a question.
        assert_eq!(folder.cost(&other, list), cold + 1, "{version}");
    }
}
