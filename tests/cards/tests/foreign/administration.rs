//! Administration of OpenPGP cards by the command line: started anew, PINs, resetting code, KDF, policies. GnuPG and OpenSC
//! say what became of it.

use std::fs;

use p11ctl::transport::VirtualCard;
use p11ctl_cards::disguised::{Named, PulledOnce, SettingAnew};
use p11ctl_cards::{Shared, openpgp};

use crate::gnupg::{adopt, expect_gpg, fields, gpg, prepare};
use crate::rig::Rig;
use crate::tools::{expect, p11ctl};

fn desk() -> Rig {
    desk_with(openpgp::card(21))
}

fn desk_with(card: impl VirtualCard + 'static) -> Rig {
    let mut rig = Rig::start();
    rig.insert(0, card);
    prepare(&rig);
    for (name, content) in [("user", "my own PIN"), ("admin", "my admin PIN"), ("code", "my code!")] {
        fs::write(rig.folder().join(name), content).unwrap();
    }
    rig
}

/// Words of a line.
fn words(line: &str) -> Vec<&str> {
    line.split(' ').filter(|word| !word.is_empty()).collect()
}

/// Sends raw commands through OpenSC's tool, after SELECT.
fn send(rig: &Rig, commands: &[&str]) {
    let select = ["-s", "00A4040006D27600012401"];
    let rest = commands.iter().flat_map(|command| ["-s", command]);
    rig.expect("opensc-tool", &select.into_iter().chain(rest).collect::<Vec<_>>());
}

/// TERMINATE DF with the Admin PIN of the factory.
const TERMINATE: [&str; 2] = ["00200083083132333435363738", "00E60000"];
const WRONG_ADMIN: &str = "00200083083030303030303030";

#[test]
fn card_started_anew_has_its_owners_values_for_gnupg_and_opensc() {
    let rig = desk();
    expect(&rig, &words("key generate --slot 1 --key-ref sig --type ec:p256 --so-pin env:SO"));
    let anew =
        "token init --slot 0 --so-pin env:SO --new-so-pin file:admin --new-pin file:user --puk file:code";
    let nobody = p11ctl(&rig, &words(anew));
    assert!(nobody.code == Some(2) && nobody.stderr.contains("Signature key"), "{nobody}");
    let too_long = format!("{anew} --yes --label {}", "x".repeat(33));
    assert_eq!(p11ctl(&rig, &words(&too_long)).code, Some(2));
    assert!(expect(&rig, &["find", "--slot", "1"]).stdout.contains("Signature key"), "nothing is lost");

    let made = expect(&rig, &words(&format!("{anew} --yes --label Example<<Anna --json")));
    assert!(
        made.stdout.contains("\"factory_values\":[]") || made.stdout.contains("\"factory_values\": []"),
        "{made}"
    );
    let status = expect_gpg(&rig, "my own PIN", &["--with-colons", "--card-status"]).stdout;
    assert_eq!(fields(&status, "pinretry")[..3], ["3", "3", "3"], "{status}");
    assert!(
        fields(&status, "name").contains(&"Anna") && fields(&status, "name").contains(&"Example"),
        "{status}"
    );
    assert_eq!(fields(&status, "fpr")[0], "", "{status}");
    assert_eq!(p11ctl(&rig, &words("login --slot 0 --pin env:PIN")).code, Some(4));
    let login = ["--login", "--login-type", "user", "--slot", "0", "--pin"];
    rig.expect("pkcs11-tool", &[&login[..], &["my own PIN", "-O"]].concat());
    assert!(!rig.run("pkcs11-tool", &[&login[..], &["123456", "-O"]].concat()).success);
    expect(&rig, &words("key generate --slot 1 --key-ref sig --type ec:p256 --so-pin file:admin"));

    // What nobody says stays as everybody knows it.
    let known = expect(&rig, &words("token init --slot 0 --so-pin file:admin --yes"));
    assert!(known.stderr.contains("PIN is 123456") && !known.stderr.contains("every new card"), "{known}");
    expect(&rig, &words("login --slot 0 --pin env:PIN"));
    expect(&rig, &words("key generate --slot 1 --key-ref sig --type ec:p256 --so-pin file:admin"));
}

