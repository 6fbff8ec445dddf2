//! The module on the applet, used by OpenSC's tool: every operation that PKCS#11 has for it.

use crate::desk::{Desk, OTHER_PIN, PIN, TEXT, VERSIONS};

/// Signatures in the form that OpenSSL verifies.
const EC_SIGNATURE: &str = "--sign --mechanism ECDSA-SHA256 --signature-format openssl --input-file text";
const RSA_SIGNATURE: &str = "--sign --mechanism SHA256-RSA-PKCS --input-file text";

#[test]
fn blank_card_is_initialised_and_its_keys_are_generated_used_and_deleted() {
    for version in VERSIONS {
        let desk = Desk::new(version, "module-keys");
        let blank = desk.tool("-L");
        assert!(blank.stdout.contains("token state:   uninitialized"), "{blank}");
        desk.tool(&format!("--init-token --label Recorded --so-pin {PIN}"));
        let listed = desk.tool("-L").stdout;
        let labels: Vec<&str> = listed
            .lines()
            .filter_map(|line| line.split_once("token label        : "))
            .map(|it| it.1)
            .collect();
        assert_eq!(
            labels,
            ["Recorded (PIN)", "Recorded", "Recorded", "Recorded"],
            "one token with a PIN, and three empty ones: {listed}"
        );
        assert!(listed.contains(&format!("token model        : {}", version.model)), "{listed}");

        desk.user("--keypairgen --key-type rsa:2048 --id 01 --label first");
        let curve = "--keypairgen --key-type EC:prime256v1 --id 02 --label second";
        if version.has_ecdsa {
            desk.user(curve);
        } else {
            let refused = desk.tool_refused(&format!("--login --pin {PIN} {curve}"));
            assert!(refused.stderr.contains("(0x140)"), "CKR_CURVE_NOT_SUPPORTED: {refused}");
        }
        let found = desk.user("-O").stdout;
        assert!(found.contains("Private Key Object; RSA") && found.contains("first"), "{found}");
        assert_eq!(found.contains("second"), version.has_ecdsa, "{found}");
        let public = desk.tool("-O").stdout;
        assert!(
            public.contains("Public Key Object; RSA 2048 bits") && !public.contains("Private"),
            "{public}"
        );

        let keys: &[_] = if version.has_ecdsa {
            &[("01", RSA_SIGNATURE), ("02", EC_SIGNATURE)]
        } else {
            &[("01", RSA_SIGNATURE)]
        };
        for (id, signature) in keys {
            desk.tool(&format!("--read-object --type pubkey --id {id} --output-file {id}.der"));
            desk.run(&format!("openssl pkey -pubin -inform DER -in {id}.der -out {id}.pub"));
            desk.user(&format!("--id {id} {signature} --output-file {id}.sig"));
            desk.run(&format!("openssl dgst -sha256 -verify {id}.pub -signature {id}.sig text"));
        }
        desk.encrypt("01.pub", "text.enc");
        desk.user("--id 01 --decrypt --mechanism RSA-PKCS --input-file text.enc --output-file text.dec");
        assert_eq!(desk.read("text.dec"), TEXT.as_bytes());

        desk.user("--delete-object --type privkey --id 01");
        let left = desk.user("-O").stdout;
        assert!(!left.contains("Private Key Object; RSA"), "{left}");
        assert_eq!(left.contains("Private Key Object; EC"), version.has_ecdsa, "{left}");
        desk.finish();
    }
}

