
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'p11ctl' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'p11ctl'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'p11ctl' {
            [CompletionResult]::new('--card', '--card', [CompletionResultType]::ParameterName, 'Use this software card and no other reader (repeat for more; - is an empty reader)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file and no other')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document; an error is one line of JSON on standard error')
            [CompletionResult]::new('--stats', '--stats', [CompletionResultType]::ParameterName, 'Print what the command cost: APDUs, bytes, time spent on cards')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('readers', 'readers', [CompletionResultType]::ParameterValue, 'List readers, the card in each, and the slots it owns')
            [CompletionResult]::new('slots', 'slots', [CompletionResultType]::ParameterValue, 'List virtual slots and their tokens')
            [CompletionResult]::new('token', 'token', [CompletionResultType]::ParameterValue, 'Show a token and its mechanisms')
            [CompletionResult]::new('login', 'login', [CompletionResultType]::ParameterValue, 'Verify the PIN of one token and show what it opens')
            [CompletionResult]::new('pin', 'pin', [CompletionResultType]::ParameterValue, 'Look after PINs')
            [CompletionResult]::new('find', 'find', [CompletionResultType]::ParameterValue, 'Find objects: keys, certificates, data')
            [CompletionResult]::new('objects', 'objects', [CompletionResultType]::ParameterValue, 'Find objects: keys, certificates, data')
            [CompletionResult]::new('object', 'object', [CompletionResultType]::ParameterValue, 'Show or export one object')
            [CompletionResult]::new('sign', 'sign', [CompletionResultType]::ParameterValue, 'Sign files with a private key')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Verify the signature of a file')
            [CompletionResult]::new('decrypt', 'decrypt', [CompletionResultType]::ParameterValue, 'Decrypt a file with a private key')
            [CompletionResult]::new('card', 'card', [CompletionResultType]::ParameterValue, 'Make and serve software cards, send raw APDUs')
            [CompletionResult]::new('config', 'config', [CompletionResultType]::ParameterValue, 'Show or check the configuration')
            [CompletionResult]::new('generate', 'generate', [CompletionResultType]::ParameterValue, 'Write shell completions or man pages')
            break
        }
        'p11ctl;readers' {
            [CompletionResult]::new('--card', '--card', [CompletionResultType]::ParameterName, 'Use this software card and no other reader (repeat for more; - is an empty reader)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file and no other')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document; an error is one line of JSON on standard error')
            [CompletionResult]::new('--stats', '--stats', [CompletionResultType]::ParameterName, 'Print what the command cost: APDUs, bytes, time spent on cards')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'p11ctl;slots' {
            [CompletionResult]::new('--save', '--save', [CompletionResultType]::ParameterName, 'Write the layout to this file: names, PINs, keys and certificates by fingerprint (- is standard output)')
            [CompletionResult]::new('--check', '--check', [CompletionResultType]::ParameterName, 'Compare the layout with a saved one; exit 1 when it differs')
            [CompletionResult]::new('--card', '--card', [CompletionResultType]::ParameterName, 'Use this software card and no other reader (repeat for more; - is an empty reader)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file and no other')
            [CompletionResult]::new('--tree', '--tree', [CompletionResultType]::ParameterName, 'Draw reader, slot, token, PIN, key and certificate chain as a tree')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document; an error is one line of JSON on standard error')
            [CompletionResult]::new('--stats', '--stats', [CompletionResultType]::ParameterName, 'Print what the command cost: APDUs, bytes, time spent on cards')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'p11ctl;token' {
            [CompletionResult]::new('--card', '--card', [CompletionResultType]::ParameterName, 'Use this software card and no other reader (repeat for more; - is an empty reader)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file and no other')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document; an error is one line of JSON on standard error')
            [CompletionResult]::new('--stats', '--stats', [CompletionResultType]::ParameterName, 'Print what the command cost: APDUs, bytes, time spent on cards')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('info', 'info', [CompletionResultType]::ParameterValue, 'Show label, serial number, flags and PINs of a token')
            [CompletionResult]::new('mechanisms', 'mechanisms', [CompletionResultType]::ParameterValue, 'List the mechanisms of a token')
            break
        }
        'p11ctl;token;info' {
            [CompletionResult]::new('--slot', '--slot', [CompletionResultType]::ParameterName, 'Take the token in this slot')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'Take the token with this label, or of this pkcs11: URI')
            [CompletionResult]::new('--serial', '--serial', [CompletionResultType]::ParameterName, 'Take the token with this serial number')
            [CompletionResult]::new('--reader', '--reader', [CompletionResultType]::ParameterName, 'Take the token in this reader (its name, or a part that no other has)')
            [CompletionResult]::new('--card', '--card', [CompletionResultType]::ParameterName, 'Use this software card and no other reader (repeat for more; - is an empty reader)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file and no other')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document; an error is one line of JSON on standard error')
            [CompletionResult]::new('--stats', '--stats', [CompletionResultType]::ParameterName, 'Print what the command cost: APDUs, bytes, time spent on cards')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'p11ctl;token;mechanisms' {
            [CompletionResult]::new('--slot', '--slot', [CompletionResultType]::ParameterName, 'Take the token in this slot')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'Take the token with this label, or of this pkcs11: URI')
            [CompletionResult]::new('--serial', '--serial', [CompletionResultType]::ParameterName, 'Take the token with this serial number')
            [CompletionResult]::new('--reader', '--reader', [CompletionResultType]::ParameterName, 'Take the token in this reader (its name, or a part that no other has)')
            [CompletionResult]::new('--card', '--card', [CompletionResultType]::ParameterName, 'Use this software card and no other reader (repeat for more; - is an empty reader)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file and no other')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document; an error is one line of JSON on standard error')
            [CompletionResult]::new('--stats', '--stats', [CompletionResultType]::ParameterName, 'Print what the command cost: APDUs, bytes, time spent on cards')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'p11ctl;login' {
            [CompletionResult]::new('--slot', '--slot', [CompletionResultType]::ParameterName, 'Take the token in this slot')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'Take the token with this label, or of this pkcs11: URI')
            [CompletionResult]::new('--serial', '--serial', [CompletionResultType]::ParameterName, 'Take the token with this serial number')
            [CompletionResult]::new('--reader', '--reader', [CompletionResultType]::ParameterName, 'Take the token in this reader (its name, or a part that no other has)')
            [CompletionResult]::new('--pin', '--pin', [CompletionResultType]::ParameterName, 'Take the PIN from: prompt, env:NAME, file:PATH, fd:N, stdin, pinpad')
            [CompletionResult]::new('--card', '--card', [CompletionResultType]::ParameterName, 'Use this software card and no other reader (repeat for more; - is an empty reader)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file and no other')
            [CompletionResult]::new('--final-try', '--final-try', [CompletionResultType]::ParameterName, 'Let a wrong PIN lock the card: use the last try without asking')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document; an error is one line of JSON on standard error')
            [CompletionResult]::new('--stats', '--stats', [CompletionResultType]::ParameterName, 'Print what the command cost: APDUs, bytes, time spent on cards')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'p11ctl;pin' {
            [CompletionResult]::new('--card', '--card', [CompletionResultType]::ParameterName, 'Use this software card and no other reader (repeat for more; - is an empty reader)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file and no other')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document; an error is one line of JSON on standard error')
            [CompletionResult]::new('--stats', '--stats', [CompletionResultType]::ParameterName, 'Print what the command cost: APDUs, bytes, time spent on cards')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show the tries left of each PIN, spending none')
            break
        }
        'p11ctl;pin;status' {
            [CompletionResult]::new('--slot', '--slot', [CompletionResultType]::ParameterName, 'Take the token in this slot')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'Take the token with this label, or of this pkcs11: URI')
            [CompletionResult]::new('--serial', '--serial', [CompletionResultType]::ParameterName, 'Take the token with this serial number')
            [CompletionResult]::new('--reader', '--reader', [CompletionResultType]::ParameterName, 'Take the token in this reader (its name, or a part that no other has)')
            [CompletionResult]::new('--card', '--card', [CompletionResultType]::ParameterName, 'Use this software card and no other reader (repeat for more; - is an empty reader)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file and no other')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document; an error is one line of JSON on standard error')
            [CompletionResult]::new('--stats', '--stats', [CompletionResultType]::ParameterName, 'Print what the command cost: APDUs, bytes, time spent on cards')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'p11ctl;find' {
            [CompletionResult]::new('--class', '--class', [CompletionResultType]::ParameterName, 'Objects of this class')
            [CompletionResult]::new('--label', '--label', [CompletionResultType]::ParameterName, 'Objects with this label')
            [CompletionResult]::new('--id', '--id', [CompletionResultType]::ParameterName, 'Objects with this id, in hexadecimal')
            [CompletionResult]::new('--slot', '--slot', [CompletionResultType]::ParameterName, 'Take the token in this slot')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'Take the token with this label, or of this pkcs11: URI')
            [CompletionResult]::new('--serial', '--serial', [CompletionResultType]::ParameterName, 'Take the token with this serial number')
            [CompletionResult]::new('--reader', '--reader', [CompletionResultType]::ParameterName, 'Take the token in this reader (its name, or a part that no other has)')
            [CompletionResult]::new('--pin', '--pin', [CompletionResultType]::ParameterName, 'Take the PIN from: prompt, env:NAME, file:PATH, fd:N, stdin, pinpad')
            [CompletionResult]::new('--card', '--card', [CompletionResultType]::ParameterName, 'Use this software card and no other reader (repeat for more; - is an empty reader)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file and no other')
            [CompletionResult]::new('--login', '--login', [CompletionResultType]::ParameterName, 'Log in first, to find private objects as well')
            [CompletionResult]::new('--final-try', '--final-try', [CompletionResultType]::ParameterName, 'Let a wrong PIN lock the card: use the last try without asking')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document; an error is one line of JSON on standard error')
            [CompletionResult]::new('--stats', '--stats', [CompletionResultType]::ParameterName, 'Print what the command cost: APDUs, bytes, time spent on cards')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'p11ctl;objects' {
            [CompletionResult]::new('--class', '--class', [CompletionResultType]::ParameterName, 'Objects of this class')
            [CompletionResult]::new('--label', '--label', [CompletionResultType]::ParameterName, 'Objects with this label')
            [CompletionResult]::new('--id', '--id', [CompletionResultType]::ParameterName, 'Objects with this id, in hexadecimal')
            [CompletionResult]::new('--slot', '--slot', [CompletionResultType]::ParameterName, 'Take the token in this slot')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'Take the token with this label, or of this pkcs11: URI')
            [CompletionResult]::new('--serial', '--serial', [CompletionResultType]::ParameterName, 'Take the token with this serial number')
            [CompletionResult]::new('--reader', '--reader', [CompletionResultType]::ParameterName, 'Take the token in this reader (its name, or a part that no other has)')
            [CompletionResult]::new('--pin', '--pin', [CompletionResultType]::ParameterName, 'Take the PIN from: prompt, env:NAME, file:PATH, fd:N, stdin, pinpad')
            [CompletionResult]::new('--card', '--card', [CompletionResultType]::ParameterName, 'Use this software card and no other reader (repeat for more; - is an empty reader)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file and no other')
            [CompletionResult]::new('--login', '--login', [CompletionResultType]::ParameterName, 'Log in first, to find private objects as well')
            [CompletionResult]::new('--final-try', '--final-try', [CompletionResultType]::ParameterName, 'Let a wrong PIN lock the card: use the last try without asking')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document; an error is one line of JSON on standard error')
            [CompletionResult]::new('--stats', '--stats', [CompletionResultType]::ParameterName, 'Print what the command cost: APDUs, bytes, time spent on cards')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'p11ctl;object' {
            [CompletionResult]::new('--card', '--card', [CompletionResultType]::ParameterName, 'Use this software card and no other reader (repeat for more; - is an empty reader)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file and no other')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document; an error is one line of JSON on standard error')
            [CompletionResult]::new('--stats', '--stats', [CompletionResultType]::ParameterName, 'Print what the command cost: APDUs, bytes, time spent on cards')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show every attribute of one object')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Export a certificate, public key or data object')
            break
        }
        'p11ctl;object;show' {
            [CompletionResult]::new('--class', '--class', [CompletionResultType]::ParameterName, 'Objects of this class')
            [CompletionResult]::new('--label', '--label', [CompletionResultType]::ParameterName, 'Objects with this label')
            [CompletionResult]::new('--id', '--id', [CompletionResultType]::ParameterName, 'Objects with this id, in hexadecimal')
            [CompletionResult]::new('--slot', '--slot', [CompletionResultType]::ParameterName, 'Take the token in this slot')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'Take the token with this label, or of this pkcs11: URI')
            [CompletionResult]::new('--serial', '--serial', [CompletionResultType]::ParameterName, 'Take the token with this serial number')
            [CompletionResult]::new('--reader', '--reader', [CompletionResultType]::ParameterName, 'Take the token in this reader (its name, or a part that no other has)')
            [CompletionResult]::new('--pin', '--pin', [CompletionResultType]::ParameterName, 'Take the PIN from: prompt, env:NAME, file:PATH, fd:N, stdin, pinpad')
            [CompletionResult]::new('--card', '--card', [CompletionResultType]::ParameterName, 'Use this software card and no other reader (repeat for more; - is an empty reader)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file and no other')
            [CompletionResult]::new('--login', '--login', [CompletionResultType]::ParameterName, 'Log in first, to see private objects as well')
            [CompletionResult]::new('--final-try', '--final-try', [CompletionResultType]::ParameterName, 'Let a wrong PIN lock the card: use the last try without asking')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document; an error is one line of JSON on standard error')
            [CompletionResult]::new('--stats', '--stats', [CompletionResultType]::ParameterName, 'Print what the command cost: APDUs, bytes, time spent on cards')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'p11ctl;object;export' {
            [CompletionResult]::new('--class', '--class', [CompletionResultType]::ParameterName, 'Objects of this class')
            [CompletionResult]::new('--label', '--label', [CompletionResultType]::ParameterName, 'Objects with this label')
            [CompletionResult]::new('--id', '--id', [CompletionResultType]::ParameterName, 'Objects with this id, in hexadecimal')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Form of the output; der is the plain value')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write to this file (- is standard output, the default)')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write to this file (- is standard output, the default)')
            [CompletionResult]::new('--slot', '--slot', [CompletionResultType]::ParameterName, 'Take the token in this slot')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'Take the token with this label, or of this pkcs11: URI')
            [CompletionResult]::new('--serial', '--serial', [CompletionResultType]::ParameterName, 'Take the token with this serial number')
            [CompletionResult]::new('--reader', '--reader', [CompletionResultType]::ParameterName, 'Take the token in this reader (its name, or a part that no other has)')
            [CompletionResult]::new('--pin', '--pin', [CompletionResultType]::ParameterName, 'Take the PIN from: prompt, env:NAME, file:PATH, fd:N, stdin, pinpad')
            [CompletionResult]::new('--card', '--card', [CompletionResultType]::ParameterName, 'Use this software card and no other reader (repeat for more; - is an empty reader)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file and no other')
            [CompletionResult]::new('--login', '--login', [CompletionResultType]::ParameterName, 'Log in first, to reach private objects as well')
            [CompletionResult]::new('--final-try', '--final-try', [CompletionResultType]::ParameterName, 'Let a wrong PIN lock the card: use the last try without asking')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document; an error is one line of JSON on standard error')
            [CompletionResult]::new('--stats', '--stats', [CompletionResultType]::ParameterName, 'Print what the command cost: APDUs, bytes, time spent on cards')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'p11ctl;sign' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write the one signature to this file (- is standard output)')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write the one signature to this file (- is standard output)')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Form of the signature; der is for ECDSA, hex and base64 are text')
            [CompletionResult]::new('--hash', '--hash', [CompletionResultType]::ParameterName, 'Digest of the data: sha1, sha224, sha256, sha384, sha512')
            [CompletionResult]::new('--mechanism', '--mechanism', [CompletionResultType]::ParameterName, 'Mechanism, such as SHA512-RSA-PKCS; RSA-PKCS and ECDSA take the file as the digest (info) itself')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Use the key with this label, or of this pkcs11: URI')
            [CompletionResult]::new('--label', '--label', [CompletionResultType]::ParameterName, 'Use the key with this label, or of this pkcs11: URI')
            [CompletionResult]::new('--id', '--id', [CompletionResultType]::ParameterName, 'Use the key with this id, in hexadecimal')
            [CompletionResult]::new('--slot', '--slot', [CompletionResultType]::ParameterName, 'Take the token in this slot')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'Take the token with this label, or of this pkcs11: URI')
            [CompletionResult]::new('--serial', '--serial', [CompletionResultType]::ParameterName, 'Take the token with this serial number')
            [CompletionResult]::new('--reader', '--reader', [CompletionResultType]::ParameterName, 'Take the token in this reader (its name, or a part that no other has)')
            [CompletionResult]::new('--pin', '--pin', [CompletionResultType]::ParameterName, 'Take the PIN from: prompt, env:NAME, file:PATH, fd:N, stdin, pinpad')
            [CompletionResult]::new('--card', '--card', [CompletionResultType]::ParameterName, 'Use this software card and no other reader (repeat for more; - is an empty reader)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file and no other')
            [CompletionResult]::new('--final-try', '--final-try', [CompletionResultType]::ParameterName, 'Let a wrong PIN lock the card: use the last try without asking')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document; an error is one line of JSON on standard error')
            [CompletionResult]::new('--stats', '--stats', [CompletionResultType]::ParameterName, 'Print what the command cost: APDUs, bytes, time spent on cards')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'p11ctl;verify' {
            [CompletionResult]::new('--signature', '--signature', [CompletionResultType]::ParameterName, 'The signature')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Form of the signature; without it raw and der are recognised')
            [CompletionResult]::new('--hash', '--hash', [CompletionResultType]::ParameterName, 'Digest of the data: sha1, sha224, sha256, sha384, sha512')
            [CompletionResult]::new('--certificate-file', '--certificate-file', [CompletionResultType]::ParameterName, 'Verify with this certificate (PEM or DER) instead of a token')
            [CompletionResult]::new('--public-key-file', '--public-key-file', [CompletionResultType]::ParameterName, 'Verify with this public key (PEM or DER) instead of a token')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Use the key with this label, or of this pkcs11: URI')
            [CompletionResult]::new('--label', '--label', [CompletionResultType]::ParameterName, 'Use the key with this label, or of this pkcs11: URI')
            [CompletionResult]::new('--id', '--id', [CompletionResultType]::ParameterName, 'Use the key with this id, in hexadecimal')
            [CompletionResult]::new('--slot', '--slot', [CompletionResultType]::ParameterName, 'Take the token in this slot')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'Take the token with this label, or of this pkcs11: URI')
            [CompletionResult]::new('--serial', '--serial', [CompletionResultType]::ParameterName, 'Take the token with this serial number')
            [CompletionResult]::new('--reader', '--reader', [CompletionResultType]::ParameterName, 'Take the token in this reader (its name, or a part that no other has)')
            [CompletionResult]::new('--card', '--card', [CompletionResultType]::ParameterName, 'Use this software card and no other reader (repeat for more; - is an empty reader)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file and no other')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document; an error is one line of JSON on standard error')
            [CompletionResult]::new('--stats', '--stats', [CompletionResultType]::ParameterName, 'Print what the command cost: APDUs, bytes, time spent on cards')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'p11ctl;decrypt' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write to this file (- is standard output, the default)')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write to this file (- is standard output, the default)')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Use the key with this label, or of this pkcs11: URI')
            [CompletionResult]::new('--label', '--label', [CompletionResultType]::ParameterName, 'Use the key with this label, or of this pkcs11: URI')
            [CompletionResult]::new('--id', '--id', [CompletionResultType]::ParameterName, 'Use the key with this id, in hexadecimal')
            [CompletionResult]::new('--slot', '--slot', [CompletionResultType]::ParameterName, 'Take the token in this slot')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'Take the token with this label, or of this pkcs11: URI')
            [CompletionResult]::new('--serial', '--serial', [CompletionResultType]::ParameterName, 'Take the token with this serial number')
            [CompletionResult]::new('--reader', '--reader', [CompletionResultType]::ParameterName, 'Take the token in this reader (its name, or a part that no other has)')
            [CompletionResult]::new('--pin', '--pin', [CompletionResultType]::ParameterName, 'Take the PIN from: prompt, env:NAME, file:PATH, fd:N, stdin, pinpad')
            [CompletionResult]::new('--card', '--card', [CompletionResultType]::ParameterName, 'Use this software card and no other reader (repeat for more; - is an empty reader)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file and no other')
            [CompletionResult]::new('--final-try', '--final-try', [CompletionResultType]::ParameterName, 'Let a wrong PIN lock the card: use the last try without asking')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document; an error is one line of JSON on standard error')
            [CompletionResult]::new('--stats', '--stats', [CompletionResultType]::ParameterName, 'Print what the command cost: APDUs, bytes, time spent on cards')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'p11ctl;card' {
            [CompletionResult]::new('--card', '--card', [CompletionResultType]::ParameterName, 'Use this software card and no other reader (repeat for more; - is an empty reader)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file and no other')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document; an error is one line of JSON on standard error')
            [CompletionResult]::new('--stats', '--stats', [CompletionResultType]::ParameterName, 'Print what the command cost: APDUs, bytes, time spent on cards')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('new', 'new', [CompletionResultType]::ParameterValue, 'Make a software card: a file that is used like a card')
            [CompletionResult]::new('serve', 'serve', [CompletionResultType]::ParameterValue, 'Attach a software card to the PC/SC service, until interrupted')
            [CompletionResult]::new('apdu', 'apdu', [CompletionResultType]::ParameterValue, 'Send raw APDUs to a card and print its responses')
            break
        }
        'p11ctl;card;new' {
            [CompletionResult]::new('--example', '--example', [CompletionResultType]::ParameterName, 'Put the example on it: two PINs, each with a key and its certificate chain, and three other roots; shared: one issuing CA and root in both chains')
            [CompletionResult]::new('--card', '--card', [CompletionResultType]::ParameterName, 'Use this software card and no other reader (repeat for more; - is an empty reader)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file and no other')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document; an error is one line of JSON on standard error')
            [CompletionResult]::new('--stats', '--stats', [CompletionResultType]::ParameterName, 'Print what the command cost: APDUs, bytes, time spent on cards')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'p11ctl;card;serve' {
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'TCP port of the virtual reader on this machine')
            [CompletionResult]::new('--card', '--card', [CompletionResultType]::ParameterName, 'Use this software card and no other reader (repeat for more; - is an empty reader)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file and no other')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document; an error is one line of JSON on standard error')
            [CompletionResult]::new('--stats', '--stats', [CompletionResultType]::ParameterName, 'Print what the command cost: APDUs, bytes, time spent on cards')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'p11ctl;card;apdu' {
            [CompletionResult]::new('--reader', '--reader', [CompletionResultType]::ParameterName, 'Talk to the card in this reader (its name, or a part that no other has)')
            [CompletionResult]::new('--card', '--card', [CompletionResultType]::ParameterName, 'Use this software card and no other reader (repeat for more; - is an empty reader)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file and no other')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document; an error is one line of JSON on standard error')
            [CompletionResult]::new('--stats', '--stats', [CompletionResultType]::ParameterName, 'Print what the command cost: APDUs, bytes, time spent on cards')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'p11ctl;config' {
            [CompletionResult]::new('--card', '--card', [CompletionResultType]::ParameterName, 'Use this software card and no other reader (repeat for more; - is an empty reader)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file and no other')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document; an error is one line of JSON on standard error')
            [CompletionResult]::new('--stats', '--stats', [CompletionResultType]::ParameterName, 'Print what the command cost: APDUs, bytes, time spent on cards')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show every setting in force, as TOML, and the file it came from')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check a configuration file and say what has no effect')
            break
        }
        'p11ctl;config;show' {
            [CompletionResult]::new('--card', '--card', [CompletionResultType]::ParameterName, 'Use this software card and no other reader (repeat for more; - is an empty reader)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file and no other')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document; an error is one line of JSON on standard error')
            [CompletionResult]::new('--stats', '--stats', [CompletionResultType]::ParameterName, 'Print what the command cost: APDUs, bytes, time spent on cards')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'p11ctl;config;check' {
            [CompletionResult]::new('--card', '--card', [CompletionResultType]::ParameterName, 'Use this software card and no other reader (repeat for more; - is an empty reader)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file and no other')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document; an error is one line of JSON on standard error')
            [CompletionResult]::new('--stats', '--stats', [CompletionResultType]::ParameterName, 'Print what the command cost: APDUs, bytes, time spent on cards')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'p11ctl;generate' {
            [CompletionResult]::new('--card', '--card', [CompletionResultType]::ParameterName, 'Use this software card and no other reader (repeat for more; - is an empty reader)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file and no other')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document; an error is one line of JSON on standard error')
            [CompletionResult]::new('--stats', '--stats', [CompletionResultType]::ParameterName, 'Print what the command cost: APDUs, bytes, time spent on cards')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Write completion scripts for bash, zsh, fish, elvish and PowerShell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Write the manual pages, one for each command')
            break
        }
        'p11ctl;generate;completions' {
            [CompletionResult]::new('--card', '--card', [CompletionResultType]::ParameterName, 'Use this software card and no other reader (repeat for more; - is an empty reader)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file and no other')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document; an error is one line of JSON on standard error')
            [CompletionResult]::new('--stats', '--stats', [CompletionResultType]::ParameterName, 'Print what the command cost: APDUs, bytes, time spent on cards')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'p11ctl;generate;man' {
            [CompletionResult]::new('--card', '--card', [CompletionResultType]::ParameterName, 'Use this software card and no other reader (repeat for more; - is an empty reader)')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file and no other')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document; an error is one line of JSON on standard error')
            [CompletionResult]::new('--stats', '--stats', [CompletionResultType]::ParameterName, 'Print what the command cost: APDUs, bytes, time spent on cards')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