/// A card that sets its PINs anew is pulled, and who runs `pin kdf` again is told which PINs it has.
#[test]
fn hashing_that_is_interrupted_on_a_card_that_sets_its_pins_anew_is_explained() {
    let card = Shared::new(PulledOnce::new(SettingAnew::new()));
    let rig = desk_with(Named { card, version: [3, 4], manufacturer: [0x00, 0x06] });
    let factory_to_own = || {
        expect(&rig, &words("pin change --slot 0 --so-pin env:SO --new-pin file:admin"));
        expect(&rig, &words("pin change --slot 0 --pin env:PIN --new-pin file:user"));
    };
    factory_to_own();
    let hash = words("pin kdf on --slot 0 --pin file:user --so-pin file:admin");
    let pulled = p11ctl(&rig, &hash);
    assert_eq!(pulled.code, Some(5), "{pulled}");
    let again = p11ctl(&rig, &hash);
    assert!(again.code == Some(4) && again.stderr.contains("2 tries left"), "{again}");
    for told in [pulled, again] {
        let hint = told.stderr.contains("123456") && told.stderr.contains("12345678");
        assert!(hint && told.stderr.contains("p11ctl pin change"), "{told}");
        assert!(!told.stderr.contains("same command again"), "{told}");
    }
    factory_to_own();
    expect(&rig, &hash);
    expect(&rig, &words("login --slot 0 --pin file:user"));
    let status = expect(&rig, &words("pin status --slot 0")).stdout;
    assert!(!status.contains("2 of") && !status.contains("2 tries"), "{status}");
}

/// Told where somebody looks and where a PIN is sent, until it is finished; GnuPG reads the card meanwhile.
#[test]
fn hashing_that_is_interrupted_is_told_with_what_finishes_it() {
    let rig = desk_with(PulledOnce::new(openpgp::card(21)));
    fs::write(rig.folder().join("wrong"), "654321").unwrap();
    let hash = words("pin kdf on --slot 0 --pin env:PIN --so-pin env:SO");
    let jobs = ["pin status", "doctor", "login --slot 0 --pin env:PIN"];
    let tells = |job: &str| {
        let output = p11ctl(&rig, &words(job));
        let text = format!("{}{}", output.stdout, output.stderr);
        (text.contains("pin kdf was interrupted") && text.contains("run p11ctl pin kdf on --slot 0"), output)
    };
    for job in jobs {
        let (told, output) = tells(job);
        assert!(!told, "{output}");
    }
    assert_eq!(p11ctl(&rig, &hash).code, Some(5));
    let status = expect_gpg(&rig, "123456", &["--card-status"]).stdout;
    assert!(status.contains("KDF setting ......: on"), "{status}");
    rig.expect("gpgconf", &["--kill", "all"]);
    for (job, code) in [("login --slot 0 --pin file:wrong", Some(4)), (jobs[0], Some(0)), (jobs[2], Some(0))]
    {
        let (told, output) = tells(job);
        assert!(told && output.code == code, "{output}");
    }
    let (told, output) = tells("doctor");
    assert!(told && output.stdout.contains("warning  card"), "{output}");
    let json = expect(&rig, &words("pin status --json")).stdout;
    assert!(json.contains("pin kdf was interrupted"), "{json}");
    expect(&rig, &hash);
    for job in jobs {
        let (told, output) = tells(job);
        assert!(!told, "{output}");
    }
    expect_gpg(&rig, "123456", &["--card-status"]);
    let status = expect(&rig, &words("pin status --slot 0")).stdout;
    assert!(!status.contains(" 2 ") && status.contains(" 3 "), "{status}");
}

