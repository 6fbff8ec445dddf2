//! `cert request|self-sign|verify`: OpenSSL reads and verifies what the card's key signed.

use crate::bench::Bench;
use crate::personalise_keys::{third, with_third_pin};

#[test]
fn request_is_verified_by_openssl_and_comes_back_as_a_certificate() {
    let bench = with_third_pin();
    let tool = |arguments: &str| bench.tool("openssl", &arguments.split(' ').collect::<Vec<_>>());
    tool(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -subj /CN=Root -days 30",
    );
    for kind in ["rsa:2048", "ec:p256"] {
        third(&bench, &["key", "generate", "--type", kind, "--label", kind]).expect(0);
        let request =
            ["cert", "request", "--key", kind, "--subject", "CN=www.example.org,O=Example", "-o", "k.csr"];
        let names =
            ["--san", "dns:www.example.org", "--san", "ip:192.0.2.1", "--eku", "serverAuth,clientAuth"];
        third(&bench, &[&request[..], &names].concat()).expect(0).says("wrote k.csr");
        let text = tool("req -in k.csr -noout -verify -text");
        let shown = format!("{}{}", text.text(), text.stderr);
        for expected in
            ["verify OK", "DNS:www.example.org", "IP Address:192.0.2.1", "TLS Web Server Authentication"]
        {
            assert!(shown.contains(expected), "{expected}: {shown}");
        }
        tool("x509 -req -in k.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -out k.pem");
        bench.write("bundle.pem", [bench.read("k.pem"), bench.read("ca.pem")].concat());
        third(&bench, &["object", "write", "certificate", "bundle.pem"]).expect(0);
        bench.demo(["cert", "verify", "--slot", "2", "--key", kind]).expect(0);
    }
}

#[test]
fn self_signed_certificate_is_verified_by_openssl() {
    let bench = Bench::new();
    let make = ["cert", "self-sign", "--slot", "0", "--pin", "env:PIN1", "--subject", "CN=Self"];
    bench.demo(make.iter().chain(&["--san", "email:a@example.org", "-o", "s.pem"])).expect(0);
    bench.tool("openssl", &["verify", "-CAfile", "s.pem", "s.pem"]);
    bench.demo(make.iter().chain(&["--ca", "--days", "10", "--format", "der", "-o", "ca.der"])).expect(0);
    let shown = bench.tool("openssl", &["x509", "-inform", "DER", "-in", "ca.der", "-noout", "-text"]).text();
    assert!(shown.contains("CA:TRUE"), "{shown}");
}

#[test]
fn wrong_names_and_purposes_are_answered_before_any_login() {
    let bench = Bench::new();
    for wrong in [["--san", "host:x"], ["--san", "dns:a b"], ["--eku", "serverAuht"]] {
        let request = ["-vvv", "cert", "request", "--slot", "0", "--pin", "env:PIN1", "--subject", "CN=x"];
        let run = bench.demo(request.iter().chain(&wrong)).expect(2);
        assert!(!run.stderr.contains("> 0020"), "{}", run.stderr);
    }
    let request = ["cert", "request", "--slot", "0", "--pin", "env:PIN1", "--subject", "no name"];
    bench.demo(request).expect(2).says("is no subject");
}

#[test]
fn verify_names_what_is_wrong_and_exits_one() {
    let bench = with_third_pin();
    let tool = |arguments: &str| bench.tool("openssl", &arguments.split(' ').collect::<Vec<_>>());
    tool(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -subj /CN=Root -days 30",
    );
    tool(
        "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout leaf.key -out leaf.csr -subj /CN=Anna",
    );
    tool("x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -out leaf.pem");
    third(&bench, &["key", "import", "leaf.key", "--label", "leaf"]).expect(0);
    bench.demo(["cert", "verify", "--slot", "2"]).expect(3).says("has no certificate");
    third(&bench, &["object", "write", "certificate", "leaf.pem"]).expect(0);
    let run = bench.demo(["cert", "verify", "--slot", "2"]).expect(1);
    assert!(run.text().contains("its issuer \"CN=Root\" is not on the card"), "{}", run.text());
    // An issuer that is no authority: the same name and key, but without the flag.
    bench.write(
        "plain.cnf",
        "[req]\ndistinguished_name=d\nx509_extensions=e\n[d]\n[e]\nbasicConstraints=CA:FALSE\n",
    );
    tool("req -x509 -new -key ca.key -config plain.cnf -subj /CN=Root -days 30 -out plain.pem");
    third(&bench, &["object", "write", "certificate", "plain.pem"]).expect(0);
    let run = bench.demo(["--json", "cert", "verify", "--slot", "2"]).expect(1);
    let document = run.document();
    assert_eq!(document["good"], false);
    assert!(document["chains"][0][1]["problems"][0].as_str().unwrap().contains("no authority"), "{document}");
    // Another one that lives longest and may not sign: the layout's choice is not good, another path is.
    bench.write(
        "mute.cnf",
        "[req]\ndistinguished_name=d\nx509_extensions=e\n[d]\n[e]\nbasicConstraints=CA:TRUE\nkeyUsage=digitalSignature\n",
    );
    tool("req -x509 -new -key ca.key -config mute.cnf -subj /CN=Root -days 3000 -out mute.pem");
    third(&bench, &["object", "write", "certificate", "mute.pem"]).expect(0);
    bench.demo(["cert", "verify", "--slot", "2"]).expect(1).says("is not good");
    third(&bench, &["object", "write", "certificate", "ca.pem"]).expect(0);
    let document = bench.demo(["--json", "cert", "verify", "--slot", "2"]).expect(0).document();
    assert_eq!(document["good"], true);
    assert_eq!(document["chains"].as_array().map(Vec::len), Some(2), "{document}");
    // Anybody's certificate with the name and the key identifier of the authority changes nothing.
    tool(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout evil.key -out evil.pem -subj /CN=Root -days 9000",
    );
    third(&bench, &["object", "write", "certificate", "evil.pem"]).expect(0);
    bench.demo(["cert", "verify", "--slot", "2"]).expect(0);
}
