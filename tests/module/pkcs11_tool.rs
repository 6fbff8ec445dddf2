//! OpenSC's pkcs11-tool.

use crate::bench::{Bench, PINS, Put, SO_PIN, module};

const PIN_3: &str = "33333333";

impl Bench {
    /// Runs pkcs11-tool, which has to succeed, and gives what it printed.
    #[track_caller]
    fn tool(&self, arguments: &[&str]) -> String {
        self.expect("pkcs11-tool", &[&["--module", &module()], arguments].concat())
    }

    /// As the user of one of the first two tokens.
    #[track_caller]
    fn user(&self, slot: usize, arguments: &[&str]) -> String {
        let number = slot.to_string();
        self.tool(&[&["--slot", &number, "--login", "--pin", PINS[slot]], arguments].concat())
    }

    #[track_caller]
    fn openssl(&self, line: &str) -> String {
        self.expect("openssl", &line.split_whitespace().collect::<Vec<_>>())
    }
}

#[test]
fn pkcs11_tool_tests_both_tokens_without_an_error() {
    Bench::each(|bench| {
        for slot in 0..2 {
            let told = bench.user(slot, &["--test"]);
            assert!(told.contains("No errors") && !told.contains("ERR:"), "{told}");
        }
    });
}

#[test]
fn pkcs11_tool_lists_slots_objects_and_mechanisms() {
    Bench::each(|bench| {
        let told = bench.tool(&["-L"]);
        for token in ["p11ctl example (PIN 1)", "p11ctl example (PIN 2)", "p11ctl example\n"] {
            assert!(told.contains(token), "{told}");
        }
        assert_eq!(told.matches("token label").count(), 4, "{told}");
        let told = bench.user(0, &["-O"]);
        let count = |class| told.matches(class).count();
        let classes = ["Private Key Object; RSA", "Public Key Object; RSA 2048 bits", "Certificate Object"];
        assert_eq!(classes.map(count), [1, 1, 3], "{told}");
        let told = bench.tool(&["-M", "--slot", "1"]);
        for mechanism in ["ECDSA-SHA256", "SHA256-RSA-PKCS-PSS", "RSA-PKCS-OAEP", "SHA3-256"] {
            assert!(told.contains(mechanism), "{mechanism}: {told}");
        }
    });
}

#[test]
fn pkcs11_tool_signs_verifies_and_decrypts() {
    Bench::each(|bench| {
        bench.write("data", b"what is signed");
        for (slot, mechanism, format) in
            [(0, "SHA256-RSA-PKCS", "rs"), (0, "SHA384-RSA-PKCS-PSS", "rs"), (1, "ECDSA-SHA256", "openssl")]
        {
            let files = ["-i", "data", "--mechanism", mechanism, "--signature-format", format];
            bench.user(slot, &[&["--sign", "-o", "signature"], &files[..]].concat());
            let told =
                bench.user(slot, &[&["--verify", "--signature-file", "signature"], &files[..]].concat());
            assert!(told.contains("Signature is valid"), "{told}");
            // The tool of OpenSC 0.23 itself makes no EC key of what it reads.
            let label = format!("certificate {}", slot + 1);
            bench.tool(&[
                "--slot",
                &slot.to_string(),
                "--read-object",
                "--type",
                "cert",
                "--label",
                &label,
                "-o",
                "leaf",
            ]);
            bench.openssl("x509 -inform DER -in leaf -pubkey -noout -out key.pem");
            let hash = if mechanism.contains("384") { "sha384" } else { "sha256" };
            let pss = match mechanism.ends_with("PSS") {
                true => "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest",
                false => "",
            };
            bench.openssl(&format!("dgst -{hash} -verify key.pem {pss} -signature signature data"));
        }
        bench.user(0, &["--read-object", "--type", "pubkey", "--label", "key 1", "-o", "key.der"]);
        for (padding, arguments) in [
            ("pkcs1", &["--mechanism", "RSA-PKCS"][..]),
            (
                "oaep -pkeyopt rsa_oaep_md:sha256",
                &["--mechanism", "RSA-PKCS-OAEP", "--hash-algorithm", "SHA256"],
            ),
        ] {
            bench.openssl(&format!(
                "pkeyutl -encrypt -pubin -keyform DER -inkey key.der -in data -out encrypted \
                 -pkeyopt rsa_padding_mode:{padding}"
            ));
            bench.user(0, &[&["--decrypt", "-i", "encrypted", "-o", "plain"], arguments].concat());
            assert_eq!(bench.read("plain"), b"what is signed");
        }
    });
}