#[test]
fn keys_from_files_are_imported_and_a_certificate_is_written_and_deleted() {
    for version in VERSIONS {
        let desk = Desk::new(version, "module-import");
        desk.tool(&format!("--init-token --label Recorded --so-pin {PIN}"));
        desk.run("openssl pkey -in throwaway-rsa.pem -outform DER -out rsa.der");
        desk.run("openssl pkey -in throwaway-rsa.pem -pubout -out rsa.pub");
        desk.run("openssl pkey -in throwaway-ec.pem -outform DER -out ec.der");
        desk.run("openssl pkey -in throwaway-ec.pem -pubout -out ec.pub");
        desk.run("openssl x509 -in throwaway-rsa.crt -outform DER -out rsa.crt");

        desk.user("--write-object rsa.der --type privkey --id 03 --label imported");
        desk.user(&format!("--id 03 {RSA_SIGNATURE} --output-file rsa.sig"));
        desk.run("openssl dgst -sha256 -sign throwaway-rsa.pem -out theirs.sig text");
        desk.run("cmp rsa.sig theirs.sig");
        desk.encrypt("rsa.pub", "text.enc");
        desk.user("--id 03 --decrypt --mechanism RSA-PKCS --input-file text.enc --output-file text.dec");
        assert_eq!(desk.read("text.dec"), TEXT.as_bytes());
        if version.has_ecdsa {
            desk.user("--write-object ec.der --type privkey --id 04 --label curved");
            desk.user(&format!("--id 04 {EC_SIGNATURE} --output-file ec.sig"));
            desk.run("openssl dgst -sha256 -verify ec.pub -signature ec.sig text");
        }

        desk.user("--write-object rsa.crt --type cert --id 03 --label holder");
        desk.tool("--read-object --type cert --id 03 --output-file read.crt");
        desk.run("cmp rsa.crt read.crt");
        desk.user("--delete-object --type cert --id 03");
        let gone = desk.tool_refused("--read-object --type cert --id 03 --output-file gone.crt");
        assert!(gone.stderr.contains("object not found"), "{gone}");
        desk.finish();
    }
}

#[test]
fn pin_is_changed_and_a_locked_one_comes_back_by_its_puk() {
    for version in VERSIONS {
        let desk = Desk::new(version, "module-pins");
        desk.p11ctl("token init --slot 0 --label Recorded --so-pin file:pin --so-puk file:puk");
        desk.user(&format!("--change-pin --new-pin {OTHER_PIN}"));
        let old = desk.tool_refused(&format!("--login --pin {PIN} -O"));
        assert!(old.stderr.contains("CKR_PIN_INCORRECT"), "{old}");
        desk.tool(&format!("--login --pin {OTHER_PIN} -O"));
        // The officer has the same PIN, and so no power over it.
        let officer = desk.tool_refused(&format!(
            "--login --login-type so --so-pin {OTHER_PIN} --init-pin --new-pin {PIN}"
        ));
        assert!(officer.stderr.contains("CKR_FUNCTION_NOT_SUPPORTED"), "{officer}");
        for _ in 0..3 {
            desk.tool_refused(&format!("--login --pin {PIN} -O"));
        }
        let locked = desk.tool_refused(&format!("--login --pin {OTHER_PIN} -O"));
        assert!(locked.stderr.contains("CKR_PIN_LOCKED"), "{locked}");
        desk.p11ctl("pin unblock --slot 0 --puk file:puk --new-pin file:pin");
        desk.user("-O");
        desk.finish();
    }
}

#[test]
fn token_in_use_is_initialised_anew_by_its_pin_alone() {
    for version in VERSIONS {
        let desk = Desk::new(version, "module-again");
        desk.tool(&format!("--init-token --label Recorded --so-pin {PIN}"));
        desk.user("--keypairgen --key-type rsa:2048 --id 01 --label first");
        let wrong = desk.tool_refused(&format!("--init-token --label Anew --so-pin {OTHER_PIN}"));
        assert!(wrong.stderr.contains("CKR_PIN_INCORRECT"), "{wrong}");
        assert!(desk.user("-O").stdout.contains("first"));
        desk.tool(&format!("--init-token --label Anew --so-pin {PIN}"));
        let listed = desk.tool("-L").stdout;
        assert!(listed.contains(": Anew (PIN)") && !listed.contains("Recorded"), "{listed}");
        assert!(!desk.user("-O").stdout.contains("first"));
        desk.finish();
    }
}
