//! The applet in the hands of p11ctl, with OpenSSL as judge.

use crate::desk::{CLOSED, Desk, OTHER_PIN, PIN, TEXT, VERSIONS};

#[test]
fn blank_card_is_formatted_and_its_keys_are_generated_used_and_deleted() {
    for version in VERSIONS {
        let desk = Desk::new(version, "keys");
        assert!(desk.p11ctl("slots").stdout.contains("blank card"));
        desk.p11ctl("token init --slot 0 --label Recorded --so-pin file:pin");
        let listed = desk.p11ctl("slots").stdout;
        assert_eq!(listed.matches("Recorded (PIN)").count(), 1, "{listed}");
        assert!(listed.contains("3 tries left"), "{listed}");

        desk.p11ctl(
            "key generate --slot 0 --type rsa:2048 --id 01 --label first --usage sign,decrypt --pin file:pin -o 01.pub",
        );
        let curve = "key generate --slot 0 --type ec:p256 --id 02 --label second --pin file:pin -o 02.pub";
        if version.has_ecdsa {
            desk.p11ctl(curve);
        } else {
            let refused = desk.p11ctl_refused(2, curve);
            assert!(refused.stderr.contains("this card has no curves"), "{refused}");
        }
        let private_keys = "find --slot 0 --class private-key --login --pin file:pin";
        let found = desk.p11ctl(private_keys).stdout;
        assert!(found.contains("first"), "{found}");
        assert_eq!(found.contains("second"), version.has_ecdsa, "{found}");

        let keys: &[_] = if version.has_ecdsa { &[("01", "raw"), ("02", "der")] } else { &[("01", "raw")] };
        for (id, format) in keys {
            desk.p11ctl(&format!(
                "sign --slot 0 --id {id} --pin file:pin --format {format} -o {id}.sig text"
            ));
            desk.run(&format!("openssl dgst -sha256 -verify {id}.pub -signature {id}.sig text"));
        }
        desk.encrypt("01.pub", "text.enc");
        desk.p11ctl("decrypt --slot 0 --id 01 --mechanism RSA-PKCS --pin file:pin -o text.dec text.enc");
        assert_eq!(desk.read("text.dec"), TEXT.as_bytes());

        desk.p11ctl("key delete --slot 0 --id 01 --pin file:pin --yes");
        if version.has_ecdsa {
            let left = desk.p11ctl(private_keys).stdout;
            assert!(left.contains("second") && !left.contains("first"), "{left}");
        } else {
            desk.p11ctl_refused(3, private_keys);
        }
        desk.finish();
    }
}

#[test]
fn keys_from_files_are_imported_and_a_certificate_is_written_and_deleted() {
    for version in VERSIONS {
        let desk = Desk::new(version, "import");
        desk.p11ctl("token init --slot 0 --label Recorded --so-pin file:pin");
        desk.run("openssl pkey -in throwaway-rsa.pem -pubout -out rsa.pub");
        desk.run("openssl pkey -in throwaway-ec.pem -pubout -out ec.pub");
        desk.p11ctl("key import throwaway-rsa.pem --slot 0 --id 03 --label imported --pin file:pin");
        desk.p11ctl("sign --slot 0 --id 03 --pin file:pin --format raw -o rsa.sig text");
        desk.run("openssl dgst -sha256 -sign throwaway-rsa.pem -out theirs.sig text");
        desk.run("cmp rsa.sig theirs.sig");
        desk.encrypt("rsa.pub", "text.enc");
        desk.p11ctl("decrypt --slot 0 --id 03 --mechanism RSA-PKCS --pin file:pin -o text.dec text.enc");
        assert_eq!(desk.read("text.dec"), TEXT.as_bytes());
        let curve = "key import throwaway-ec.pem --slot 0 --id 04 --label curved --pin file:pin";
        if version.has_ecdsa {
            desk.p11ctl(curve);
            desk.p11ctl("sign --slot 0 --id 04 --pin file:pin --format der -o ec.sig text");
            desk.run("openssl dgst -sha256 -verify ec.pub -signature ec.sig text");
        } else {
            let refused = desk.p11ctl_refused(2, curve);
            assert!(refused.stderr.contains("this card has no curves"), "{refused}");
        }

        desk.p11ctl(
            "object write certificate throwaway-rsa.crt --slot 0 --id 03 --label holder --pin file:pin",
        );
        desk.p11ctl("object export --slot 0 --class certificate --id 03 -o read.crt");
        let fingerprint =
            |file: &str| desk.run(&format!("openssl x509 -in {file} -noout -fingerprint")).stdout;
        assert_eq!(fingerprint("read.crt"), fingerprint("throwaway-rsa.crt"));
        desk.p11ctl("object delete --slot 0 --class certificate --id 03 --pin file:pin --yes");
        let left = desk.p11ctl("find --slot 0").stdout;
        assert!(left.contains("imported") && !left.contains("holder"), "{left}");
        desk.finish();
    }
}