#[test]
fn pkcs11_tool_derives_what_openssl_derives() {
    Bench::each(|bench| {
        bench.openssl("ecparam -name prime256v1 -genkey -noout -out peer.pem");
        bench.openssl("ec -in peer.pem -pubout -outform DER -out peer.der");
        bench.user(
            1,
            &["--derive", "--mechanism", "ECDH1-DERIVE", "--id", "02", "-i", "peer.der", "-o", "secret"],
        );
        bench.tool(&[
            "--slot",
            "1",
            "--read-object",
            "--type",
            "cert",
            "--label",
            "certificate 2",
            "-o",
            "leaf",
        ]);
        bench.openssl("x509 -inform DER -in leaf -pubkey -noout -out key.pem");
        bench.openssl("pkeyutl -derive -inkey peer.pem -peerkey key.pem -out expected");
        assert_eq!(bench.read("secret"), bench.read("expected"));
    });
}

#[test]
fn pkcs11_tool_puts_pin_keys_and_objects_on_the_empty_token_and_takes_them_off() {
    Bench::each(|bench| {
        let officer = ["--slot", "3", "--login", "--login-type", "so", "--so-pin", SO_PIN];
        bench.tool(&[&officer[..], &["--init-pin", "--new-pin", PIN_3]].concat());
        let holder = |arguments: &[&str]| {
            bench.tool(&[&["--slot", "2", "--login", "--pin", PIN_3], arguments].concat())
        };
        let made = holder(&["--keypairgen", "--key-type", "EC:prime256v1", "--label", "made", "--id", "33"]);
        assert!(made.contains("Private Key Object; EC"), "{made}");
        bench.openssl("ecparam -name prime256v1 -genkey -noout -out key.pem");
        bench.openssl("ec -in key.pem -outform DER -out key.der");
        bench.openssl("req -x509 -new -key key.pem -subj /CN=Holder -days 9 -outform DER -out leaf.der");
        bench.write("note", b"for the holder");
        holder(&["--write-object", "key.der", "--type", "privkey", "--label", "given", "--id", "44"]);
        holder(&["--write-object", "leaf.der", "--type", "cert", "--label", "leaf", "--id", "44"]);
        holder(&["--write-object", "note", "--type", "data", "--label", "note", "--private"]);
        let listed = holder(&["-O"]);
        for name in ["made", "given", "leaf", "note"] {
            assert!(listed.contains(name), "{name}: {listed}");
        }
        bench.write("data", b"what is signed");
        let ecdsa = ["--mechanism", "ECDSA-SHA256", "--signature-format", "openssl"];
        holder(&[&["--sign", "--id", "44", "-i", "data", "-o", "signature"], &ecdsa[..]].concat());
        bench.openssl("dgst -sha256 -prverify key.pem -signature signature data");
        holder(&["--delete-object", "--type", "cert", "--id", "44"]);
        holder(&["--delete-object", "--type", "privkey", "--id", "33"]);
        holder(&["--delete-object", "--type", "data", "--label", "note"]);
        holder(&["--change-pin", "--new-pin", "34343434"]);
        let listed = bench.tool(&["--slot", "2", "--login", "--pin", "34343434", "-O"]);
        assert!(listed.contains("given"), "{listed}");
        for gone in ["leaf", "note", "Private Key Object; EC\n  label:      made"] {
            assert!(!listed.contains(gone), "{gone}: {listed}");
        }
    });
}

#[test]
fn pkcs11_tool_formats_a_blank_card() {
    for bench in [Bench::software([Put::Blank, Put::Nothing]), Bench::pcsc([Put::Blank, Put::Nothing])] {
        bench.tool(&["--slot", "0", "--init-token", "--label", "from outside", "--so-pin", SO_PIN]);
        let officer = ["--slot", "0", "--login", "--login-type", "so", "--so-pin", SO_PIN];
        bench.tool(&[&officer[..], &["--init-pin", "--new-pin", PIN_3]].concat());
        assert!(bench.tool(&["-L"]).contains("from outside (PIN 1)"));
    }
}
