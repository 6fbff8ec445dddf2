//! Administration of PIV cards by the command line; OpenSC and OpenSSL say what became of it.

use crate::bench::PIN;
use crate::foreign::Desk;
use crate::rig::Rig;

/// As the desk has it, with values of its owner in further files.
fn desk() -> Desk {
    let desk = Desk::new();
    for (name, content) in
        [("own", "246802"), ("ownpuk", "13579135"), ("wrong", "000000"), ("wrongpuk", "00000000")]
    {
        desk.write(name, content);
    }
    desk.write("ownkey", &"5c".repeat(32));
    desk
}

/// Spends every try of the PIN.
fn lock(desk: &Desk) {
    for _ in 0..16 {
        let refused = desk.refused("login --slot 0 --pin file:wrong --final-try");
        if refused.stderr.contains("locked") {
            return;
        }
    }
    panic!("the PIN never locks");
}

#[test]
fn card_started_anew_has_its_owners_values_for_opensc() {
    let desk = desk();
    desk.key_with_certificate("9a", "01", "ec:p256");
    let anew =
        "token init --slot 0 --so-pin file:key --new-so-pin file:ownkey --new-pin file:own --puk file:ownpuk";
    let nobody = desk.refused(anew);
    assert!(nobody.code == Some(2) && nobody.stderr.contains("PIV Authentication Key"), "{nobody}");
    let label = desk.refused(&format!("{anew} --yes --label mine"));
    assert!(label.code == Some(2) && label.stderr.contains("--label"), "{label}");
    let wrong = desk.refused("token init --slot 0 --so-pin file:ownkey --new-pin file:own --yes");
    assert!(wrong.code == Some(4) && wrong.stderr.contains("management key"), "{wrong}");
    let short = desk.refused("token init --slot 0 --so-pin file:key --new-pin file:text --yes");
    assert_eq!(short.code, Some(4), "{short}");
    assert!(desk.p11ctl("find --slot 0").stdout.contains("X.509 Certificate for PIV Authentication"));

    let made = desk.p11ctl(&format!("{anew} --yes"));
    assert!(!made.stderr.contains("everybody knows"), "{made}");
    assert_eq!(desk.refused("find --slot 0 --class certificate").code, Some(3));
    desk.refused("login --slot 0 --pin file:pin");
    desk.p11ctl("login --slot 0 --pin file:own");
    desk.refused("key generate --slot 0 --key-ref 9a --type ec:p256 --so-pin file:key");
    desk.p11ctl("key generate --slot 0 --key-ref 9a --type ec:p256 --so-pin file:ownkey -o own.pub");
    // A CHUID and a capability container are there: OpenSC finds card and key.
    let serial = desk.run("opensc-tool --serial");
    assert!(serial.stdout.trim().len() > 8, "{serial}");
    desk.run("pkcs11-tool --login --pin 246802 --id 01 --sign --mechanism ECDSA-SHA256 --signature-format openssl --input-file text --output-file own.sig");
    desk.run("openssl dgst -sha256 -verify own.pub -signature own.sig text");
    desk.p11ctl("pin unblock --slot 0 --puk file:ownpuk --new-pin file:pin");

    let known = desk.p11ctl("token init --slot 0 --so-pin file:ownkey --yes");
    for value in ["PIN is 123456", "PUK is 12345678"] {
        assert!(known.stderr.contains(value), "{known}");
    }
    desk.p11ctl("login --slot 0 --pin file:pin");
}

#[test]
fn pin_and_puk_are_changed_and_a_locked_pin_unblocked() {
    let desk = desk();
    desk.p11ctl("pin change --slot 0 --pin file:pin --new-pin file:own");
    desk.refused("login --slot 0 --pin file:pin");
    desk.p11ctl("login --slot 0 --pin file:own");
    desk.p11ctl("pin change --slot 0 --puk file:puk --new-pin file:ownpuk");
    lock(&desk);
    let status = desk.p11ctl("pin status --slot 0");
    assert!(status.stdout.contains("locked"), "{status}");
    let wrong = desk.refused("pin unblock --slot 0 --puk file:puk --new-pin file:pin");
    assert_eq!(wrong.code, Some(4), "{wrong}");
    desk.p11ctl("pin unblock --slot 0 --puk file:ownpuk --new-pin file:pin");
    desk.p11ctl("login --slot 0 --pin file:pin");
    desk.run(&format!("pkcs11-tool --login --pin {PIN} -O"));
    let hashed = desk.refused("pin kdf on --slot 0 --pin file:pin --so-pin file:key");
    assert!(hashed.stderr.contains("take PINs hashed"), "{hashed}");
    let puk = desk.refused("pin puk --slot 0 --so-pin file:key --puk file:puk");
    assert!(puk.stderr.contains("PUK set by the security officer"), "{puk}");
}

