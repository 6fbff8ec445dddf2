# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_p11ctl_global_optspecs
    string join \n card= module= config= json stats v/verbose h/help V/version
end

function __fish_p11ctl_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_p11ctl_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_p11ctl_using_subcommand
    set -l cmd (__fish_p11ctl_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c p11ctl -n "__fish_p11ctl_needs_command" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_needs_command" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_needs_command" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_needs_command" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_needs_command" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_needs_command" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c p11ctl -n "__fish_p11ctl_needs_command" -s V -l version -d 'Print version'
complete -c p11ctl -n "__fish_p11ctl_needs_command" -f -a "readers" -d 'List readers, the card in each, and the slots it owns'
complete -c p11ctl -n "__fish_p11ctl_needs_command" -f -a "slots" -d 'List virtual slots and their tokens'
complete -c p11ctl -n "__fish_p11ctl_needs_command" -f -a "token" -d 'Show a token and its mechanisms'
complete -c p11ctl -n "__fish_p11ctl_needs_command" -f -a "login" -d 'Verify the PIN of one token and show what it opens'
complete -c p11ctl -n "__fish_p11ctl_needs_command" -f -a "pin" -d 'Look after PINs: status, new ones, changes'
complete -c p11ctl -n "__fish_p11ctl_needs_command" -f -a "find" -d 'Find objects: keys, certificates, data'
complete -c p11ctl -n "__fish_p11ctl_needs_command" -f -a "objects" -d 'Find objects: keys, certificates, data'
complete -c p11ctl -n "__fish_p11ctl_needs_command" -f -a "object" -d 'Show, export, write, change or delete one object'
complete -c p11ctl -n "__fish_p11ctl_needs_command" -f -a "key" -d 'Generate, import or delete keys'
complete -c p11ctl -n "__fish_p11ctl_needs_command" -f -a "cert" -d 'Request, make or verify certificates'
complete -c p11ctl -n "__fish_p11ctl_needs_command" -f -a "sign" -d 'Sign files with a private key'
complete -c p11ctl -n "__fish_p11ctl_needs_command" -f -a "verify" -d 'Verify the signature of a file'
complete -c p11ctl -n "__fish_p11ctl_needs_command" -f -a "encrypt" -d 'Encrypt a file for the holders of private keys'
complete -c p11ctl -n "__fish_p11ctl_needs_command" -f -a "decrypt" -d 'Decrypt a file with a private key'
complete -c p11ctl -n "__fish_p11ctl_needs_command" -f -a "digest" -d 'Digest files, or check files against their digests'
complete -c p11ctl -n "__fish_p11ctl_needs_command" -f -a "random" -d 'Make random bytes on a card'
complete -c p11ctl -n "__fish_p11ctl_needs_command" -f -a "ssh-keygen" -d 'Sign for git, in place of ssh-keygen'
complete -c p11ctl -n "__fish_p11ctl_needs_command" -f -a "card" -d 'Make and serve software cards, send raw APDUs, repair'
complete -c p11ctl -n "__fish_p11ctl_needs_command" -f -a "config" -d 'Show or check the configuration'
complete -c p11ctl -n "__fish_p11ctl_needs_command" -f -a "doctor" -d 'Tell what is missing for cards to be used, and what to do next'
complete -c p11ctl -n "__fish_p11ctl_needs_command" -f -a "generate" -d 'Write shell completions or man pages'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand readers" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand readers" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand readers" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand readers" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand readers" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand readers" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand readers" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand slots" -l save -d 'Write the layout to this file: names, PINs, keys and certificates by fingerprint (- is standard output)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand slots" -l check -d 'Compare the layout with a saved one; exit 1 when it differs' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand slots" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand slots" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand slots" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand slots" -l tree -d 'Draw reader, slot, token, PIN, key and certificate chain as a tree'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand slots" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand slots" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand slots" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand slots" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and not __fish_seen_subcommand_from info mechanisms init erase" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and not __fish_seen_subcommand_from info mechanisms init erase" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and not __fish_seen_subcommand_from info mechanisms init erase" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and not __fish_seen_subcommand_from info mechanisms init erase" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and not __fish_seen_subcommand_from info mechanisms init erase" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and not __fish_seen_subcommand_from info mechanisms init erase" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and not __fish_seen_subcommand_from info mechanisms init erase" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and not __fish_seen_subcommand_from info mechanisms init erase" -f -a "info" -d 'Show label, serial number, flags and PINs of a token'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and not __fish_seen_subcommand_from info mechanisms init erase" -f -a "mechanisms" -d 'List the mechanisms of a token'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and not __fish_seen_subcommand_from info mechanisms init erase" -f -a "init" -d 'Format a card: everything on it is lost, its slots are empty tokens'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and not __fish_seen_subcommand_from info mechanisms init erase" -f -a "erase" -d 'Make a card blank again: everything on it is lost'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from info" -l slot -d 'Take the token in this slot' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from info" -l token -d 'Take the token with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from info" -l serial -d 'Take the token with this serial number' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from info" -l reader -d 'Take the token in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from info" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from info" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from info" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from info" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from info" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from info" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from info" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from mechanisms" -l slot -d 'Take the token in this slot' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from mechanisms" -l token -d 'Take the token with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from mechanisms" -l serial -d 'Take the token with this serial number' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from mechanisms" -l reader -d 'Take the token in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from mechanisms" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from mechanisms" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from mechanisms" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from mechanisms" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from mechanisms" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from mechanisms" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from mechanisms" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from init" -l slot -d 'Take the token in this slot' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from init" -l token -d 'Take the token with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from init" -l serial -d 'Take the token with this serial number' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from init" -l reader -d 'Take the token in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from init" -l label -d 'The card\'s new label, on cards that keep one' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from init" -l so-pin -d 'Take the security officer\'s PIN from: prompt, env:NAME, file:PATH, fd:N, stdin' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from init" -l so-puk -d 'Take the PUK of the security officer\'s PIN from there; without it the card has a random one' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from init" -l new-so-pin -d 'Give a PIV or OpenPGP card another SO PIN: prompt (typed twice), env:NAME, file:PATH, fd:N, stdin' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from init" -l new-pin -d 'Take the user\'s PIN of a PIV or OpenPGP card from there' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from init" -l puk -d 'Take the PUK (OpenPGP: resetting code) of that PIN from there' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from init" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from init" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from init" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from init" -l final-try -d 'Let a wrong PIN lock the card: use the last try without asking'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from init" -l yes -d 'Do it without asking'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from init" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from init" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from init" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from init" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from erase" -l slot -d 'Take the token in this slot' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from erase" -l token -d 'Take the token with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from erase" -l serial -d 'Take the token with this serial number' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from erase" -l reader -d 'Take the token in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from erase" -l so-pin -d 'Take the security officer\'s PIN from: prompt, env:NAME, file:PATH, fd:N, stdin' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from erase" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from erase" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from erase" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from erase" -l final-try -d 'Let a wrong PIN lock the card: use the last try without asking'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from erase" -l yes -d 'Do it without asking'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from erase" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from erase" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from erase" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from erase" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand login" -l slot -d 'Take the token in this slot' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand login" -l token -d 'Take the token with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand login" -l serial -d 'Take the token with this serial number' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand login" -l reader -d 'Take the token in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand login" -l pin -d 'Take the PIN from: prompt, env:NAME, file:PATH, fd:N, stdin, pinpad' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand login" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand login" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand login" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand login" -l final-try -d 'Let a wrong PIN lock the card: use the last try without asking'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand login" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand login" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand login" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand login" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and not __fish_seen_subcommand_from status init change unblock puk tries kdf" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and not __fish_seen_subcommand_from status init change unblock puk tries kdf" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and not __fish_seen_subcommand_from status init change unblock puk tries kdf" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and not __fish_seen_subcommand_from status init change unblock puk tries kdf" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and not __fish_seen_subcommand_from status init change unblock puk tries kdf" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and not __fish_seen_subcommand_from status init change unblock puk tries kdf" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and not __fish_seen_subcommand_from status init change unblock puk tries kdf" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and not __fish_seen_subcommand_from status init change unblock puk tries kdf" -f -a "status" -d 'Show the tries left of each PIN, spending none'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and not __fish_seen_subcommand_from status init change unblock puk tries kdf" -f -a "init" -d 'Put a PIN on an empty token, or reset the PIN of one as the security officer'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and not __fish_seen_subcommand_from status init change unblock puk tries kdf" -f -a "change" -d 'Change a PIN'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and not __fish_seen_subcommand_from status init change unblock puk tries kdf" -f -a "unblock" -d 'Give a locked or forgotten PIN a new value'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and not __fish_seen_subcommand_from status init change unblock puk tries kdf" -f -a "puk" -d 'Set the PUK of a PIN as the security officer, or take it away, where the card can'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and not __fish_seen_subcommand_from status init change unblock puk tries kdf" -f -a "tries" -d 'Set how many tries a PIN and its PUK have, where the card can'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and not __fish_seen_subcommand_from status init change unblock puk tries kdf" -f -a "kdf" -d 'Have PINs hashed before the card gets them, or not any more (OpenPGP\'s KDF)'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from status" -l slot -d 'Take the token in this slot' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from status" -l token -d 'Take the token with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from status" -l serial -d 'Take the token with this serial number' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from status" -l reader -d 'Take the token in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from status" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from status" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from status" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from status" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from status" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from init" -l slot -d 'Take the token in this slot' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from init" -l token -d 'Take the token with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from init" -l serial -d 'Take the token with this serial number' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from init" -l reader -d 'Take the token in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from init" -l so-pin -d 'Take the security officer\'s PIN from: prompt, env:NAME, file:PATH, fd:N, stdin' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from init" -l new-pin -d 'Take the new PIN from there (prompt: typed twice)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from init" -l puk -d 'Take the PUK of the new PIN from there; without it the card has a random one' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from init" -l puk-output -d 'Write the random PUK to this file, which only its owner may read' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from init" -l label -d 'Name of the new PIN; without it the first free PIN N' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from init" -l min-length -d 'Shortest PIN that the card takes later' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from init" -l tries -d 'Wrong tries until the PIN locks' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from init" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from init" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from init" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from init" -l final-try -d 'Let a wrong PIN lock the card: use the last try without asking'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from init" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from init" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from init" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from init" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from change" -l slot -d 'Take the token in this slot' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from change" -l token -d 'Take the token with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from change" -l serial -d 'Take the token with this serial number' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from change" -l reader -d 'Take the token in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from change" -l pin -d 'Take the PIN from: prompt, env:NAME, file:PATH, fd:N, stdin, pinpad' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from change" -l so-pin -d 'Change the security officer\'s PIN instead; its old value comes from there' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from change" -l puk -d 'Change the PUK instead, where the card lets its holder; its old value comes from there' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from change" -l new-pin -d 'Take the new PIN from: prompt (typed twice), env:NAME, file:PATH, fd:N, stdin' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from change" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from change" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from change" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from change" -l final-try -d 'Let a wrong PIN lock the card: use the last try without asking'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from change" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from change" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from change" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from change" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from unblock" -l slot -d 'Take the token in this slot' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from unblock" -l token -d 'Take the token with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from unblock" -l serial -d 'Take the token with this serial number' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from unblock" -l reader -d 'Take the token in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from unblock" -l puk -d 'Take the PUK from: prompt, env:NAME, file:PATH, fd:N, stdin' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from unblock" -l so-pin -d 'Let the security officer do it, whose PIN comes from there' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from unblock" -l new-pin -d 'Take the new PIN from there (prompt: typed twice)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from unblock" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from unblock" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from unblock" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from unblock" -l final-try -d 'Let a wrong PIN lock the card: use the last try without asking'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from unblock" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from unblock" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from unblock" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from unblock" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from puk" -l slot -d 'Take the token in this slot' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from puk" -l token -d 'Take the token with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from puk" -l serial -d 'Take the token with this serial number' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from puk" -l reader -d 'Take the token in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from puk" -l so-pin -d 'Take the security officer\'s PIN from: prompt, env:NAME, file:PATH, fd:N, stdin' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from puk" -l puk -d 'Take the PUK from there (prompt: typed twice)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from puk" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from puk" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from puk" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from puk" -l clear -d 'Take the PUK away: then the security officer alone unblocks the PIN'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from puk" -l final-try -d 'Let a wrong PIN lock the card: use the last try without asking'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from puk" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from puk" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from puk" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from puk" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from tries" -l set-pin -d 'Tries of the PIN' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from tries" -l set-puk -d 'Tries of the PUK' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from tries" -l slot -d 'Take the token in this slot' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from tries" -l token -d 'Take the token with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from tries" -l serial -d 'Take the token with this serial number' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from tries" -l reader -d 'Take the token in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from tries" -l pin -d 'Take the PIN from: prompt, env:NAME, file:PATH, fd:N, stdin, pinpad' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from tries" -l so-pin -d 'Log in as the security officer instead; the PIN comes from prompt, env:NAME, file:PATH, fd:N, stdin' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from tries" -l auth-pin -d 'Verify another PIN of the card as well, where the card asks for it (repeatable)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from tries" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from tries" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from tries" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from tries" -l yes -d 'Do it without asking'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from tries" -l final-try -d 'Let a wrong PIN lock the card: use the last try without asking'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from tries" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from tries" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from tries" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from tries" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from kdf" -l slot -d 'Take the token in this slot' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from kdf" -l token -d 'Take the token with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from kdf" -l serial -d 'Take the token with this serial number' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from kdf" -l reader -d 'Take the token in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from kdf" -l pin -d 'Take the PIN from: prompt, env:NAME, file:PATH, fd:N, stdin, pinpad' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from kdf" -l so-pin -d 'Take the security officer\'s PIN from: prompt, env:NAME, file:PATH, fd:N, stdin' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from kdf" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from kdf" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from kdf" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from kdf" -l final-try -d 'Let a wrong PIN lock the card: use the last try without asking'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from kdf" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from kdf" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from kdf" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from kdf" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand find" -l class -d 'Objects of this class' -r -f -a "private-key\t''
public-key\t''
certificate\t''
data\t''
secret-key\t''"
complete -c p11ctl -n "__fish_p11ctl_using_subcommand find" -l label -d 'Objects with this label' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand find" -l id -d 'Objects with this id, in hexadecimal' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand find" -l slot -d 'Take the token in this slot' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand find" -l token -d 'Take the token with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand find" -l serial -d 'Take the token with this serial number' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand find" -l reader -d 'Take the token in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand find" -l pin -d 'Take the PIN from: prompt, env:NAME, file:PATH, fd:N, stdin, pinpad' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand find" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand find" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand find" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand find" -l login -d 'Log in first, to find private objects as well'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand find" -l final-try -d 'Let a wrong PIN lock the card: use the last try without asking'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand find" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand find" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand find" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand find" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand objects" -l class -d 'Objects of this class' -r -f -a "private-key\t''
public-key\t''
certificate\t''
data\t''
secret-key\t''"
complete -c p11ctl -n "__fish_p11ctl_using_subcommand objects" -l label -d 'Objects with this label' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand objects" -l id -d 'Objects with this id, in hexadecimal' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand objects" -l slot -d 'Take the token in this slot' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand objects" -l token -d 'Take the token with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand objects" -l serial -d 'Take the token with this serial number' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand objects" -l reader -d 'Take the token in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand objects" -l pin -d 'Take the PIN from: prompt, env:NAME, file:PATH, fd:N, stdin, pinpad' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand objects" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand objects" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand objects" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand objects" -l login -d 'Log in first, to find private objects as well'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand objects" -l final-try -d 'Let a wrong PIN lock the card: use the last try without asking'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand objects" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand objects" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand objects" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand objects" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and not __fish_seen_subcommand_from show export write set delete" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and not __fish_seen_subcommand_from show export write set delete" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and not __fish_seen_subcommand_from show export write set delete" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and not __fish_seen_subcommand_from show export write set delete" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and not __fish_seen_subcommand_from show export write set delete" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and not __fish_seen_subcommand_from show export write set delete" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and not __fish_seen_subcommand_from show export write set delete" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and not __fish_seen_subcommand_from show export write set delete" -f -a "show" -d 'Show every attribute of one object'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and not __fish_seen_subcommand_from show export write set delete" -f -a "export" -d 'Export a certificate, public key or data object'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and not __fish_seen_subcommand_from show export write set delete" -f -a "write" -d 'Write a certificate, a public key or data to a token'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and not __fish_seen_subcommand_from show export write set delete" -f -a "set" -d 'Give an object another label or id'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and not __fish_seen_subcommand_from show export write set delete" -f -a "delete" -d 'Delete an object from the card'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from show" -l class -d 'Objects of this class' -r -f -a "private-key\t''
public-key\t''
certificate\t''
data\t''
secret-key\t''"
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from show" -l label -d 'Objects with this label' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from show" -l id -d 'Objects with this id, in hexadecimal' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from show" -l slot -d 'Take the token in this slot' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from show" -l token -d 'Take the token with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from show" -l serial -d 'Take the token with this serial number' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from show" -l reader -d 'Take the token in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from show" -l pin -d 'Take the PIN from: prompt, env:NAME, file:PATH, fd:N, stdin, pinpad' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from show" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from show" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from show" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from show" -l login -d 'Log in first, to see private objects as well'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from show" -l final-try -d 'Let a wrong PIN lock the card: use the last try without asking'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from show" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from export" -l class -d 'Objects of this class' -r -f -a "private-key\t''
public-key\t''
certificate\t''
data\t''
secret-key\t''"
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from export" -l label -d 'Objects with this label' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from export" -l id -d 'Objects with this id, in hexadecimal' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from export" -l format -d 'Form of the output; der is the plain value' -r -f -a "pem\t'Text between BEGIN and END lines (RFC 7468)'
der\t'The bytes themselves'
ssh\t'A line for authorized_keys'"
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from export" -s o -l output -d 'Write to this file (- is standard output, the default)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from export" -l slot -d 'Take the token in this slot' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from export" -l token -d 'Take the token with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from export" -l serial -d 'Take the token with this serial number' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from export" -l reader -d 'Take the token in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from export" -l pin -d 'Take the PIN from: prompt, env:NAME, file:PATH, fd:N, stdin, pinpad' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from export" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from export" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from export" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from export" -l login -d 'Log in first, to reach private objects as well'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from export" -l final-try -d 'Let a wrong PIN lock the card: use the last try without asking'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from export" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from export" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from export" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from write" -l label -d 'Label of the object; without it the certificate\'s common name, or the file\'s name' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from write" -l id -d 'Id of a certificate or key, in hexadecimal' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from write" -l application -d 'Program that a data object belongs to' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from write" -l oid -d 'Object identifier of a data object, in dotted numbers' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from write" -l slot -d 'Take the token in this slot' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from write" -l token -d 'Take the token with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from write" -l serial -d 'Take the token with this serial number' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from write" -l reader -d 'Take the token in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from write" -l pin -d 'Take the PIN from: prompt, env:NAME, file:PATH, fd:N, stdin, pinpad' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from write" -l so-pin -d 'Log in as the security officer instead; the PIN comes from prompt, env:NAME, file:PATH, fd:N, stdin' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from write" -l auth-pin -d 'Verify another PIN of the card as well, where the card asks for it (repeatable)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from write" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from write" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from write" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from write" -l private -d 'Let a data object be read only after login'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from write" -l final-try -d 'Let a wrong PIN lock the card: use the last try without asking'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from write" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from write" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from write" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from write" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from set" -l class -d 'Objects of this class' -r -f -a "private-key\t''
public-key\t''
certificate\t''
data\t''
secret-key\t''"
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from set" -l label -d 'Objects with this label' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from set" -l id -d 'Objects with this id, in hexadecimal' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from set" -l new-label -d 'The new label' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from set" -l new-id -d 'The new id, in hexadecimal' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from set" -l slot -d 'Take the token in this slot' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from set" -l token -d 'Take the token with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from set" -l serial -d 'Take the token with this serial number' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from set" -l reader -d 'Take the token in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from set" -l pin -d 'Take the PIN from: prompt, env:NAME, file:PATH, fd:N, stdin, pinpad' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from set" -l so-pin -d 'Log in as the security officer instead; the PIN comes from prompt, env:NAME, file:PATH, fd:N, stdin' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from set" -l auth-pin -d 'Verify another PIN of the card as well, where the card asks for it (repeatable)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from set" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from set" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from set" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from set" -l final-try -d 'Let a wrong PIN lock the card: use the last try without asking'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from set" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from set" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from set" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from delete" -l class -d 'Objects of this class' -r -f -a "private-key\t''
public-key\t''
certificate\t''
data\t''
secret-key\t''"
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from delete" -l label -d 'Objects with this label' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from delete" -l id -d 'Objects with this id, in hexadecimal' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from delete" -l slot -d 'Take the token in this slot' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from delete" -l token -d 'Take the token with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from delete" -l serial -d 'Take the token with this serial number' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from delete" -l reader -d 'Take the token in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from delete" -l pin -d 'Take the PIN from: prompt, env:NAME, file:PATH, fd:N, stdin, pinpad' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from delete" -l so-pin -d 'Log in as the security officer instead; the PIN comes from prompt, env:NAME, file:PATH, fd:N, stdin' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from delete" -l auth-pin -d 'Verify another PIN of the card as well, where the card asks for it (repeatable)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from delete" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from delete" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from delete" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from delete" -l everywhere -d 'Delete a certificate although chains of other tokens need it'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from delete" -l yes -d 'Do it without asking'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from delete" -l final-try -d 'Let a wrong PIN lock the card: use the last try without asking'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from delete" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from delete" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from delete" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from delete" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and not __fish_seen_subcommand_from generate import derive wrap unwrap attest move policy delete" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and not __fish_seen_subcommand_from generate import derive wrap unwrap attest move policy delete" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and not __fish_seen_subcommand_from generate import derive wrap unwrap attest move policy delete" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and not __fish_seen_subcommand_from generate import derive wrap unwrap attest move policy delete" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and not __fish_seen_subcommand_from generate import derive wrap unwrap attest move policy delete" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and not __fish_seen_subcommand_from generate import derive wrap unwrap attest move policy delete" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and not __fish_seen_subcommand_from generate import derive wrap unwrap attest move policy delete" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and not __fish_seen_subcommand_from generate import derive wrap unwrap attest move policy delete" -f -a "generate" -d 'Generate a key on the card'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and not __fish_seen_subcommand_from generate import derive wrap unwrap attest move policy delete" -f -a "import" -d 'Import a key from a file, with its certificates where the file has them'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and not __fish_seen_subcommand_from generate import derive wrap unwrap attest move policy delete" -f -a "derive" -d 'Derive a secret or a key from a private key and the other side\'s public key'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and not __fish_seen_subcommand_from generate import derive wrap unwrap attest move policy delete" -f -a "wrap" -d 'Wrap a key under another key, so that it can travel'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and not __fish_seen_subcommand_from generate import derive wrap unwrap attest move policy delete" -f -a "unwrap" -d 'Unwrap a key onto a token'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and not __fish_seen_subcommand_from generate import derive wrap unwrap attest move policy delete" -f -a "attest" -d 'Have the card vouch that it generated a key itself'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and not __fish_seen_subcommand_from generate import derive wrap unwrap attest move policy delete" -f -a "move" -d 'Move a key to another place of its card, with its certificate'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and not __fish_seen_subcommand_from generate import derive wrap unwrap attest move policy delete" -f -a "policy" -d 'Change when a key wants its PIN or a touch, on cards that let it be changed'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and not __fish_seen_subcommand_from generate import derive wrap unwrap attest move policy delete" -f -a "delete" -d 'Delete a key with both halves, and its chain where asked for'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from generate" -l type -d 'Type and size of the key' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from generate" -l label -d 'Label of the key; without it the first free key N' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from generate" -l id -d 'Id of the key, in hexadecimal; without it that of its certificate, or a free one' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from generate" -l usage -d 'What the key may do: sign, decrypt, derive, unwrap, non-repudiation, encrypt, wrap' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from generate" -l key-ref -d 'Place of the key, on cards with one for each purpose: 9a, 9c, 9d, 9e, 82 to 95 (PIV); sig, dec, aut (OpenPGP)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from generate" -l pin-policy -d 'When the card asks for the PIN, where it can be told' -r -f -a "never\t'Never: whoever has the card uses the key'
once\t'Once in a session'
always\t'Before each use'"
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from generate" -l touch-policy -d 'When the card waits for a touch, where it can be told' -r -f -a "never\t'Never'
always\t'Before each use'
cached\t'Before a use, unless there was a touch in the last seconds'
fixed\t'Before each use, and only a new key ends that'"
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from generate" -s o -l output -d 'Write the public key to this file as PEM (- is standard output)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from generate" -l slot -d 'Take the token in this slot' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from generate" -l token -d 'Take the token with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from generate" -l serial -d 'Take the token with this serial number' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from generate" -l reader -d 'Take the token in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from generate" -l pin -d 'Take the PIN from: prompt, env:NAME, file:PATH, fd:N, stdin, pinpad' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from generate" -l so-pin -d 'Log in as the security officer instead; the PIN comes from prompt, env:NAME, file:PATH, fd:N, stdin' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from generate" -l auth-pin -d 'Verify another PIN of the card as well, where the card asks for it (repeatable)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from generate" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from generate" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from generate" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from generate" -l always-authenticate -d 'Ask for the PIN at each use of the key'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from generate" -l replace -d 'Let the key that is in this place be lost'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from generate" -l extractable -d 'Let the value of a secret key leave the card'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from generate" -l sensitive -d 'Keep the key\'s value on the card for ever, which is the default'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from generate" -l final-try -d 'Let a wrong PIN lock the card: use the last try without asking'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from generate" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from generate" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from generate" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from generate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from import" -l password -d 'Take the password of the file from: prompt, env:NAME, file:PATH, fd:N, stdin' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from import" -l label -d 'Label of the key; without it the first free key N' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from import" -l id -d 'Id of the key, in hexadecimal; without it that of its certificate, or a free one' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from import" -l usage -d 'What the key may do: sign, decrypt, derive, unwrap, non-repudiation, encrypt, wrap' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from import" -l key-ref -d 'Place of the key, on cards with one for each purpose: 9a, 9c, 9d, 9e, 82 to 95 (PIV); sig, dec, aut (OpenPGP)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from import" -l pin-policy -d 'When the card asks for the PIN, where it can be told' -r -f -a "never\t'Never: whoever has the card uses the key'
once\t'Once in a session'
always\t'Before each use'"
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from import" -l touch-policy -d 'When the card waits for a touch, where it can be told' -r -f -a "never\t'Never'
always\t'Before each use'
cached\t'Before a use, unless there was a touch in the last seconds'
fixed\t'Before each use, and only a new key ends that'"
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from import" -l slot -d 'Take the token in this slot' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from import" -l token -d 'Take the token with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from import" -l serial -d 'Take the token with this serial number' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from import" -l reader -d 'Take the token in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from import" -l pin -d 'Take the PIN from: prompt, env:NAME, file:PATH, fd:N, stdin, pinpad' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from import" -l so-pin -d 'Log in as the security officer instead; the PIN comes from prompt, env:NAME, file:PATH, fd:N, stdin' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from import" -l auth-pin -d 'Verify another PIN of the card as well, where the card asks for it (repeatable)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from import" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from import" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from import" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from import" -l always-authenticate -d 'Ask for the PIN at each use of the key'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from import" -l replace -d 'Let the key that is in this place be lost'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from import" -l final-try -d 'Let a wrong PIN lock the card: use the last try without asking'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from import" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from import" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from import" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from derive" -l key -d 'Private key, by label or pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from derive" -l peer -d 'Public key of the other side: a file (a public key or certificate, PEM or DER), or its point in hexadecimal' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from derive" -l kdf -d 'What is made of the shared secret: none, hkdf-HASH, x963-HASH, such as hkdf-sha256' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from derive" -l info -d 'What the result is bound to, in hexadecimal: the info of HKDF, the shared information of X9.63' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from derive" -l salt -d 'Salt of HKDF, in hexadecimal' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from derive" -l length -d 'Bytes of the result; 32 if nothing is said, and the whole secret without --kdf' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from derive" -s o -l output -d 'Write the result to this file (- is standard output)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from derive" -l label -d 'Label of the key; without it the first free key N' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from derive" -l id -d 'Id of the key, in hexadecimal; without it that of its certificate, or a free one' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from derive" -l usage -d 'What the key may do: sign, decrypt, derive, unwrap, non-repudiation, encrypt, wrap' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from derive" -l key-ref -d 'Place of the key, on cards with one for each purpose: 9a, 9c, 9d, 9e, 82 to 95 (PIV); sig, dec, aut (OpenPGP)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from derive" -l pin-policy -d 'When the card asks for the PIN, where it can be told' -r -f -a "never\t'Never: whoever has the card uses the key'
once\t'Once in a session'
always\t'Before each use'"
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from derive" -l touch-policy -d 'When the card waits for a touch, where it can be told' -r -f -a "never\t'Never'
always\t'Before each use'
cached\t'Before a use, unless there was a touch in the last seconds'
fixed\t'Before each use, and only a new key ends that'"
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from derive" -l slot -d 'Take the token in this slot' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from derive" -l token -d 'Take the token with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from derive" -l serial -d 'Take the token with this serial number' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from derive" -l reader -d 'Take the token in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from derive" -l pin -d 'Take the PIN from: prompt, env:NAME, file:PATH, fd:N, stdin, pinpad' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from derive" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from derive" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from derive" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from derive" -l always-authenticate -d 'Ask for the PIN at each use of the key'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from derive" -l replace -d 'Let the key that is in this place be lost'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from derive" -l final-try -d 'Let a wrong PIN lock the card: use the last try without asking'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from derive" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from derive" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from derive" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from derive" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from wrap" -l key -d 'Key to wrap under: an AES key, or a public key or certificate on a token, by label or pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from wrap" -s r -l recipient -d 'Wrap for the one certificate or public key in this file (PEM or DER)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from wrap" -l mechanism -d 'Mechanism: AES-KEY-WRAP, AES-KEY-WRAP-PAD, RSA-PKCS-OAEP, RSA-PKCS; it follows from the keys if nothing is said' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from wrap" -l hash -d 'Digest of OAEP; sha256 if nothing is said' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from wrap" -l mgf -d 'Digest of the mask generation function of OAEP, if it is not the same' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from wrap" -l oaep-label -d 'Label of OAEP in hexadecimal; empty if nothing is said' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from wrap" -s o -l output -d 'Write to this file (- is standard output, the default)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from wrap" -l password -d 'Take the password of the key\'s file from: prompt, env:NAME, file:PATH, fd:N, stdin' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from wrap" -l slot -d 'Take the token in this slot' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from wrap" -l token -d 'Take the token with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from wrap" -l serial -d 'Take the token with this serial number' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from wrap" -l reader -d 'Take the token in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from wrap" -l pin -d 'Take the PIN from: prompt, env:NAME, file:PATH, fd:N, stdin, pinpad' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from wrap" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from wrap" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from wrap" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from wrap" -l any-certificate -d 'Wrap all the same for a certificate that is expired, or not for encryption'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from wrap" -l final-try -d 'Let a wrong PIN lock the card: use the last try without asking'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from wrap" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from wrap" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from wrap" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from wrap" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from unwrap" -l key -d 'Key to unwrap with, by label or pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from unwrap" -l type -d 'What is in it: aes, rsa, ec, ed25519, x25519' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from unwrap" -l mechanism -d 'Mechanism: AES-KEY-WRAP, AES-KEY-WRAP-PAD, RSA-PKCS-OAEP, RSA-PKCS; it follows from the keys if nothing is said' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from unwrap" -l hash -d 'Digest of OAEP; sha256 if nothing is said' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from unwrap" -l mgf -d 'Digest of the mask generation function of OAEP, if it is not the same' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from unwrap" -l oaep-label -d 'Label of OAEP in hexadecimal; empty if nothing is said' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from unwrap" -l label -d 'Label of the key; without it the first free key N' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from unwrap" -l id -d 'Id of the key, in hexadecimal; without it that of its certificate, or a free one' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from unwrap" -l usage -d 'What the key may do: sign, decrypt, derive, unwrap, non-repudiation, encrypt, wrap' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from unwrap" -l key-ref -d 'Place of the key, on cards with one for each purpose: 9a, 9c, 9d, 9e, 82 to 95 (PIV); sig, dec, aut (OpenPGP)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from unwrap" -l pin-policy -d 'When the card asks for the PIN, where it can be told' -r -f -a "never\t'Never: whoever has the card uses the key'
once\t'Once in a session'
always\t'Before each use'"
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from unwrap" -l touch-policy -d 'When the card waits for a touch, where it can be told' -r -f -a "never\t'Never'
always\t'Before each use'
cached\t'Before a use, unless there was a touch in the last seconds'
fixed\t'Before each use, and only a new key ends that'"
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from unwrap" -l slot -d 'Take the token in this slot' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from unwrap" -l token -d 'Take the token with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from unwrap" -l serial -d 'Take the token with this serial number' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from unwrap" -l reader -d 'Take the token in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from unwrap" -l pin -d 'Take the PIN from: prompt, env:NAME, file:PATH, fd:N, stdin, pinpad' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from unwrap" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from unwrap" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from unwrap" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from unwrap" -l always-authenticate -d 'Ask for the PIN at each use of the key'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from unwrap" -l replace -d 'Let the key that is in this place be lost'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from unwrap" -l extractable -d 'Let the value of the key leave the token again'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from unwrap" -l final-try -d 'Let a wrong PIN lock the card: use the last try without asking'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from unwrap" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from unwrap" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from unwrap" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from unwrap" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from attest" -l key -l label -d 'Use the key with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from attest" -l id -d 'Use the key with this id, in hexadecimal' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from attest" -s o -l output -d 'Write to this file (- is standard output, the default)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from attest" -l slot -d 'Take the token in this slot' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from attest" -l token -d 'Take the token with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from attest" -l serial -d 'Take the token with this serial number' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from attest" -l reader -d 'Take the token in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from attest" -l pin -d 'Take the PIN from: prompt, env:NAME, file:PATH, fd:N, stdin, pinpad' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from attest" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from attest" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from attest" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from attest" -l final-try -d 'Let a wrong PIN lock the card: use the last try without asking'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from attest" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from attest" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from attest" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from attest" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from move" -l key -l label -d 'Use the key with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from move" -l id -d 'Use the key with this id, in hexadecimal' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from move" -l to -d 'Where to: 9a, 9c, 9d, 9e, 82 to 95' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from move" -l slot -d 'Take the token in this slot' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from move" -l token -d 'Take the token with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from move" -l serial -d 'Take the token with this serial number' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from move" -l reader -d 'Take the token in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from move" -l pin -d 'Take the PIN from: prompt, env:NAME, file:PATH, fd:N, stdin, pinpad' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from move" -l so-pin -d 'Log in as the security officer instead; the PIN comes from prompt, env:NAME, file:PATH, fd:N, stdin' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from move" -l auth-pin -d 'Verify another PIN of the card as well, where the card asks for it (repeatable)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from move" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from move" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from move" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from move" -l replace -d 'Let the key that is there be lost'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from move" -l final-try -d 'Let a wrong PIN lock the card: use the last try without asking'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from move" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from move" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from move" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from move" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from policy" -l key -l label -d 'Use the key with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from policy" -l id -d 'Use the key with this id, in hexadecimal' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from policy" -l pin-policy -d 'When the card asks for the PIN' -r -f -a "never\t'Never: whoever has the card uses the key'
once\t'Once in a session'
always\t'Before each use'"
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from policy" -l touch-policy -d 'When the card waits for a touch' -r -f -a "never\t'Never'
always\t'Before each use'
cached\t'Before a use, unless there was a touch in the last seconds'
fixed\t'Before each use, and only a new key ends that'"
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from policy" -l slot -d 'Take the token in this slot' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from policy" -l token -d 'Take the token with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from policy" -l serial -d 'Take the token with this serial number' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from policy" -l reader -d 'Take the token in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from policy" -l pin -d 'Take the PIN from: prompt, env:NAME, file:PATH, fd:N, stdin, pinpad' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from policy" -l so-pin -d 'Log in as the security officer instead; the PIN comes from prompt, env:NAME, file:PATH, fd:N, stdin' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from policy" -l auth-pin -d 'Verify another PIN of the card as well, where the card asks for it (repeatable)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from policy" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from policy" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from policy" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from policy" -l final-try -d 'Let a wrong PIN lock the card: use the last try without asking'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from policy" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from policy" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from policy" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from policy" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from delete" -l key -l label -d 'Use the key with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from delete" -l id -d 'Use the key with this id, in hexadecimal' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from delete" -l slot -d 'Take the token in this slot' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from delete" -l token -d 'Take the token with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from delete" -l serial -d 'Take the token with this serial number' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from delete" -l reader -d 'Take the token in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from delete" -l pin -d 'Take the PIN from: prompt, env:NAME, file:PATH, fd:N, stdin, pinpad' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from delete" -l so-pin -d 'Log in as the security officer instead; the PIN comes from prompt, env:NAME, file:PATH, fd:N, stdin' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from delete" -l auth-pin -d 'Verify another PIN of the card as well, where the card asks for it (repeatable)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from delete" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from delete" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from delete" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from delete" -l with-chain -d 'Delete its certificate too, and the authorities that no other chain uses'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from delete" -l yes -d 'Do it without asking'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from delete" -l final-try -d 'Let a wrong PIN lock the card: use the last try without asking'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from delete" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from delete" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from delete" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand key; and __fish_seen_subcommand_from delete" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and not __fish_seen_subcommand_from request self-sign verify" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and not __fish_seen_subcommand_from request self-sign verify" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and not __fish_seen_subcommand_from request self-sign verify" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and not __fish_seen_subcommand_from request self-sign verify" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and not __fish_seen_subcommand_from request self-sign verify" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and not __fish_seen_subcommand_from request self-sign verify" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and not __fish_seen_subcommand_from request self-sign verify" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and not __fish_seen_subcommand_from request self-sign verify" -f -a "request" -d 'Make a certificate request (PKCS#10), signed by the key on the card'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and not __fish_seen_subcommand_from request self-sign verify" -f -a "self-sign" -d 'Make a certificate that is signed by its own key'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and not __fish_seen_subcommand_from request self-sign verify" -f -a "verify" -d 'Verify the certificate chain of a key: signatures, dates, authorities'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from request" -l subject -d 'Subject, most specific part first: CN=Anna,O=Example,C=AT' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from request" -l san -d 'Another name of the subject: dns:HOST, ip:ADDRESS, email:USER@HOST, uri:URI (repeatable)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from request" -l eku -d 'What the certificate is for: serverAuth, clientAuth, codeSigning, emailProtection, … or numbers (repeatable)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from request" -l hash -d 'Digest of the signature: sha256, sha384, sha512' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from request" -l format -d 'Form of the output' -r -f -a "pem\t'Text between BEGIN and END lines (RFC 7468)'
der\t'The bytes themselves'"
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from request" -s o -l output -d 'Write to this file (- is standard output, the default)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from request" -l key -l label -d 'Use the key with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from request" -l id -d 'Use the key with this id, in hexadecimal' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from request" -l slot -d 'Take the token in this slot' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from request" -l token -d 'Take the token with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from request" -l serial -d 'Take the token with this serial number' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from request" -l reader -d 'Take the token in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from request" -l pin -d 'Take the PIN from: prompt, env:NAME, file:PATH, fd:N, stdin, pinpad' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from request" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from request" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from request" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from request" -l final-try -d 'Let a wrong PIN lock the card: use the last try without asking'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from request" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from request" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from request" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from request" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from self-sign" -l subject -d 'Subject, most specific part first: CN=Anna,O=Example,C=AT' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from self-sign" -l san -d 'Another name of the subject: dns:HOST, ip:ADDRESS, email:USER@HOST, uri:URI (repeatable)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from self-sign" -l eku -d 'What the certificate is for: serverAuth, clientAuth, codeSigning, emailProtection, … or numbers (repeatable)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from self-sign" -l days -d 'Days of validity, from now' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from self-sign" -l hash -d 'Digest of the signature: sha256, sha384, sha512' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from self-sign" -l format -d 'Form of the output' -r -f -a "pem\t'Text between BEGIN and END lines (RFC 7468)'
der\t'The bytes themselves'"
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from self-sign" -s o -l output -d 'Write to this file (- is standard output, the default without --store)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from self-sign" -l key -l label -d 'Use the key with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from self-sign" -l id -d 'Use the key with this id, in hexadecimal' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from self-sign" -l slot -d 'Take the token in this slot' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from self-sign" -l token -d 'Take the token with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from self-sign" -l serial -d 'Take the token with this serial number' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from self-sign" -l reader -d 'Take the token in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from self-sign" -l pin -d 'Take the PIN from: prompt, env:NAME, file:PATH, fd:N, stdin, pinpad' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from self-sign" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from self-sign" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from self-sign" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from self-sign" -l ca -d 'Make it an authority, which signs other certificates'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from self-sign" -l store -d 'Write it to the token, beside its key'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from self-sign" -l final-try -d 'Let a wrong PIN lock the card: use the last try without asking'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from self-sign" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from self-sign" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from self-sign" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from self-sign" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from verify" -l key -l label -d 'Use the key with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from verify" -l id -d 'Use the key with this id, in hexadecimal' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from verify" -l slot -d 'Take the token in this slot' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from verify" -l token -d 'Take the token with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from verify" -l serial -d 'Take the token with this serial number' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from verify" -l reader -d 'Take the token in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from verify" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from verify" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from verify" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from verify" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from verify" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from verify" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand cert; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -s o -l output -d 'Write the one signature to this file (- is standard output)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -l output-dir -d 'Write the signatures into this folder, each by the name of its file' -r -f -a "(__fish_complete_directories)"
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -l format -d 'Form of the signature' -r -f -a "raw\t'The bytes of PKCS#11: for ECDSA r and s side by side'
der\t'ECDSA as a SEQUENCE of r and s, as OpenSSL has it'
hex\t'The raw form in hexadecimal'
base64\t'The raw form in base64'
cms\t'CMS SignedData (PKCS#7) with the certificate and CAdES attributes, DER'
pem\t'The same in PEM'
ssh\t'An SSH signature, as ssh-keygen -Y and git have it'
jws\t'A compact JSON Web Signature'"
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -l namespace -d 'What an SSH signature is for; file if nothing is said' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -l kid -d 'Name of the key in a JWS, if it is not the key\'s thumbprint (RFC 7638)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -l certificate-file -l certificate -d 'Certificate of the key, its issuers behind it (PEM or DER), instead of those on the card' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -l hash -d 'Digest of the data: sha1, sha224, sha256, sha384, sha512, sha3-224, sha3-256, sha3-384, sha3-512' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -l mechanism -d 'Mechanism, such as SHA256-RSA-PKCS-PSS; RSA-PKCS, RSA-PKCS-PSS and ECDSA take the file as the digest (info) itself' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -l mgf -d 'Digest of the mask generation function of PSS, if it is not that of the data' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -l salt-len -d 'Length of the salt of PSS, if it is not that of the digest' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -l key -l label -d 'Use the key with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -l id -d 'Use the key with this id, in hexadecimal' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -l slot -d 'Take the token in this slot' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -l token -d 'Take the token with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -l serial -d 'Take the token with this serial number' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -l reader -d 'Take the token in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -l pin -d 'Take the PIN from: prompt, env:NAME, file:PATH, fd:N, stdin, pinpad' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -l hash-file -d 'The files are not data but their digests: the bytes, or hexadecimal as sha256sum prints it'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -l attach -d 'Put the content into the signature as well (cms, pem, jws)'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -l unencoded -d 'Sign the content of a JWS as it is, not in base64url (RFC 7797, b64)'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -l allow-weak -d 'Sign all the same with SHA-1, or with an RSA key below 2048 bits'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -l final-try -d 'Let a wrong PIN lock the card: use the last try without asking'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand verify" -l signature -d 'The signature; without it that which sign wrote beside each file' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand verify" -l signature-dir -d 'Look for the signatures in this folder' -r -f -a "(__fish_complete_directories)"
complete -c p11ctl -n "__fish_p11ctl_using_subcommand verify" -l format -d 'Form of the signature; without it all but hex and base64 are recognised' -r -f -a "raw\t'The bytes of PKCS#11: for ECDSA r and s side by side'
der\t'ECDSA as a SEQUENCE of r and s, as OpenSSL has it'
hex\t'The raw form in hexadecimal'
base64\t'The raw form in base64'
cms\t'CMS SignedData (PKCS#7) with the certificate and CAdES attributes, DER'
pem\t'The same in PEM'
ssh\t'An SSH signature, as ssh-keygen -Y and git have it'
jws\t'A compact JSON Web Signature'"
complete -c p11ctl -n "__fish_p11ctl_using_subcommand verify" -s o -l output -d 'Write the content that a good signature holds to this file (- is standard output)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand verify" -l namespace -d 'What an SSH signature has to be for; file if nothing is said' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand verify" -l hash -d 'Digest of the data: sha1, sha224, sha256, sha384, sha512, sha3-224, sha3-256, sha3-384, sha3-512' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand verify" -l mechanism -d 'Mechanism, such as SHA256-RSA-PKCS-PSS; RSA-PKCS, RSA-PKCS-PSS and ECDSA take the file as the digest (info) itself' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand verify" -l mgf -d 'Digest of the mask generation function of PSS, if it is not that of the data' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand verify" -l salt-len -d 'Length of the salt of PSS, if it is not that of the digest' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand verify" -l ca -d 'Trust the certificates in this file (PEM or DER) as roots, and check the chain up to one (repeatable)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand verify" -l at -d 'Check certificates as of this date (2026-11-28, 2026-11-28T10:30Z), not as of now' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand verify" -l certificate-file -l certificate -d 'Verify with this certificate, its issuers behind it (PEM or DER)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand verify" -l public-key-file -l public-key -d 'Verify with this public key (PEM, DER or a line of OpenSSH)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand verify" -l key -l label -d 'Use the key with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand verify" -l id -d 'Use the key with this id, in hexadecimal' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand verify" -l slot -d 'Take the token in this slot' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand verify" -l token -d 'Take the token with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand verify" -l serial -d 'Take the token with this serial number' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand verify" -l reader -d 'Take the token in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand verify" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand verify" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand verify" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand verify" -l hash-file -d 'The file is not the data but its digest: the bytes, or hexadecimal as sha256sum prints it'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand verify" -l allow-weak -d 'Call a CMS, SSH or JWS signature good that is made with SHA-1, or with an RSA key below 2048 bits'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand verify" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand verify" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand verify" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand encrypt" -s o -l output -d 'Write to this file (- is standard output, the default)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand encrypt" -s r -l recipient -d 'Encrypt for the certificates, or the public key, in this file (PEM or DER; repeat for more)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand encrypt" -l format -d 'Form of the result' -r -f -a "cms\t'A CMS message, of any size'
pem\t'The same as text, in PEM'
raw\t'One block of an RSA key, for a few bytes; or a file of any size under an AES key of a token'"
complete -c p11ctl -n "__fish_p11ctl_using_subcommand encrypt" -l cipher -d 'Cipher of the content; aes-256-cbc is for receivers that know no other' -r -f -a "aes-256-gcm\t'AES-256 in GCM: changes are found out'
aes-256-cbc\t'AES-256 in CBC'"
complete -c p11ctl -n "__fish_p11ctl_using_subcommand encrypt" -l mechanism -d 'Padding for RSA keys: RSA-PKCS-OAEP (the default), or RSA-PKCS for receivers that know no other; with --format raw and an AES key AES-CBC-PAD (the default) or AES-CBC' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand encrypt" -l hash -d 'Digest of OAEP; sha256 if nothing is said' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand encrypt" -l mgf -d 'Digest of the mask generation function of OAEP, if it is not the same' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand encrypt" -l oaep-label -d 'Label of OAEP in hexadecimal; empty if nothing is said' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand encrypt" -l iv -d 'Initial vector of --format raw with an AES key, in hexadecimal; without it a new one stands before the result' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand encrypt" -l key -l label -d 'Use the key with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand encrypt" -l id -d 'Use the key with this id, in hexadecimal' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand encrypt" -l slot -d 'Take the token in this slot' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand encrypt" -l token -d 'Take the token with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand encrypt" -l serial -d 'Take the token with this serial number' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand encrypt" -l reader -d 'Take the token in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand encrypt" -l pin -d 'Take the PIN from: prompt, env:NAME, file:PATH, fd:N, stdin, pinpad' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand encrypt" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand encrypt" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand encrypt" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand encrypt" -l any-certificate -d 'Encrypt all the same for certificates that are expired, or not for encryption'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand encrypt" -l final-try -d 'Let a wrong PIN lock the card: use the last try without asking'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand encrypt" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand encrypt" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand encrypt" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand encrypt" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand decrypt" -s o -l output -d 'Write the one result to this file (- is standard output, the default)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand decrypt" -l output-dir -d 'Write the results into this folder, each by the name of its message' -r -f -a "(__fish_complete_directories)"
complete -c p11ctl -n "__fish_p11ctl_using_subcommand decrypt" -l mechanism -d 'Mechanism of a file that is no message: RSA-PKCS-OAEP, RSA-PKCS or RSA-X-509 of a block, which tells it itself if nothing is said; AES-CBC-PAD or AES-CBC of a file under an AES key' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand decrypt" -l hash -d 'Digest of OAEP; sha256 if nothing is said' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand decrypt" -l mgf -d 'Digest of the mask generation function of OAEP, if it is not the same' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand decrypt" -l oaep-label -d 'Label of OAEP in hexadecimal; empty if nothing is said' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand decrypt" -l iv -d 'Initial vector of a file under an AES key, in hexadecimal; without it the file begins with it' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand decrypt" -l key -l label -d 'Use the key with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand decrypt" -l id -d 'Use the key with this id, in hexadecimal' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand decrypt" -l slot -d 'Take the token in this slot' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand decrypt" -l token -d 'Take the token with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand decrypt" -l serial -d 'Take the token with this serial number' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand decrypt" -l reader -d 'Take the token in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand decrypt" -l pin -d 'Take the PIN from: prompt, env:NAME, file:PATH, fd:N, stdin, pinpad' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand decrypt" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand decrypt" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand decrypt" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand decrypt" -l final-try -d 'Let a wrong PIN lock the card: use the last try without asking'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand decrypt" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand decrypt" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand decrypt" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand decrypt" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand digest" -l hash -d 'Digest: sha1, sha224, sha256 (the default), sha384, sha512, sha3-224, sha3-256, sha3-384, sha3-512' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand digest" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand digest" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand digest" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand digest" -l check -d 'The files hold digests and names: check the files of these names'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand digest" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand digest" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand digest" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand digest" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand random" -s o -l output -d 'Write to this file (- is standard output, the default)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand random" -l format -d 'Form of the bytes; hex and base64 are text' -r -f -a "raw\t'The bytes themselves'
hex\t'Hexadecimal, with a line end'
base64\t'Base64, with a line end'"
complete -c p11ctl -n "__fish_p11ctl_using_subcommand random" -l slot -d 'Take the token in this slot' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand random" -l token -d 'Take the token with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand random" -l serial -d 'Take the token with this serial number' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand random" -l reader -d 'Take the token in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand random" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand random" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand random" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand random" -l system -d 'Take the bytes from the operating system, not from a card'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand random" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand random" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand random" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand random" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand ssh-keygen" -l slot -d 'Take the token in this slot' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand ssh-keygen" -l token -d 'Take the token with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand ssh-keygen" -l serial -d 'Take the token with this serial number' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand ssh-keygen" -l reader -d 'Take the token in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand ssh-keygen" -l pin -d 'Take the PIN from: prompt, env:NAME, file:PATH, fd:N, stdin, pinpad' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand ssh-keygen" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand ssh-keygen" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand ssh-keygen" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand ssh-keygen" -l final-try -d 'Let a wrong PIN lock the card: use the last try without asking'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand ssh-keygen" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand ssh-keygen" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand ssh-keygen" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand ssh-keygen" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and not __fish_seen_subcommand_from new serve apdu record repair" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and not __fish_seen_subcommand_from new serve apdu record repair" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and not __fish_seen_subcommand_from new serve apdu record repair" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and not __fish_seen_subcommand_from new serve apdu record repair" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and not __fish_seen_subcommand_from new serve apdu record repair" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and not __fish_seen_subcommand_from new serve apdu record repair" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and not __fish_seen_subcommand_from new serve apdu record repair" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and not __fish_seen_subcommand_from new serve apdu record repair" -f -a "new" -d 'Make a software card: a file that is used like a card'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and not __fish_seen_subcommand_from new serve apdu record repair" -f -a "serve" -d 'Attach a software card to the PC/SC service, until interrupted'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and not __fish_seen_subcommand_from new serve apdu record repair" -f -a "apdu" -d 'Send raw APDUs to a card and print its responses'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and not __fish_seen_subcommand_from new serve apdu record repair" -f -a "record" -d 'Record what a command and a card say to each other, without PINs and keys'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and not __fish_seen_subcommand_from new serve apdu record repair" -f -a "repair" -d 'Take back the room of what an interrupted command left behind'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from new" -l example -d 'Put the example on it: two PINs, each with a key and its certificate chain, and three other roots; shared: one issuing CA and root in both chains' -r -f -a "separate\t'Each chain has an issuing CA and a root of its own'
shared\t'Both chains share one issuing CA and root'"
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from new" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from new" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from new" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from new" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from new" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from new" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from new" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from serve" -l port -d 'TCP port of the virtual reader on this machine' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from serve" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from serve" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from serve" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from serve" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from serve" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from serve" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from serve" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from apdu" -l reader -d 'Talk to the card in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from apdu" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from apdu" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from apdu" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from apdu" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from apdu" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from apdu" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from apdu" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from record" -l reader -d 'Record the card in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from record" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from record" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from record" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from record" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from record" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from record" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from record" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from repair" -l slot -d 'Take the token in this slot' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from repair" -l token -d 'Take the token with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from repair" -l serial -d 'Take the token with this serial number' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from repair" -l reader -d 'Take the token in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from repair" -l pin -d 'Take the PIN from: prompt, env:NAME, file:PATH, fd:N, stdin, pinpad' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from repair" -l so-pin -d 'Log in as the security officer instead; the PIN comes from prompt, env:NAME, file:PATH, fd:N, stdin' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from repair" -l auth-pin -d 'Verify another PIN of the card as well, where the card asks for it (repeatable)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from repair" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from repair" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from repair" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from repair" -l final-try -d 'Let a wrong PIN lock the card: use the last try without asking'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from repair" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from repair" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from repair" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from repair" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand config; and not __fish_seen_subcommand_from show check" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand config; and not __fish_seen_subcommand_from show check" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand config; and not __fish_seen_subcommand_from show check" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand config; and not __fish_seen_subcommand_from show check" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand config; and not __fish_seen_subcommand_from show check" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand config; and not __fish_seen_subcommand_from show check" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand config; and not __fish_seen_subcommand_from show check" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand config; and not __fish_seen_subcommand_from show check" -f -a "show" -d 'Show every setting in force, as TOML, and the file it came from'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand config; and not __fish_seen_subcommand_from show check" -f -a "check" -d 'Check a configuration file and say what has no effect'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand config; and __fish_seen_subcommand_from show" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand config; and __fish_seen_subcommand_from show" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand config; and __fish_seen_subcommand_from show" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand config; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand config; and __fish_seen_subcommand_from show" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand config; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand config; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand config; and __fish_seen_subcommand_from check" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand config; and __fish_seen_subcommand_from check" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand config; and __fish_seen_subcommand_from check" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand config; and __fish_seen_subcommand_from check" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand config; and __fish_seen_subcommand_from check" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand config; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand config; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand doctor" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand doctor" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand doctor" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand doctor" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand doctor" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand doctor" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand doctor" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand generate; and not __fish_seen_subcommand_from completions man" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand generate; and not __fish_seen_subcommand_from completions man" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand generate; and not __fish_seen_subcommand_from completions man" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand generate; and not __fish_seen_subcommand_from completions man" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand generate; and not __fish_seen_subcommand_from completions man" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand generate; and not __fish_seen_subcommand_from completions man" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand generate; and not __fish_seen_subcommand_from completions man" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand generate; and not __fish_seen_subcommand_from completions man" -f -a "completions" -d 'Write completion scripts for bash, zsh, fish, elvish and PowerShell'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand generate; and not __fish_seen_subcommand_from completions man" -f -a "man" -d 'Write the manual pages, one for each command'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand generate; and __fish_seen_subcommand_from completions" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand generate; and __fish_seen_subcommand_from completions" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand generate; and __fish_seen_subcommand_from completions" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand generate; and __fish_seen_subcommand_from completions" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand generate; and __fish_seen_subcommand_from completions" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand generate; and __fish_seen_subcommand_from completions" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand generate; and __fish_seen_subcommand_from completions" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand generate; and __fish_seen_subcommand_from man" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand generate; and __fish_seen_subcommand_from man" -l module -d 'Use this PKCS#11 module instead of p11ctl\'s own engine: another card\'s or an HSM\'s' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand generate; and __fish_seen_subcommand_from man" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand generate; and __fish_seen_subcommand_from man" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand generate; and __fish_seen_subcommand_from man" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand generate; and __fish_seen_subcommand_from man" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand generate; and __fish_seen_subcommand_from man" -s h -l help -d 'Print help'
