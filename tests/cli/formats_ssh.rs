//! `sign --format ssh` and `verify` of it, and signing for git: `ssh-keygen` and `git` are the other side.

use std::process::{Command, Stdio};

use crate::bench::{Bench, PROGRAM, Run, clean, finish};

const KEYS: [(&str, &str); 2] = [("key 1", "env:PIN1"), ("key 2", "env:PIN2")];

/// A bench with a document and the keys of both tokens in k1.pub and k2.pub.
fn bench() -> Bench {
    let bench = Bench::new();
    bench.write("document.txt", "a document\n");
    for (number, (key, _)) in KEYS.iter().enumerate() {
        let file = format!("k{}.pub", number + 1);
        bench
            .demo(["object", "export", key, "--class", "public-key", "--format", "ssh", "-o", &file])
            .expect(0);
    }
    bench
}

/// Runs a program in the folder and surroundings of the bench, with a file as standard input.
fn tool(bench: &Bench, program: &str, arguments: &[&str], input: Option<&str>) -> Run {
    let mut command = Command::new(program);
    command.args(arguments);
    clean(&mut command, &bench.path(""));
    command.stdin(match input {
        Some(file) => Stdio::from(std::fs::File::open(bench.path(file)).unwrap()),
        None => Stdio::null(),
    });
    finish(command.output().unwrap())
}

#[test]
fn ssh_signature_is_verified_by_ssh_keygen_and_here() {
    let bench = bench();
    for (number, (key, pin)) in KEYS.iter().enumerate() {
        let public = format!("k{}.pub", number + 1);
        let line = String::from_utf8(bench.read(&public)).unwrap();
        bench.write("allowed", format!("anna@example.org {line}"));
        for (hash, namespace) in [(None, None), (Some("sha256"), None), (Some("sha512"), Some("mail"))] {
            let mut sign = vec!["sign", "--key", key, "--pin", pin, "--format", "ssh", "document.txt"];
            sign.extend(hash.iter().flat_map(|hash| ["--hash", hash]));
            sign.extend(namespace.iter().flat_map(|name| ["--namespace", name]));
            bench.demo(&sign).expect(0).says("wrote document.txt.sig");
            let name = namespace.unwrap_or("file");
            let check = ["-Y", "check-novalidate", "-n", name, "-s", "document.txt.sig"];
            tool(&bench, "ssh-keygen", &check, Some("document.txt")).expect(0);
            let verify = [
                "-Y",
                "verify",
                "-f",
                "allowed",
                "-I",
                "anna@example.org",
                "-n",
                name,
                "-s",
                "document.txt.sig",
            ];
            tool(&bench, "ssh-keygen", &verify, Some("document.txt")).expect(0);
            let mut verify = vec!["verify", "--signature", "document.txt.sig", "document.txt"];
            verify.extend(["--namespace", name]);
            bench.run(&verify).expect(0).says("was not checked");
            let named = bench.run(verify.iter().chain(&["--public-key", &public])).expect(0);
            assert_eq!(named.stderr, "");
        }
    }
}

#[test]
fn signature_of_ssh_keygen_is_verified_here_and_what_is_wrong_is_said() {
    let bench = bench();
    bench.write("changed.txt", "a document!\n");
    for kind in ["rsa", "ecdsa", "ed25519"] {
        let key = format!("id_{kind}");
        tool(&bench, "ssh-keygen", &["-q", "-t", kind, "-N", "", "-f", &key], None).expect(0);
        let sign = ["-Y", "sign", "-n", "file", "-f", &key, "document.txt"];
        let _ = std::fs::remove_file(bench.path("document.txt.sig"));
        tool(&bench, "ssh-keygen", &sign, None).expect(0);
        let public = format!("{key}.pub");
        let verify = |more: &[&str]| {
            bench.run(
                ["verify", "--signature", "document.txt.sig", "--public-key", &public].iter().chain(more),
            )
        };
        verify(&["document.txt"]).expect(0);
        verify(&["changed.txt"]).expect(1).says("because: the file is not what was signed");
        verify(&["document.txt", "--namespace", "git"]).expect(1).says("it is for \"file\", not for \"git\"");
        let other = ["verify", "--signature", "document.txt.sig", "--public-key", "k1.pub", "document.txt"];
        bench.run(other).expect(1).says("it was made with another key: SHA256:");
        verify(&["document.txt", "--ca", "k1.pub"]).expect(2);
        let whole = bench.read("document.txt.sig");
        for step in 0..12 {
            let mut altered = whole.clone();
            let index = step * (whole.len() - 1) / 12;
            altered[index] ^= 0x04;
            bench.write("s", altered);
            let format = ["verify", "--format", "ssh", "--signature", "s", "document.txt"];
            bench.run(format).expect(1);
            bench.write("s", &whole[..index]);
            bench.run(format).expect(1);
        }
    }
}