#[test]
fn key_from_a_file_signs_and_its_certificate_is_written_and_deleted() {
    let desk = desk();
    desk.run(
        "openssl req -x509 -newkey rsa:2048 -nodes -keyout rsa.key -subj /CN=imported -days 30 -out rsa.crt",
    );
    desk.run("openssl x509 -in rsa.crt -noout -pubkey -out rsa.pub");
    desk.run("openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out other.key");
    desk.p11ctl("key import rsa.key --slot 0 --key-ref 9a --so-pin file:key");
    let again = desk.p11ctl("key import rsa.key --slot 0 --key-ref 9a --so-pin file:key");
    assert!(again.stderr.contains("already"), "{again}");
    let taken = desk.refused("key import other.key --slot 0 --key-ref 9a --so-pin file:key");
    assert!(taken.stderr.contains("PIV Authentication Key"), "{taken}");
    desk.p11ctl("object write certificate rsa.crt --slot 0 --so-pin file:key");
    desk.p11ctl("sign --slot 0 --id 01 --pin file:pin -o ours.sig text");
    desk.run("openssl dgst -sha256 -verify rsa.pub -signature ours.sig text");
    desk.run(&format!(
        "pkcs11-tool --login --pin {PIN} --id 01 --sign --mechanism SHA256-RSA-PKCS --input-file text --output-file theirs.sig"
    ));
    desk.run("cmp ours.sig theirs.sig");
    desk.p11ctl("object export --slot 0 --class certificate --id 01 -o exported.crt");
    let print = |file: &str| desk.run(&format!("openssl x509 -in {file} -noout -fingerprint")).stdout;
    assert_eq!(print("exported.crt"), print("rsa.crt"));
    desk.p11ctl("object delete --slot 0 --class certificate --id 01 --so-pin file:key --yes");
    let gone = desk.refused("object export --slot 0 --class certificate --id 01 -o gone.crt");
    assert_eq!(gone.code, Some(3), "{gone}");
    let cannot =
        desk.refused("key delete --slot 0 --id 01 --pin file:pin --auth-pin management=file:key --yes");
    assert!(cannot.code != Some(0), "{cannot}");
}

#[test]
fn erasing_takes_everything_and_needs_no_key_when_all_is_locked() {
    let desk = desk();
    desk.key_with_certificate("9a", "01", "ec:p256");
    let wrong = desk.refused("token erase --slot 0 --so-pin file:ownkey --yes");
    assert_eq!(wrong.code, Some(4), "{wrong}");
    desk.p11ctl("token erase --slot 0 --so-pin file:key --yes");
    assert_eq!(desk.refused("find --slot 0 --class certificate").code, Some(3));
    desk.key_with_certificate("9a", "01", "ec:p256");
    desk.p11ctl("pin change --slot 0 --so-pin file:key --new-pin file:ownkey");
    lock(&desk);
    // Whoever has lost everything has the card at least.
    desk.p11ctl("token erase --slot 0 --yes");
    desk.p11ctl("login --slot 0 --pin file:pin");
    desk.p11ctl("key generate --slot 0 --key-ref 9a --type ec:p256 --so-pin file:key");
}

#[test]
fn pin_is_changed_on_the_keys_of_the_reader() {
    let desk = Desk::with(Rig::start_with_keys());
    let change = "pin change --slot 0 --pin pinpad";
    desk.rig.type_on_reader("123456\n7654321\n7654322\n");
    assert!(desk.refused(change).stderr.contains("twice"));
    desk.rig.type_on_reader("654321\n7654321\n7654321\n");
    assert_eq!(desk.refused(change).code, Some(4));
    desk.rig.type_on_reader("123456\n7654321\n7654321\n");
    desk.p11ctl(change);
    desk.run("pkcs11-tool --login --pin 7654321 -O");
}
