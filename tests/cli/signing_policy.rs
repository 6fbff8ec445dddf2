//! What `sign` refuses: weak mechanisms, keys whose certificate is out of date or not for signatures.

use crate::bench::Bench;
use crate::personalise_keys::{third, with_third_pin};

/// A card whose third token holds a key of OpenSSL's, and a CA to certify it.
fn bench(kind: &str) -> Bench {
    let bench = with_third_pin();
    bench.write("document.txt", "a document\n");
    let tool = |arguments: &str| bench.tool("openssl", &arguments.split(' ').collect::<Vec<_>>());
    tool(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -subj /CN=Root -days 30",
    );
    tool(&format!("genpkey {kind} -out leaf.key"));
    tool("req -new -key leaf.key -out leaf.csr -subj /CN=Anna");
    third(&bench, &["key", "import", "leaf.key", "--label", "leaf"]).expect(0);
    bench
}

/// Puts a certificate for so many days and with this key usage on the card.
fn certify(bench: &Bench, days: &str, usage: &str) {
    bench.write("usage.cnf", format!("keyUsage=critical,{usage}\n"));
    let make = "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out leaf.pem -extfile usage.cnf -days";
    bench.tool("openssl", &make.split(' ').chain([days]).collect::<Vec<_>>());
    third(bench, &["object", "write", "certificate", "leaf.pem", "--label", &format!("{usage} {days}")])
        .expect(0);
}

#[test]
fn sha1_is_signed_only_when_allowed() {
    let bench = Bench::new();
    bench.write("document.txt", "a document\n");
    bench.demo(["object", "export", "key 1", "--class", "public-key", "-o", "k1.pem"]).expect(0);
    for how in [
        &["--hash", "sha1"][..],
        &["--mechanism", "SHA1-RSA-PKCS-PSS"],
        &["--mechanism", "RSA-PKCS-PSS", "--hash", "sha1"],
    ] {
        let sign = ["-vvv", "sign", "--key", "key 1", "--pin", "env:PIN1", "document.txt"];
        let run = bench.demo(sign.iter().chain(how)).expect(2).says("SHA-1 is weak").says("--allow-weak");
        assert!(!run.stderr.contains("> 0020"), "it costs no login: {}", run.stderr);
        assert!(!bench.path("document.txt.sig").exists());
    }
    let weak =
        ["sign", "--key", "key 1", "--pin", "env:PIN1", "--hash", "sha1", "--allow-weak", "document.txt"];
    bench.demo(weak).expect(0);
    let verify = ["dgst", "-sha1", "-verify", "k1.pem", "-signature", "document.txt.sig", "document.txt"];
    bench.tool("openssl", &verify);
}

#[test]
fn short_rsa_key_signs_only_when_allowed() {
    let bench = bench("-algorithm RSA -pkeyopt rsa_keygen_bits:1024");
    let run = third(&bench, &["-vvv", "sign", "--key", "leaf", "document.txt"])
        .expect(2)
        .says("a key rsa:1024 is weak");
    assert!(!run.stderr.contains("> 0020"), "{}", run.stderr);
    third(&bench, &["sign", "--key", "leaf", "--allow-weak", "document.txt"]).expect(0);
    bench.tool("openssl", &["pkey", "-in", "leaf.key", "-pubout", "-out", "leaf.pub"]);
    let verify = ["dgst", "-sha256", "-verify", "leaf.pub", "-signature", "document.txt.sig", "document.txt"];
    bench.tool("openssl", &verify);
}

#[test]
fn key_without_a_certificate_that_lets_it_sign_is_refused_with_every_reason() {
    let bench = bench("-algorithm EC -pkeyopt ec_paramgen_curve:P-256");
    let sign = ["-vvv", "sign", "--key", "leaf", "document.txt"];
    third(&bench, &sign).expect(0);
    certify(&bench, "-1", "digitalSignature");
    let run = third(&bench, &sign).expect(1).says("key \"leaf\" has no certificate that lets it sign");
    assert!(run.stderr.contains("the certificate of \"CN=Anna\" expired 20"), "{}", run.stderr);
    assert!(!run.stderr.contains("> 0020"), "it costs no login: {}", run.stderr);
    certify(&bench, "30", "keyAgreement");
    third(&bench, &sign).expect(1).says("expired 20").says("not for signatures, but for keyAgreement");
    // One that is good is enough.
    certify(&bench, "20", "nonRepudiation");
    third(&bench, &sign).expect(0);
}