#[test]
fn applet_that_takes_no_keys_refuses_one_and_stays_as_it_was() {
    let desk = Desk::new(CLOSED, "import");
    desk.p11ctl("token init --slot 0 --label Recorded --so-pin file:pin");
    for key in ["throwaway-rsa.pem", "throwaway-ec.pem"] {
        let refused = desk.p11ctl_refused(1, &format!("key import {key} --slot 0 --pin file:pin"));
        assert!(refused.stderr.contains("built not to take any"), "{refused}");
    }
    let listed = desk.p11ctl("slots").stdout;
    assert!(listed.contains("none"), "{listed}");
    desk.finish();
}

#[test]
fn pin_is_changed_and_a_locked_one_comes_back_by_its_puk() {
    for version in VERSIONS {
        let desk = Desk::new(version, "pins");
        desk.p11ctl("token init --slot 0 --label Recorded --so-pin file:pin --so-puk file:puk");
        desk.p11ctl("login --slot 0 --pin file:pin");
        desk.p11ctl("pin change --slot 0 --pin file:pin --new-pin file:other");
        desk.p11ctl("login --slot 0 --pin file:other");
        for left in [2, 1, 0] {
            desk.p11ctl_refused(4, "login --slot 0 --pin file:pin --final-try");
            let status = desk.p11ctl("pin status --slot 0").stdout;
            assert!(
                status.contains(&format!("{left}{}", if left == 0 { ", locked" } else { " of 3" })),
                "{status}"
            );
        }
        let locked = desk.p11ctl_refused(4, "login --slot 0 --pin file:other");
        assert!(locked.stderr.contains("locked"), "{locked}");
        let wrong = desk.p11ctl_refused(4, "pin unblock --slot 0 --puk file:wrong-puk --new-pin file:pin");
        assert!(!wrong.stderr.is_empty());
        desk.p11ctl("pin unblock --slot 0 --puk file:puk --new-pin file:pin");
        desk.p11ctl("login --slot 0 --pin file:pin");
        desk.finish();
    }
}

#[test]
fn pin_is_given_and_changed_on_the_keys_of_the_reader() {
    for version in VERSIONS {
        let desk = Desk::with_keys(version, "pinpad");
        desk.p11ctl("token init --slot 0 --label Recorded --so-pin file:pin");
        let change = "pin change --slot 0 --pin pinpad";
        desk.type_on_reader(&format!("{PIN}\n{OTHER_PIN}\n111111\n"));
        let different = desk.p11ctl_refused(4, change);
        assert!(different.stderr.contains("twice"), "{different}");
        desk.type_on_reader(&format!("{OTHER_PIN}\n{OTHER_PIN}\n{OTHER_PIN}\n"));
        desk.p11ctl_refused(4, change);
        desk.type_on_reader(&format!("{PIN}\n{OTHER_PIN}\n{OTHER_PIN}\n"));
        desk.p11ctl(change);
        desk.type_on_reader(&format!("{PIN}\n"));
        desk.p11ctl_refused(4, "login --slot 0 --pin pinpad");
        desk.type_on_reader(&format!("{OTHER_PIN}\n"));
        desk.p11ctl("login --slot 0 --pin pinpad");
        desk.p11ctl("login --slot 0 --pin file:other");
        desk.finish();
    }
}

#[test]
fn card_in_use_is_erased_by_its_pin_and_formatted_anew() {
    for version in VERSIONS {
        let desk = Desk::new(version, "again");
        desk.p11ctl("token init --slot 0 --label Recorded --so-pin file:pin");
        desk.p11ctl("key generate --slot 0 --type rsa:2048 --id 01 --label first --pin file:pin");
        desk.p11ctl_refused(4, "token erase --slot 0 --so-pin file:other --yes");
        let erased = desk.p11ctl("token erase --slot 0 --so-pin file:pin --yes");
        assert!(erased.stderr.contains("first"), "what is lost is said: {erased}");
        assert!(desk.p11ctl("slots").stdout.contains("blank card"));
        // The applet keeps its PIN.
        desk.p11ctl_refused(4, "token init --slot 0 --label Anew --so-pin file:other");
        desk.p11ctl("token init --slot 0 --label Anew --so-pin file:pin");
        let listed = desk.p11ctl("slots").stdout;
        assert!(listed.contains("Anew (PIN)") && listed.contains("none"), "{listed}");
        desk.finish();
    }
}
