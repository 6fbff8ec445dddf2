//! The module on a PIV card, used by OpenSC's tool: every operation that PKCS#11 has for it.

use std::fs;

use crate::bench::{MANAGEMENT_KEY, PIN};
use crate::foreign::{Desk, built};
use crate::rig::Output;

struct Module {
    desk: Desk,
    module: String,
}

impl Module {
    fn new() -> Self {
        Self { desk: Desk::new(), module: built("libp11ctl.so") }
    }

    fn words<'a>(&'a self, line: &'a str) -> Vec<&'a str> {
        let rest = line.split(' ').filter(|word| !word.is_empty());
        ["--module", self.module.as_str()].into_iter().chain(rest).collect()
    }

    fn tool(&self, line: &str) -> Output {
        self.desk.rig.expect("pkcs11-tool", &self.words(line))
    }

    fn refused(&self, line: &str) -> Output {
        let output = self.desk.rig.run("pkcs11-tool", &self.words(line));
        assert!(!output.success, "{output}");
        output
    }

    /// As the security officer.
    fn officer(&self, line: &str) -> Output {
        self.tool(&format!("--login --login-type so --so-pin {MANAGEMENT_KEY} {line}"))
    }
}

#[test]
fn key_is_generated_signs_and_decrypts_and_has_a_certificate_written_and_deleted() {
    let module = Module::new();
    for (id, kind) in [("01", "EC:prime256v1"), ("03", "rsa:2048")] {
        module.officer(&format!("--keypairgen --key-type {kind} --id {id}"));
        module.tool(&format!("--read-object --type pubkey --id {id} --output-file {id}.der"));
        module.desk.run(&format!("openssl pkey -pubin -inform DER -in {id}.der -out {id}.pub"));
    }
    let user = format!("--login --pin {PIN}");
    let listed = module.tool(&format!("{user} -O"));
    assert!(
        listed.stdout.contains("PIV Authentication Key") && listed.stdout.contains("Key Management Key"),
        "{listed}"
    );
    module.tool(&format!(
        "{user} --id 01 --sign --mechanism ECDSA-SHA256 --signature-format openssl --input-file text --output-file sig"
    ));
    module.desk.run("openssl dgst -sha256 -verify 01.pub -signature sig text");
    module.desk.run("openssl pkeyutl -encrypt -pubin -inkey 03.pub -in text -out text.enc");
    module.tool(&format!(
        "{user} --id 03 --decrypt --mechanism RSA-PKCS --input-file text.enc --output-file text.dec"
    ));
    assert_eq!(fs::read(module.desk.rig.folder().join("text.dec")).unwrap(), b"a text to be signed");

    module.desk.p11ctl("cert self-sign --slot 0 --id 01 --subject CN=module --pin file:pin -o own.crt");
    module.desk.run("openssl x509 -in own.crt -outform DER -out own.der");
    module.officer("--write-object own.der --type cert --id 01");
    module.tool("--read-object --type cert --id 01 --output-file read.der");
    module.desk.run("cmp own.der read.der");
    module.officer("--delete-object --type cert --id 01");
    module.refused("--read-object --type cert --id 01 --output-file gone.der");
}

#[test]
fn key_from_a_file_is_imported_and_signs_as_openssl_does() {
    let module = Module::new();
    module.desk.run("openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -outform DER -out rsa.der");
    module.officer("--write-object rsa.der --type privkey --id 01");
    module.tool(&format!(
        "--login --pin {PIN} --id 01 --sign --mechanism SHA256-RSA-PKCS --input-file text --output-file sig"
    ));
    module.desk.run("openssl dgst -sha256 -sign rsa.der -keyform DER -out theirs.sig text");
    module.desk.run("cmp sig theirs.sig");
}

#[test]
fn pin_is_changed_and_wrong_ones_are_told() {
    let module = Module::new();
    module.tool(&format!("--login --pin {PIN} --change-pin --new-pin 246802"));
    let old = module.refused(&format!("--login --pin {PIN} -O"));
    assert!(old.stderr.contains("CKR_PIN_INCORRECT"), "{old}");
    module.tool("--login --pin 246802 -O");
    let officer = module.refused(&format!(
        "--login --login-type so --so-pin {} --keypairgen --key-type EC:prime256v1 --id 01",
        "ff".repeat(24)
    ));
    assert!(officer.stderr.contains("CKR_PIN_INCORRECT"), "{officer}");
}

#[test]
fn token_is_initialised_anew_where_nothing_else_is_on_the_card() {
    let module = Module::new();
    module.officer("--keypairgen --key-type EC:prime256v1 --id 01");
    let wrong = module.refused(&format!("--init-token --label x --so-pin {}", "ff".repeat(24)));
    assert!(wrong.stderr.contains("CKR_PIN_INCORRECT"), "{wrong}");
    module.tool(&format!("--init-token --label x --so-pin {MANAGEMENT_KEY}"));
    let listed = module.tool(&format!("--login --pin {PIN} -O"));
    assert!(!listed.stdout.contains("PIV Authentication Key"), "{listed}");
    // A key without a PIN is in a token of its own: that would be lost too, and nobody was asked.
    module.desk.p11ctl("key generate --slot 0 --key-ref 9e --type ec:p256 --so-pin file:key");
    let refused = module.refused(&format!("--init-token --slot 0 --label x --so-pin {MANAGEMENT_KEY}"));
    assert!(refused.stderr.contains("(0x200)"), "CKR_FUNCTION_REJECTED: {refused}");
}