#[test]
fn git_signs_commits_and_tags_with_the_token_and_verifies_them() {
    let bench = bench();
    let git = |arguments: &[&str]| tool(&bench, "git", &[&["-C", "repository"], arguments].concat(), None);
    tool(&bench, "git", &["init", "-q", "repository"], None).expect(0);
    bench.write(
        "sign.sh",
        format!("#!/bin/sh\nexec {PROGRAM} --card \"$HOME/demo.card\" ssh-keygen --pin env:PIN2 \"$@\"\n"),
    );
    tool(&bench, "chmod", &["+x", "sign.sh"], None).expect(0);
    let line = String::from_utf8(bench.read("k2.pub")).unwrap();
    bench.write("allowed", format!("anna@example.org namespaces=\"git\" {line}"));
    let path = |name: &str| bench.path(name).display().to_string();
    for (name, value) in [
        ("user.name", "Anna".to_owned()),
        ("user.email", "anna@example.org".to_owned()),
        ("gpg.format", "ssh".to_owned()),
        ("gpg.ssh.program", path("sign.sh")),
        ("gpg.ssh.allowedSignersFile", path("allowed")),
        ("user.signingKey", path("k2.pub")),
    ] {
        git(&["config", name, &value]).expect(0);
    }
    git(&["commit", "-q", "--allow-empty", "-S", "-m", "signed"]).expect(0);
    git(&["verify-commit", "HEAD"]).expect(0).says("Good \"git\" signature for anna@example.org");
    git(&["tag", "-s", "-m", "signed", "v1"]).expect(0);
    git(&["verify-tag", "v1"]).expect(0).says("Good \"git\" signature for anna@example.org");
    // A key that git knows literally.
    git(&["config", "user.signingKey", &format!("key::{}", line.trim())]).expect(0);
    git(&["commit", "-q", "--allow-empty", "-S", "-m", "signed too"]).expect(0);
    git(&["verify-commit", "HEAD"]).expect(0);
    // A commit that somebody altered is not good.
    let object = git(&["cat-file", "commit", "HEAD"]).expect(0).text().replace("signed too", "signed two");
    bench.write("altered", object);
    let made = git(&["hash-object", "-t", "commit", "-w", &path("altered")]).expect(0).text();
    assert_ne!(git(&["verify-commit", made.trim()]).code, 0);
    // No token has the key: no commit.
    tool(&bench, "ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", "id"], None).expect(0);
    git(&["config", "user.signingKey", &path("id.pub")]).expect(0);
    let run = git(&["commit", "-q", "--allow-empty", "-S", "-m", "not signed"])
        .says("no token has the key SHA256:");
    assert_ne!(run.code, 0);
}

#[test]
fn program_called_by_the_name_of_the_link_is_ssh_keygen() {
    let bench = bench();
    std::os::unix::fs::symlink(PROGRAM, bench.path("p11ctl-ssh-keygen")).unwrap();
    bench.write(
        "opensc.conf",
        "[readers]\npcsc = false\n\n[[software_reader]]\nname = \"R\"\ncard = \"demo.card\"\n",
    );
    let link = bench.path("p11ctl-ssh-keygen").display().to_string();
    let run = |arguments: &[&str], input: Option<&str>| {
        let mut command = Command::new("setsid");
        command.args(["--wait", &link]).args(arguments);
        clean(&mut command, &bench.path(""));
        command.env("OPENSC_CONF", bench.path("opensc.conf"));
        command.stdin(match input {
            Some(file) => Stdio::from(std::fs::File::open(bench.path(file)).unwrap()),
            None => Stdio::null(),
        });
        finish(command.output().unwrap())
    };
    // There is no terminal to ask for the PIN: that is as far as the name can be seen to work.
    run(&["-Y", "sign", "-n", "file", "-f", "k1.pub", "document.txt"], None).expect(4).says("PIN");
    // Everything else is the real one's.
    bench.demo(["sign", "--key", "key 1", "--pin", "env:PIN1", "--format", "ssh", "document.txt"]).expect(0);
    let check = ["-Y", "check-novalidate", "-n", "file", "-s", "document.txt.sig"];
    let good = run(&check, Some("document.txt")).expect(0);
    assert!(good.text().contains("Good \"file\" signature"), "{}", good.text());
    assert_ne!(run(&check, Some("k1.pub")).code, 0);
}

#[test]
fn standard_input_is_signed_as_ssh_keygen_does() {
    let bench = bench();
    let arguments = [
        "--card",
        "demo.card",
        "ssh-keygen",
        "--pin",
        "env:PIN1",
        "-Y",
        "sign",
        "-n",
        "file",
        "-f",
        "k1.pub",
    ];
    for hash in [&[][..], &["-O", "hashalg=sha256"]] {
        let run = tool(&bench, PROGRAM, &[&arguments[..], hash].concat(), Some("document.txt")).expect(0);
        bench.write("s", &run.stdout);
        let check = ["-Y", "check-novalidate", "-n", "file", "-s", "s"];
        tool(&bench, "ssh-keygen", &check, Some("document.txt")).expect(0);
    }
    let bad = [&arguments[..], &["-O", "hashalg=md5"]].concat();
    assert_eq!(tool(&bench, PROGRAM, &bad, Some("document.txt")).code, 2);
}