#[test]
fn pins_that_are_hashed_are_the_same_for_gnupg() {
    let rig = desk();
    let status = expect_gpg(&rig, "123456", &["--card-status"]).stdout;
    assert!(status.contains("KDF setting ......: off"), "{status}");
    fs::write(rig.folder().join("wrong"), "87654321").unwrap();
    let wrong = p11ctl(&rig, &words("pin kdf on --slot 0 --pin env:PIN --so-pin file:wrong"));
    assert!(wrong.code == Some(4) && wrong.stderr.contains("Admin PIN"), "{wrong}");
    expect(&rig, &words("pin kdf on --slot 0 --pin env:PIN --so-pin env:SO"));
    let told = rig.expect("gpg-connect-agent", &["scd serialno", "scd getattr KDF", "/bye"]).stdout;
    // Iterated and salted, SHA-256 (OpenPGP card 3.4, 4.3.2).
    let line = told.lines().find(|line| line.starts_with("S KDF ")).unwrap_or_default();
    assert!(line.contains("%01%03") && line.contains("%01%08"), "{told}");
    rig.expect("gpgconf", &["--kill", "all"]);
    let status = expect_gpg(&rig, "123456", &["--card-status"]).stdout;
    assert!(status.contains("KDF setting ......: on"), "{status}");
    // GnuPG hashes what is typed as the card's data object says, and the card takes it: all tries are left.
    for (slot, place) in [("1", "sig"), ("0", "dec"), ("0", "aut")] {
        let made = format!("key generate --slot {slot} --key-ref {place} --type ec:p256 --so-pin env:SO");
        expect(&rig, &words(&made));
    }
    let status = expect_gpg(&rig, "123456", &["--with-colons", "--card-status"]).stdout;
    adopt(&rig, fields(&status, "fprtime")[0]);
    expect_gpg(&rig, "123456", &["--batch", "-o", "data.gpg", "-s", "data"]);
    let refused = gpg(&rig, "654321", &["--batch", "-o", "other.gpg", "-s", "data"], "");
    assert!(!refused.success, "{refused}");
    let status = expect_gpg(&rig, "123456", &["--with-colons", "--card-status"]).stdout;
    assert_eq!(fields(&status, "pinretry")[..3], ["2", "0", "3"], "{status}");
    expect(&rig, &words("pin kdf off --slot 0 --pin env:PIN --so-pin env:SO"));
    let status = expect_gpg(&rig, "123456", &["--card-status"]).stdout;
    assert!(status.contains("KDF setting ......: off"), "{status}");
    let login = ["--login", "--slot", "0", "--pin", "123456", "-O"];
    rig.expect("pkcs11-tool", &login);
}

#[test]
fn resetting_code_and_policies_are_what_gnupg_sees() {
    let rig = desk();
    let status = || expect_gpg(&rig, "123456", &["--with-colons", "--card-status"]).stdout;
    expect(&rig, &words("pin puk --slot 0 --so-pin env:SO --puk file:code"));
    assert_eq!(fields(&status(), "pinretry")[..3], ["3", "3", "3"]);
    expect(&rig, &words("pin unblock --slot 0 --puk file:code --new-pin file:user"));
    expect(&rig, &words("login --slot 0 --pin file:user"));
    let short = p11ctl(&rig, &words("pin puk --slot 0 --so-pin env:SO --puk env:PIN"));
    assert!(short.code == Some(4) && short.stderr.contains("8 to"), "{short}");
    expect(&rig, &words("pin puk --slot 0 --so-pin env:SO --clear"));
    assert_eq!(fields(&status(), "pinretry")[..3], ["3", "0", "3"]);

    expect(&rig, &words("key generate --slot 1 --key-ref sig --type ec:p256 --so-pin env:SO"));
    let made = fields(&status(), "fpr")[0].to_owned();
    for (policy, forced) in [("once", "0"), ("always", "1")] {
        let policy = format!("key policy --slot 1 --id 01 --pin-policy {policy} --so-pin env:SO");
        expect(&rig, &words(&policy));
        let status = status();
        assert_eq!(
            (fields(&status, "forcepin")[0], fields(&status, "fpr")[0]),
            (forced, made.as_str()),
            "{status}"
        );
    }
    let never = p11ctl(&rig, &words("key policy --slot 1 --id 01 --pin-policy never --so-pin env:SO"));
    assert!(!never.success && never.stderr.contains("without its PIN"), "{never}");
}

