//! `sign --format jws` and `verify` of it: jwcrypto (python3-jwcrypto) is the other side.

use crate::bench::{Bench, Run};

/// Verifies with a PEM key: arguments are the files of the JWS, the key, and the content where it is left out.
const VERIFY: &str = "\
import sys
from jwcrypto import jwk, jws
text, key = open(sys.argv[1]).read().strip(), jwk.JWK.from_pem(open(sys.argv[2], 'rb').read())
token = jws.JWS()
token.allowed_algs = ['RS256','RS384','RS512','PS256','PS384','PS512','ES256','ES384','ES512','EdDSA']
token.deserialize(text)
if len(sys.argv) > 3:
    token.objects['payload'] = open(sys.argv[3], 'rb').read()
token.verify(key)
";

/// Signs with a PEM key: the key, the algorithm, the content, `detached` or `unencoded` or `attached`.
const SIGN: &str = "\
import sys
from jwcrypto import jwk, jws
from jwcrypto.common import json_encode
key, how = jwk.JWK.from_pem(open(sys.argv[1], 'rb').read()), sys.argv[4]
header = {'alg': sys.argv[2]}
if how == 'unencoded':
    header.update({'b64': False, 'crit': ['b64']})
token = jws.JWS(open(sys.argv[3], 'rb').read())
token.add_signature(key, None, json_encode(header))
if how != 'attached':
    token.detach_payload()
print(token.serialize(compact=True))
";

/// A bench with a document, and the public keys of both tokens in k1.pem and k2.pem.
fn bench() -> Bench {
    let bench = Bench::new();
    bench.write("document.txt", "a document\n");
    bench.write("changed.txt", "a document!\n");
    bench.write("verify.py", VERIFY);
    bench.write("sign.py", SIGN);
    for number in ["1", "2"] {
        let (key, file) = (format!("key {number}"), format!("k{number}.pem"));
        bench.demo(["object", "export", &key, "--class", "public-key", "-o", &file]).expect(0);
    }
    bench
}

/// Debian's own Python, which has Debian's packages.
fn python(bench: &Bench, arguments: &[&str]) -> Run {
    bench.tool("/usr/bin/python3", arguments)
}

#[test]
fn jws_of_every_algorithm_is_verified_by_jwcrypto_and_here() {
    let bench = bench();
    for (number, how) in [
        ("1", &[][..]),
        ("1", &["--hash", "sha384"]),
        ("1", &["--hash", "sha512"]),
        ("1", &["--mechanism", "SHA256-RSA-PKCS-PSS"]),
        ("1", &["--mechanism", "SHA384-RSA-PKCS-PSS"]),
        ("1", &["--mechanism", "SHA512-RSA-PKCS-PSS"]),
        ("2", &[]),
    ] {
        let (key, pin, public) =
            (format!("key {number}"), format!("env:PIN{number}"), format!("k{number}.pem"));
        for form in [&[][..], &["--unencoded"], &["--attach"]] {
            let sign = ["sign", "--key", &key, "--pin", &pin, "--format", "jws", "document.txt"];
            bench.demo(sign.iter().chain(how).chain(form)).expect(0).says("wrote document.txt.jws");
            let is_attached = form.contains(&"--attach");
            let content = if is_attached { &[][..] } else { &["document.txt"] };
            python(&bench, &[&["verify.py", "document.txt.jws", &public], content].concat());
            let verify = ["verify", "--signature", "document.txt.jws"];
            bench.run(verify.iter().chain(content)).expect(0).says("was not checked");
            let run = bench.run(verify.iter().chain(content).chain(&["--public-key", &public])).expect(0);
            assert_eq!(run.stderr, "");
            bench.run(verify.iter().chain(&["changed.txt"])).expect(1).says("because: ");
        }
    }
}

#[test]
fn chain_goes_along_and_is_checked() {
    let bench = bench();
    bench.demo(["object", "export", "root 1", "--class", "certificate", "-o", "root.pem"]).expect(0);
    bench.demo(["object", "export", "root 2", "--class", "certificate", "-o", "other.pem"]).expect(0);
    let sign =
        ["sign", "--key", "key 1", "--pin", "env:PIN1", "--format", "jws", "--kid", "anna", "document.txt"];
    bench.demo(sign).expect(0);
    let verify = ["--json", "verify", "--signature", "document.txt.jws", "document.txt", "--ca"];
    let document = bench.run(verify.iter().chain(&["root.pem"])).expect(0).document();
    assert_eq!(document["signers"][0]["checked"], "chain");
    assert_eq!(document["signers"][0]["chain"].as_array().unwrap().len(), 3);
    bench.run(verify.iter().chain(&["other.pem"])).expect(1);
    // To standard output, and in JSON.
    let sign = [
        "--json",
        "sign",
        "--key",
        "key 1",
        "--pin",
        "env:PIN1",
        "--format",
        "jws",
        "-o",
        "-",
        "document.txt",
    ];
    let text = bench.demo(sign).expect(0).document()["signatures"][0]["encoded"].as_str().unwrap().to_owned();
    bench.write("s", text);
    python(&bench, &["verify.py", "s", "k1.pem", "document.txt"]);
}

#[test]
fn jws_of_jwcrypto_is_verified_here() {
    let bench = bench();
    let openssl = |line: &str| bench.tool("openssl", &line.split(' ').collect::<Vec<_>>());
    for (kind, algorithms) in [
        ("RSA -pkeyopt rsa_keygen_bits:2048", &["RS256", "RS512", "PS256", "PS512"][..]),
        ("EC -pkeyopt ec_paramgen_curve:P-256", &["ES256"]),
        ("EC -pkeyopt ec_paramgen_curve:P-384", &["ES384"]),
        ("EC -pkeyopt ec_paramgen_curve:P-521", &["ES512"]),
        ("ED25519", &["EdDSA"]),
    ] {
        openssl(&format!("genpkey -algorithm {kind} -out key"));
        openssl("pkey -in key -pubout -out key.pub");
        for algorithm in algorithms {
            for form in ["attached", "detached", "unencoded"] {
                let text = python(&bench, &["sign.py", "key", algorithm, "document.txt", form]).text();
                bench.write("s", text);
                let verify = ["verify", "--signature", "s", "--public-key", "key.pub", "document.txt"];
                bench.run(verify).expect(0);
                // Neither jwk nor x5c: without a named key there is none.
                bench.run(["verify", "--signature", "s", "document.txt"]).expect(1).says("does not go along");
                let wrong = ["verify", "--signature", "s", "--public-key", "k2.pem", "document.txt"];
                bench.run(wrong).expect(1);
            }
        }
    }
}

#[test]
fn altered_or_cut_jws_is_never_good() {
    let bench = bench();
    let sign = ["sign", "--key", "key 2", "--pin", "env:PIN2", "--format", "jws", "document.txt"];
    bench.demo(sign).expect(0);
    let whole = bench.read("document.txt.jws");
    let verify = ["verify", "--format", "jws", "--signature", "s", "document.txt"];
    for step in 0..24 {
        let index = step * (whole.len() - 1) / 24;
        let mut altered = whole.clone();
        altered[index] ^= 0x02;
        bench.write("s", altered);
        bench.run(verify).expect(1);
        bench.write("s", &whole[..index]);
        bench.run(verify).expect(1);
    }
    // The algorithm that asks for no key at all.
    bench.write("s", "eyJhbGciOiJub25lIn0..\n");
    bench.run(verify).expect(1).says("the JWS algorithm \"none\" is not supported");
}
