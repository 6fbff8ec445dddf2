# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_p11ctl_global_optspecs
    string join \n card= config= json stats v/verbose h/help V/version
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
complete -c p11ctl -n "__fish_p11ctl_needs_command" -f -a "pin" -d 'Look after PINs'
complete -c p11ctl -n "__fish_p11ctl_needs_command" -f -a "find" -d 'Find objects: keys, certificates, data'
complete -c p11ctl -n "__fish_p11ctl_needs_command" -f -a "objects" -d 'Find objects: keys, certificates, data'
complete -c p11ctl -n "__fish_p11ctl_needs_command" -f -a "object" -d 'Show or export one object'
complete -c p11ctl -n "__fish_p11ctl_needs_command" -f -a "sign" -d 'Sign files with a private key'
complete -c p11ctl -n "__fish_p11ctl_needs_command" -f -a "verify" -d 'Verify the signature of a file'
complete -c p11ctl -n "__fish_p11ctl_needs_command" -f -a "decrypt" -d 'Decrypt a file with a private key'
complete -c p11ctl -n "__fish_p11ctl_needs_command" -f -a "card" -d 'Make and serve software cards, send raw APDUs'
complete -c p11ctl -n "__fish_p11ctl_needs_command" -f -a "config" -d 'Show or check the configuration'
complete -c p11ctl -n "__fish_p11ctl_needs_command" -f -a "generate" -d 'Write shell completions or man pages'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand readers" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand readers" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand readers" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand readers" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand readers" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand readers" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand slots" -l save -d 'Write the layout to this file: names, PINs, keys and certificates by fingerprint (- is standard output)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand slots" -l check -d 'Compare the layout with a saved one; exit 1 when it differs' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand slots" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand slots" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand slots" -l tree -d 'Draw reader, slot, token, PIN, key and certificate chain as a tree'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand slots" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand slots" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand slots" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand slots" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and not __fish_seen_subcommand_from info mechanisms" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and not __fish_seen_subcommand_from info mechanisms" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and not __fish_seen_subcommand_from info mechanisms" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and not __fish_seen_subcommand_from info mechanisms" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and not __fish_seen_subcommand_from info mechanisms" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and not __fish_seen_subcommand_from info mechanisms" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and not __fish_seen_subcommand_from info mechanisms" -f -a "info" -d 'Show label, serial number, flags and PINs of a token'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and not __fish_seen_subcommand_from info mechanisms" -f -a "mechanisms" -d 'List the mechanisms of a token'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from info" -l slot -d 'Take the token in this slot' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from info" -l token -d 'Take the token with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from info" -l serial -d 'Take the token with this serial number' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from info" -l reader -d 'Take the token in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from info" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
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
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from mechanisms" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from mechanisms" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from mechanisms" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from mechanisms" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand token; and __fish_seen_subcommand_from mechanisms" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand login" -l slot -d 'Take the token in this slot' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand login" -l token -d 'Take the token with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand login" -l serial -d 'Take the token with this serial number' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand login" -l reader -d 'Take the token in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand login" -l pin -d 'Take the PIN from: prompt, env:NAME, file:PATH, fd:N, stdin, pinpad' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand login" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand login" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand login" -l final-try -d 'Let a wrong PIN lock the card: use the last try without asking'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand login" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand login" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand login" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand login" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and not __fish_seen_subcommand_from status" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and not __fish_seen_subcommand_from status" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and not __fish_seen_subcommand_from status" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and not __fish_seen_subcommand_from status" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and not __fish_seen_subcommand_from status" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and not __fish_seen_subcommand_from status" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and not __fish_seen_subcommand_from status" -f -a "status" -d 'Show the tries left of each PIN, spending none'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from status" -l slot -d 'Take the token in this slot' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from status" -l token -d 'Take the token with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from status" -l serial -d 'Take the token with this serial number' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from status" -l reader -d 'Take the token in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from status" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from status" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from status" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from status" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand pin; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help'
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
complete -c p11ctl -n "__fish_p11ctl_using_subcommand objects" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand objects" -l login -d 'Log in first, to find private objects as well'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand objects" -l final-try -d 'Let a wrong PIN lock the card: use the last try without asking'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand objects" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand objects" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand objects" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand objects" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and not __fish_seen_subcommand_from show export" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and not __fish_seen_subcommand_from show export" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and not __fish_seen_subcommand_from show export" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and not __fish_seen_subcommand_from show export" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and not __fish_seen_subcommand_from show export" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and not __fish_seen_subcommand_from show export" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and not __fish_seen_subcommand_from show export" -f -a "show" -d 'Show every attribute of one object'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and not __fish_seen_subcommand_from show export" -f -a "export" -d 'Export a certificate, public key or data object'
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
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from export" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from export" -l login -d 'Log in first, to reach private objects as well'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from export" -l final-try -d 'Let a wrong PIN lock the card: use the last try without asking'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from export" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from export" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from export" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand object; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -s o -l output -d 'Write the one signature to this file (- is standard output)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -l format -d 'Form of the signature; der is for ECDSA, hex and base64 are text' -r -f -a "raw\t'The bytes of PKCS#11: for ECDSA r and s side by side'
der\t'ECDSA as a SEQUENCE of r and s, as OpenSSL has it'
hex\t'The raw form in hexadecimal'
base64\t'The raw form in base64'"
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -l hash -d 'Digest of the data: sha1, sha224, sha256, sha384, sha512' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -l mechanism -d 'Mechanism, such as SHA512-RSA-PKCS; RSA-PKCS and ECDSA take the file as the digest (info) itself' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -l key -l label -d 'Use the key with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -l id -d 'Use the key with this id, in hexadecimal' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -l slot -d 'Take the token in this slot' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -l token -d 'Take the token with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -l serial -d 'Take the token with this serial number' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -l reader -d 'Take the token in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -l pin -d 'Take the PIN from: prompt, env:NAME, file:PATH, fd:N, stdin, pinpad' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -l final-try -d 'Let a wrong PIN lock the card: use the last try without asking'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand sign" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand verify" -l signature -d 'The signature' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand verify" -l format -d 'Form of the signature; without it raw and der are recognised' -r -f -a "raw\t'The bytes of PKCS#11: for ECDSA r and s side by side'
der\t'ECDSA as a SEQUENCE of r and s, as OpenSSL has it'
hex\t'The raw form in hexadecimal'
base64\t'The raw form in base64'"
complete -c p11ctl -n "__fish_p11ctl_using_subcommand verify" -l hash -d 'Digest of the data: sha1, sha224, sha256, sha384, sha512' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand verify" -l certificate-file -d 'Verify with this certificate (PEM or DER) instead of a token' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand verify" -l public-key-file -d 'Verify with this public key (PEM or DER) instead of a token' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand verify" -l key -l label -d 'Use the key with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand verify" -l id -d 'Use the key with this id, in hexadecimal' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand verify" -l slot -d 'Take the token in this slot' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand verify" -l token -d 'Take the token with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand verify" -l serial -d 'Take the token with this serial number' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand verify" -l reader -d 'Take the token in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand verify" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand verify" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand verify" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand verify" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand verify" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand decrypt" -s o -l output -d 'Write to this file (- is standard output, the default)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand decrypt" -l key -l label -d 'Use the key with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand decrypt" -l id -d 'Use the key with this id, in hexadecimal' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand decrypt" -l slot -d 'Take the token in this slot' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand decrypt" -l token -d 'Take the token with this label, or of this pkcs11: URI' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand decrypt" -l serial -d 'Take the token with this serial number' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand decrypt" -l reader -d 'Take the token in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand decrypt" -l pin -d 'Take the PIN from: prompt, env:NAME, file:PATH, fd:N, stdin, pinpad' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand decrypt" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand decrypt" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand decrypt" -l final-try -d 'Let a wrong PIN lock the card: use the last try without asking'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand decrypt" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand decrypt" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand decrypt" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand decrypt" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and not __fish_seen_subcommand_from new serve apdu" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and not __fish_seen_subcommand_from new serve apdu" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and not __fish_seen_subcommand_from new serve apdu" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and not __fish_seen_subcommand_from new serve apdu" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and not __fish_seen_subcommand_from new serve apdu" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and not __fish_seen_subcommand_from new serve apdu" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and not __fish_seen_subcommand_from new serve apdu" -f -a "new" -d 'Make a software card: a file that is used like a card'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and not __fish_seen_subcommand_from new serve apdu" -f -a "serve" -d 'Attach a software card to the PC/SC service, until interrupted'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and not __fish_seen_subcommand_from new serve apdu" -f -a "apdu" -d 'Send raw APDUs to a card and print its responses'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from new" -l example -d 'Put the example on it: two PINs, each with a key and its certificate chain, and three other roots; shared: one issuing CA and root in both chains' -r -f -a "separate\t'Each chain has an issuing CA and a root of its own'
shared\t'Both chains share one issuing CA and root'"
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from new" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from new" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from new" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from new" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from new" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from new" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from serve" -l port -d 'TCP port of the virtual reader on this machine' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from serve" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from serve" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from serve" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from serve" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from serve" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from serve" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from apdu" -l reader -d 'Talk to the card in this reader (its name, or a part that no other has)' -r
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from apdu" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from apdu" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from apdu" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from apdu" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from apdu" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand card; and __fish_seen_subcommand_from apdu" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand config; and not __fish_seen_subcommand_from show check" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand config; and not __fish_seen_subcommand_from show check" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand config; and not __fish_seen_subcommand_from show check" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand config; and not __fish_seen_subcommand_from show check" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand config; and not __fish_seen_subcommand_from show check" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand config; and not __fish_seen_subcommand_from show check" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand config; and not __fish_seen_subcommand_from show check" -f -a "show" -d 'Show every setting in force, as TOML, and the file it came from'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand config; and not __fish_seen_subcommand_from show check" -f -a "check" -d 'Check a configuration file and say what has no effect'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand config; and __fish_seen_subcommand_from show" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand config; and __fish_seen_subcommand_from show" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand config; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand config; and __fish_seen_subcommand_from show" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand config; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand config; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand config; and __fish_seen_subcommand_from check" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand config; and __fish_seen_subcommand_from check" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand config; and __fish_seen_subcommand_from check" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand config; and __fish_seen_subcommand_from check" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand config; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand config; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand generate; and not __fish_seen_subcommand_from completions man" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand generate; and not __fish_seen_subcommand_from completions man" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand generate; and not __fish_seen_subcommand_from completions man" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand generate; and not __fish_seen_subcommand_from completions man" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand generate; and not __fish_seen_subcommand_from completions man" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand generate; and not __fish_seen_subcommand_from completions man" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand generate; and not __fish_seen_subcommand_from completions man" -f -a "completions" -d 'Write completion scripts for bash, zsh, fish, elvish and PowerShell'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand generate; and not __fish_seen_subcommand_from completions man" -f -a "man" -d 'Write the manual pages, one for each command'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand generate; and __fish_seen_subcommand_from completions" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand generate; and __fish_seen_subcommand_from completions" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand generate; and __fish_seen_subcommand_from completions" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand generate; and __fish_seen_subcommand_from completions" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand generate; and __fish_seen_subcommand_from completions" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand generate; and __fish_seen_subcommand_from completions" -s h -l help -d 'Print help'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand generate; and __fish_seen_subcommand_from man" -l card -d 'Use this software card and no other reader (repeat for more; - is an empty reader)' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand generate; and __fish_seen_subcommand_from man" -l config -d 'Read this configuration file and no other' -r -F
complete -c p11ctl -n "__fish_p11ctl_using_subcommand generate; and __fish_seen_subcommand_from man" -l json -d 'Print one JSON document; an error is one line of JSON on standard error'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand generate; and __fish_seen_subcommand_from man" -l stats -d 'Print what the command cost: APDUs, bytes, time spent on cards'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand generate; and __fish_seen_subcommand_from man" -s v -l verbose -d 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets'
complete -c p11ctl -n "__fish_p11ctl_using_subcommand generate; and __fish_seen_subcommand_from man" -s h -l help -d 'Print help'
