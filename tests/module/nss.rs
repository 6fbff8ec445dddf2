//! NSS, the library of Firefox and Thunderbird: its tools list, sign, make a key, and change the PIN.

use crate::bench::{Bench, PINS, module};

const TOKEN: &str = "p11ctl example (PIN 1)";

#[test]
fn nss_lists_signs_generates_and_changes_the_pin() {
    Bench::each(|bench| {
        bench.expect("mkdir", &["database"]);
        bench.write("pin", PINS[0].as_bytes());
        bench.write("new-pin", b"12121212");
        let in_database = ["-d", "sql:database"];
        let certutil = |arguments: &[&str]| bench.expect("certutil", &[&in_database, arguments].concat());
        let modutil = |arguments: &[&str]| {
            bench.expect("modutil", &[&["-dbdir", "sql:database", "-force"], arguments].concat())
        };
        certutil(&["-N", "--empty-password"]);
        modutil(&["-add", "p11ctl", "-libfile", &module()]);
        // It calls the slots without a card an error.
        let (_, listed) = bench.run("modutil", &["-dbdir", "sql:database", "-force", "-list", "p11ctl"]);
        assert!(listed.contains("PKCS #11 Version 3.2"), "{listed}");
        for line in [TOKEN, "p11ctl example (PIN 2)", "Login Type: Login required"] {
            assert!(listed.contains(line), "{line}: {listed}");
        }
        let listed = certutil(&["-L", "-h", TOKEN, "-f", "pin"]);
        assert!(listed.contains("certificate 1") && listed.contains("issuing CA 1"), "{listed}");
        let listed = certutil(&["-K", "-h", TOKEN, "-f", "pin"]);
        assert!(listed.contains("rsa      01"), "{listed}");

        // The root is trusted by NSS's own database, and the card signs.
        let read = ["--slot", "0", "--read-object", "--type", "cert", "--label", "root 1", "-o", "root"];
        bench.expect("pkcs11-tool", &[&["--module", &module()], &read[..]].concat());
        certutil(&["-A", "-n", "root", "-t", "CT,C,C", "-i", "root"]);
        bench.write("text", b"some text\n");
        let signer = format!("{TOKEN}:certificate 1");
        let sign = ["-S", "-N", &signer, "-f", "pin", "-i", "text", "-o", "signed"];
        bench.expect("cmsutil", &[&in_database[..], &sign].concat());
        let verify =
            ["cms", "-verify", "-inform", "DER", "-in", "signed", "-noverify", "-binary", "-out", "verified"];
        bench.expect("openssl", &verify);
        assert_eq!(bench.read("verified"), b"some text\n");

        let request = ["-R", "-h", TOKEN, "-k", "rsa", "-g", "2048", "-s", "CN=made by NSS", "-f", "pin"];
        bench.write("noise", &[0x5A; 64]);
        certutil(&[&request[..], &["-z", "noise", "-o", "request"]].concat());
        bench.expect("openssl", &["req", "-inform", "DER", "-in", "request", "-verify", "-noout"]);
        modutil(&["-changepw", TOKEN, "-pwfile", "pin", "-newpwfile", "new-pin"]);
        let listed = certutil(&["-K", "-h", TOKEN, "-f", "new-pin"]);
        assert_eq!(listed.matches("rsa ").count(), 2, "{listed}");
    });
}