#[test]
fn terminated_and_locked_cards_come_back() {
    let rig = desk();
    send(&rig, &TERMINATE);
    let slots = expect(&rig, &["--json", "slots"]);
    assert!(!slots.stdout.contains("User PIN"), "{slots}");
    let erased = expect(&rig, &words("token erase --slot 0"));
    assert!(erased.stderr.contains("activated"), "{erased}");
    expect(&rig, &words("login --slot 0 --pin env:PIN"));
    send(&rig, &TERMINATE);
    expect(&rig, &words("token init --slot 0 --so-pin file:admin --new-pin file:user"));
    expect(&rig, &words("login --slot 0 --pin file:user"));

    expect(&rig, &words("key generate --slot 1 --key-ref sig --type ec:p256 --so-pin file:admin"));
    let early = p11ctl(&rig, &words("token erase --slot 0 --so-pin env:SO --yes"));
    assert_eq!(early.code, Some(4), "{early}");
    send(&rig, &[WRONG_ADMIN; 2]);
    let locked = p11ctl(&rig, &words("token erase --slot 0 --so-pin file:admin"));
    assert!(locked.code == Some(2) && locked.stderr.contains("Signature key"), "without --yes: {locked}");
    expect(&rig, &words("token init --slot 0 --so-pin env:SO --new-pin file:user --yes"));
    expect(&rig, &words("login --slot 0 --pin file:user"));
    send(&rig, &[WRONG_ADMIN; 3]);
    expect(&rig, &words("token erase --slot 0 --yes"));
    expect(&rig, &words("login --slot 0 --pin env:PIN"));
}

#[test]
fn key_from_a_file_decrypts_and_pins_are_changed_and_unblocked() {
    let rig = desk();
    rig.expect("openssl", &words("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out dec.key"));
    rig.expect("openssl", &words("pkey -in dec.key -pubout -out dec.pem"));
    expect(&rig, &words("key import dec.key --slot 0 --key-ref dec --so-pin env:SO"));
    rig.expect("openssl", &words("pkeyutl -encrypt -pubin -inkey dec.pem -in data -out data.enc"));
    expect(&rig, &words("decrypt data.enc --slot 0 --id 02 --pin env:PIN -o plain"));
    assert_eq!(fs::read(rig.folder().join("plain")).unwrap(), b"message");
    expect(&rig, &words("pin change --slot 0 --pin env:PIN --new-pin file:user"));
    expect(&rig, &words("login --slot 1 --pin file:user"));
    for left in [2, 1, 0] {
        let wrong = p11ctl(&rig, &words("login --slot 0 --pin env:PIN --final-try"));
        assert!(wrong.code == Some(4), "{left}: {wrong}");
    }
    let locked = p11ctl(&rig, &words("login --slot 0 --pin file:user"));
    assert!(locked.stderr.contains("locked"), "{locked}");
    expect(&rig, &words("pin unblock --slot 0 --so-pin env:SO --new-pin env:PIN"));
    expect(&rig, &words("login --slot 0 --pin env:PIN"));
    expect(&rig, &words("pin change --slot 0 --so-pin env:SO --new-pin file:admin"));
    assert_eq!(p11ctl(&rig, &words("pin unblock --slot 0 --so-pin env:SO --new-pin env:PIN")).code, Some(4));
}

#[test]
fn pin_is_changed_on_the_keys_of_the_reader() {
    let mut rig = Rig::start_with_keys();
    rig.insert(0, openpgp::card(22));
    let change = words("pin change --slot 0 --pin pinpad");
    rig.type_on_reader("123456\n7654321\n7654322\n");
    let different = p11ctl(&rig, &change);
    assert!(!different.success && different.stderr.contains("twice"), "{different}");
    rig.type_on_reader("654321\n7654321\n7654321\n");
    assert_eq!(p11ctl(&rig, &change).code, Some(4));
    rig.type_on_reader("123456\n7654321\n7654321\n");
    expect(&rig, &change);
    let login = ["--login", "--slot", "0", "--pin", "7654321", "-O"];
    rig.expect("pkcs11-tool", &login);
}
